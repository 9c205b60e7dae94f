/**
 * Timelines in a real browser, which comes with the dev dependencies; `npm run timeline:browser` looks at more of them, and
 * leaves pictures.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Run } from "../packages/telemetry/src/Run.ts"
import * as Timeline from "../packages/telemetry/src/Timeline.ts"
import { large, long, trip } from "../packages/telemetry/test/example.ts"
import { askOf } from "../scripts/runtimes/chromium.ts"
import { browser, type Check, fewAreLaidOut, follows, keys, looks, opened, seen } from "../scripts/timeline/checks.ts"
import { type Tab, tabOf } from "../scripts/timeline/tab.ts"

const check: Check = (what, found, wanted = true) => assert.deepStrictEqual(found, wanted, what)

// The package has a browser for this system alone.
describe.runIf(process.platform === "linux" && process.arch === "x64")("a timeline in a browser", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-timeline-")))
  let child: ChildProcess
  let tab: Tab

  beforeAll(async () => {
    child = browser(folder)
    tab = await tabOf(askOf(child))
  })

  afterAll(async () => {
    child.kill("SIGKILL")
    await once(child, "exit")
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })

  const written = async (run: Effect.Effect<Run>): Promise<readonly [run: Run, url: string]> => {
    const played = await Effect.runPromise(run)
    const file = join(folder, "page.html")
    writeFileSync(file, Timeline.html(played))
    return [played, pathToFileURL(file).href]
  }

  it("shows all rows, cuts no text and has nothing that axe finds, light and dark, wide and narrow", async () => {
    const [run, url] = await written(trip)
    for (const [name, look] of Object.entries(looks)) {
      await opened(tab, url, look)
      await seen(tab, name, run, check)
    }
  })

  it("cuts no long name", async () => {
    const [run, url] = await written(long)
    for (const look of [looks.wideLight, looks.narrowLight]) {
      await opened(tab, url, look)
      await seen(tab, `long-${look.width}`, run, check)
    }
  })

  it("is moved in, opened and zoomed by keys", async () => {
    const [, url] = await written(trip)
    await opened(tab, url, looks.wideLight)
    await keys(tab, check)
  })

  it("lays out the rows of 1,200 calls that are near those in sight", async () => {
    const [run, url] = await written(large(1200))
    for (const look of [looks.wideLight, looks.narrowLight]) {
      await opened(tab, url, look)
      await seen(tab, `large-${look.width}`, run, check)
      await fewAreLaidOut(tab, `large-${look.width}`, check)
    }
  })

  it("follows a file to which lines are added", async () => {
    await follows(tab, join(folder, "live.jsonl"), await Effect.runPromise(trip), check)
  })
})
