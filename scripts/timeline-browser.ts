/**
 * Looks at timelines in a real browser:
 *
 *     npm run timeline:browser -- [--output FOLDER] [--chromium FILE]
 *
 * Opens the pages of runs of 3, 30 and 3,000 calls and of one with long names, light and dark, wide and narrow, and a page that
 * follows a run. Holds what is visible, what keys do and what axe finds against what it should be, and fails where it differs.
 *
 * - `--output`: where the screenshots go, to be looked at; `.release/timeline`
 * - `--chromium`: a browser that is there, in place of the one that npm brings
 */
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { get } from "node:http"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import type { Run } from "../packages/telemetry/src/Run.ts"
import * as Timeline from "../packages/telemetry/src/Timeline.ts"
import { large, long, small, trip } from "../packages/telemetry/test/example.ts"
import { askOf, started } from "./runtimes/chromium.ts"
import { type Look, type Tab, tabOf } from "./timeline/tab.ts"

const root = dirname(import.meta.dirname)
const { values: { chromium, output = join(root, ".release/timeline") } } = parseArgs({
  options: { output: { type: "string" }, chromium: { type: "string" } }
})

let failures = 0
const check = (what: string, found: unknown, wanted: unknown = true): void => {
  const isSame = JSON.stringify(found) === JSON.stringify(wanted)
  if (!isSame) failures += 1
  if (!isSame) console.log(`FAILED: ${what}: ${JSON.stringify(found)?.slice(0, 1500)}`)
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-timeline-")))

const install = (): void => {
  writeFileSync(join(folder, "package.json"), `{ "private": true }\n`)
  const packages = ["axe-core@4.14.1", ...(chromium === undefined ? ["@sparticuz/chromium@153.0.0"] : [])]
  const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", ...packages]
  const { status } = spawnSync("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] })
  if (status !== 0) throw new Error(`npm ${args.join(" ")} ended with ${status}`)
}

const linesOf = ({ events, head }: Run): ReadonlyArray<string> =>
  [head, ...events].map((it) => `${JSON.stringify(it)}\n`)

const looks: ReadonlyArray<Look> = [
  { width: 1280, height: 900, scheme: "light" },
  { width: 1280, height: 900, scheme: "dark" },
  { width: 390, height: 844, scheme: "light" },
  { width: 390, height: 844, scheme: "dark" }
]

/** Texts that stand out of their boxes, or of the page; of the rows only those in sight, as the others are not laid out. */
const cut = `[document.querySelector(".about"), ...Array.from(document.querySelectorAll(".row")).slice(0, 40)]
  .flatMap((part) => Array.from(part.querySelectorAll(".label, .time, li, dd, h1, .headline")))
  .filter((it) => it.checkVisibility())
  .filter((it) => it.scrollWidth > it.clientWidth + 1 && getComputedStyle(it).display !== "inline"
    || it.getBoundingClientRect().right > innerWidth + 1 || it.getBoundingClientRect().left < -1
    || it.closest(".chart") && it.getBoundingClientRect().right > it.closest(".chart").getBoundingClientRect().left
      + it.closest(".chart").clientLeft + it.closest(".chart").clientWidth + 1)
  .map((it) => it.textContent)`

const axe = `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
  violations.map(({ id, nodes }) => [id, nodes.slice(0, 2).map(({ html, any }) => [html.slice(0, 160), any[0]?.message])]))`

const lookAt = async (tab: Tab, name: string, calls: number): Promise<void> => {
  for (const look of looks) {
    const what = `${name}-${look.width}-${look.scheme}`
    await tab.look(look)
    const before = performance.now()
    await tab.open(pathToFileURL(join(folder, `${name}.html`)).href)
    await tab.read("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
    console.log(`${what}: opened in ${Math.round(performance.now() - before)} ms`)
    writeFileSync(join(output, `${what}.png`), await tab.screenshot())
    check(`${what}: rows of calls`, await tab.read(`document.querySelectorAll(".row.call").length`), calls)
    check(
      `${what}: the page is as wide as the window`,
      await tab.read("document.documentElement.scrollWidth <= innerWidth")
    )
    check(`${what}: texts that are cut`, await tab.read(cut), [])
    if (calls > 100) continue
    await tab.read(`${readFileSync(join(folder, "node_modules/axe-core/axe.min.js"), "utf8")}; 1`)
    check(`${what}: what axe finds`, await tab.read(axe), [])
  }
}

const focused = `document.activeElement?.closest("[data-key]")?.dataset.key`

const keys = async (tab: Tab): Promise<void> => {
  await tab.look(looks[0]!)
  await tab.open(pathToFileURL(join(folder, "trip.html")).href)
  await tab.read(`document.querySelector(".chart").focus()`)
  await tab.press("ArrowDown", "ArrowDown")
  check("arrows move", await tab.read(focused), await tab.read(`document.querySelectorAll(".row")[1].dataset.key`))
  await tab.press("Enter")
  check("Enter opens", await tab.read(`document.querySelectorAll(".row")[1].open`))
  await tab.press("End")
  check(
    "End goes to the last row",
    await tab.read(`document.activeElement.closest(".row") === Array.from(document.querySelectorAll(".row")).at(-1)`)
  )
  check(
    "the row in focus is seen",
    await tab.read(`(() => {
    const [row, chart] = [document.activeElement.getBoundingClientRect(), document.querySelector(".chart").getBoundingClientRect()]
    return row.bottom <= chart.bottom + 1 && row.top >= chart.top
  })()`)
  )
  await tab.press("+", "+")
  check("+ zooms", await tab.read(`document.querySelector("input[name=zoom]:checked").id`), "z16")
  check(
    "zoom widens",
    await tab.read(`(() => {
    const chart = document.querySelector(".chart")
    return chart.scrollWidth > chart.clientWidth * 8
  })()`)
  )
  await tab.press("Home")
  await tab.press("ArrowDown")
  check(
    "the bar of the row in focus is seen",
    await tab.read(`(() => {
    const bar = document.activeElement.querySelector("rect").getBoundingClientRect()
    return bar.left > 0 && bar.left < innerWidth
  })()`)
  )
  writeFileSync(join(output, "trip-zoomed.png"), await tab.screenshot())
  await tab.press("-", "-")
  await tab.read(`document.querySelector("#only-path").click()`)
  check(
    "the critical path alone",
    await tab.read(
      `Array.from(document.querySelectorAll(".row")).filter((it) => it.checkVisibility()).every((it) => it.matches(".on"))`
    )
  )
  check("nothing was forbidden", await tab.read("globalThis.forbidden ?? []"), [])
}

/** What a server answers that is asked for another host. */
const statusOf = (url: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => resolve(response.resume().statusCode)).on("error", reject)
  })

/** A page follows a file to which lines are added. */
const live = async (tab: Tab): Promise<void> => {
  const file = join(folder, "live.jsonl")
  const lines = linesOf(await Effect.runPromise(trip))
  writeFileSync(file, lines.slice(0, 20).join(""))
  const child = spawn(process.execPath, [join(root, "packages/cli/src/main.ts"), "timeline", file, "--live"], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  try {
    const [first] = await once(child.stdout, "data")
    const { url } = JSON.parse(String(first))
    await tab.open(url)
    await tab.until(`document.querySelectorAll(".row").length > 5`)
    await tab.read(`document.querySelectorAll(".row")[2].open = true`)
    appendFileSync(file, lines.slice(20, 60).join(""))
    await tab.until(`document.querySelectorAll(".row").length > 12`)
    check("what is open stays open", await tab.read(`document.querySelectorAll(".row")[2].open`))
    appendFileSync(file, lines.slice(60).join(""))
    await tab.until(
      `document.querySelectorAll(".row").length === ${Timeline.make(await Effect.runPromise(trip)).rows.length}`
    )
    check(
      "another script is forbidden",
      await tab.read(`new Promise((done) => {
      document.addEventListener("securitypolicyviolation", () => done(true))
      const script = document.createElement("script")
      script.textContent = "1"
      document.body.append(script)
    })`)
    )
    writeFileSync(join(output, "live.png"), await tab.screenshot())
    check("a page elsewhere gets nothing", await statusOf(url, "evil.example"), 403)
  } finally {
    child.kill()
    await once(child, "exit")
  }
}

mkdirSync(output, { recursive: true })
install()
const runs = { small, trip, long, large: large(3000) }
for (const [name, run] of Object.entries(runs)) {
  const played = await Effect.runPromise(run)
  writeFileSync(join(folder, `${name}.html`), Timeline.html(played))
}
const child = chromium === undefined ? started(folder, "localhost") : started(folder, "localhost", chromium)
try {
  const tab = await tabOf(askOf(child))
  for (const [name, run] of Object.entries(runs)) {
    const { rows } = Timeline.make(await Effect.runPromise(run))
    await lookAt(tab, name, rows.filter(({ kind }) => kind === "call").length)
  }
  await keys(tab)
  await live(tab)
} finally {
  child.kill("SIGKILL")
  await once(child, "exit")
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
console.log(failures === 0 ? `All as it should be; the screenshots are in ${output}` : `${failures} checks failed`)
process.exitCode = failures === 0 ? 0 : 1
