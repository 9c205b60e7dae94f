/**
 * Looks at timelines in a real browser, more closely than the tests do:
 *
 *     npm run timeline:browser -- [--output FOLDER] [--chromium FILE]
 *
 * Opens the pages of runs of 3, 30 and 3,000 calls and of one with long names, light and dark, wide and narrow, and a page that
 * follows a run. Holds what is visible, what keys do and what axe finds against what it should be, and fails where it differs.
 * Opens the Chrome trace of a run in speedscope, which others wrote, and which npm brings.
 * Says how long pages took to open, and what part of the frames of a scroll through 3,000 calls took more than 50 ms.
 *
 * - `--output`: where the screenshots go, to be looked at; `.release/timeline`
 * - `--chromium`: a browser that is there, in place of the one that npm brings
 */
import { Effect } from "effect"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import * as Timeline from "../packages/telemetry/src/Timeline.ts"
import { large, long, small, trip } from "../packages/telemetry/test/example.ts"
import { askOf } from "./runtimes/chromium.ts"
import { browser, type Check, fewAreLaidOut, follows, keys, looks, opened, scrolled, seen } from "./timeline/checks.ts"
import { speedscope } from "./timeline/speedscope.ts"
import { type Tab, tabOf } from "./timeline/tab.ts"

const root = dirname(import.meta.dirname)
const { values: { chromium, output = join(root, ".release/timeline") } } = parseArgs({
  options: { output: { type: "string" }, chromium: { type: "string" } }
})

let failures = 0
const check: Check = (what, found, wanted = true) => {
  const isSame = JSON.stringify(found) === JSON.stringify(wanted)
  if (!isSame) failures += 1
  if (!isSame) console.log(`FAILED: ${what}: ${JSON.stringify(found)?.slice(0, 1500)}`)
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-timeline-")))
mkdirSync(output, { recursive: true })
const runs = await Effect.runPromise(Effect.all({ small, trip, long, large: large(3000) }))
for (const [name, run] of Object.entries(runs)) writeFileSync(join(folder, `${name}.html`), Timeline.html(run))
const urlOf = (name: string) => pathToFileURL(join(folder, `${name}.html`)).href

/** Does something in a browser of its own. */
const inBrowser = async (webGl: boolean, use: (tab: Tab) => Promise<void>): Promise<void> => {
  const child = browser(folder, chromium, webGl)
  try {
    await use(await tabOf(askOf(child)))
  } finally {
    child.kill("SIGKILL")
    await once(child, "exit")
  }
}

const picture = async (tab: Tab, name: string): Promise<void> =>
  writeFileSync(join(output, `${name}.png`), await tab.screenshot())

const allPages = async (tab: Tab): Promise<void> => {
  for (const [name, run] of Object.entries(runs)) {
    for (const look of Object.values(looks)) {
      const what = `${name}-${look.width}-${look.scheme}`
      console.log(`${what}: opened in ${Math.round(await opened(tab, urlOf(name), look))} ms`)
      await picture(tab, what)
      await seen(tab, what, run, check)
    }
  }
}

const scrolling = async (tab: Tab): Promise<void> => {
  for (const look of [looks.wideLight, looks.narrowLight]) {
    await opened(tab, urlOf("large"), look)
    await fewAreLaidOut(tab, `large-${look.width}`, check)
    const frames = await scrolled(tab)
    const late = frames.filter((ms) => ms > 50)
    const worst = Math.round(Math.max(...frames))
    console.log(
      `large-${look.width}: ${late.length} of ${frames.length} frames took over 50 ms, the longest ${worst} ms`
    )
    await picture(tab, `large-${look.width}-end`)
  }
}

try {
  await inBrowser(false, async (tab) => {
    await allPages(tab)
    await scrolling(tab)
    await opened(tab, urlOf("trip"), looks.wideLight)
    await keys(tab, check, () => picture(tab, "trip-zoomed"))
    await follows(tab, join(folder, "live.jsonl"), runs.trip, check)
    await picture(tab, "live")
  })
  await inBrowser(true, async (tab) => {
    await tab.look(looks.wideLight)
    await speedscope(tab, folder, runs.trip, check)
    await picture(tab, "speedscope")
  })
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
console.log(failures === 0 ? `All as it should be; the screenshots are in ${output}` : `${failures} checks failed`)
process.exitCode = failures === 0 ? 0 : 1
