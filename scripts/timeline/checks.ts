/** Checks of timelines in a browser: the test runs them on few pages, the script on more. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { get } from "node:http"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Run } from "../../packages/telemetry/src/Run.ts"
import * as Timeline from "../../packages/telemetry/src/Timeline.ts"
import { started, unpacked } from "../runtimes/chromium.ts"
import type { Look, Tab } from "./tab.ts"

const root = dirname(dirname(import.meta.dirname))

/** Holds what was found against what was wanted, `true` where nothing is said. */
export type Check = (what: string, found: unknown, wanted?: unknown) => void

/** Starts the browser that npm brings, or one's own; `home` is a folder for what it writes, `webGl` as in `started`. */
export const browser = (home: string, own?: string, webGl = false): ChildProcess => {
  const packed = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "../bin")
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  // Unpacking it takes seconds, and is done once for each version.
  const folder = join(root, "node_modules/.cache", `chromium-${devDependencies["@sparticuz/chromium"]}`)
  const place = own === undefined ? unpacked(packed, folder) : home
  return started({ browser: place, home, own, webGl }, "localhost")
}

export const looks = {
  wideLight: { width: 1280, height: 900, scheme: "light" },
  wideDark: { width: 1280, height: 900, scheme: "dark" },
  narrowLight: { width: 390, height: 844, scheme: "light" },
  narrowDark: { width: 390, height: 844, scheme: "dark" }
} as const satisfies Record<string, Look>

/** Texts that stand out of their boxes, or of the page; of the rows only the first, as the others are not laid out. */
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

const drawn = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"

/** Opens the page of a run, and gives how many milliseconds it took until it was drawn. */
export const opened = async (tab: Tab, url: string, look: Look): Promise<number> => {
  await tab.look(look)
  const before = performance.now()
  await tab.open(url)
  await tab.read(drawn)
  return performance.now() - before
}

/** All rows are there, no text is cut, and axe finds nothing. */
export const seen = async (tab: Tab, what: string, run: Run, check: Check): Promise<void> => {
  const calls = Timeline.make(run).rows.filter(({ kind }) => kind === "call").length
  check(`${what}: rows of calls`, await tab.read(`document.querySelectorAll(".row.call").length`), calls)
  check(
    `${what}: the page is as wide as the window`,
    await tab.read("document.documentElement.scrollWidth <= innerWidth")
  )
  check(`${what}: texts that are cut`, await tab.read(cut), [])
  if (calls > 100) return
  await tab.read(`${readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8")}; 1`)
  check(`${what}: what axe finds`, await tab.read(axe), [])
}

/** Rows that the browser has laid out and drawn, rather than kept room for. */
const laidOut = `Array.from(document.querySelectorAll(".row > summary > .name"))
  .filter((it) => it.checkVisibility({ contentVisibilityAuto: true })).length`

/** Only rows near those in sight are laid out: at the top, in the middle and at the end. */
export const fewAreLaidOut = async (tab: Tab, what: string, check: Check): Promise<void> => {
  for (const part of [0, 0.5, 1]) {
    await tab.read(`{ const chart = document.querySelector(".chart"); chart.scrollTop = chart.scrollHeight * ${part} }`)
    await tab.read(drawn)
    const rows = Number(await tab.read(laidOut))
    check(`${what}: some rows are laid out at ${part}, and few: ${rows}`, 10 <= rows && rows <= 200)
  }
}

/** Scrolls from the top to the end, and gives how many milliseconds each frame took. */
export const scrolled = async (tab: Tab): Promise<ReadonlyArray<number>> => {
  const frames = await tab.read(`new Promise((done) => {
    const chart = document.querySelector(".chart")
    const times = []
    const step = (time) => {
      times.push(time)
      const before = chart.scrollTop
      chart.scrollTop += 400
      if (chart.scrollTop > before) requestAnimationFrame(step)
      else done(times.slice(1).map((time, n) => time - times[n]))
    }
    chart.scrollTop = 0
    requestAnimationFrame(step)
  })`)
  return Array.isArray(frames) ? frames.map(Number) : []
}

const focused = `document.activeElement?.closest("[data-key]")?.dataset.key`

/** Keys move, open and zoom; `picture` is called when the page is zoomed. */
export const keys = async (tab: Tab, check: Check, picture = () => Promise.resolve()): Promise<void> => {
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
  await picture()
  await tab.press("-", "-")
  await tab.read(`document.querySelector("#only-path").click()`)
  check(
    "the critical path alone",
    await tab.read(
      `Array.from(document.querySelectorAll(".row")).filter((it) => it.checkVisibility()).every((it) => it.matches(".on"))`
    )
  )
}

/** What a server answers that is asked for another host. */
const statusOf = (url: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => resolve(response.resume().statusCode)).on("error", reject)
  })

/** A page follows a file to which lines are added. */
export const follows = async (tab: Tab, file: string, run: Run, check: Check): Promise<void> => {
  const lines = [run.head, ...run.events].map((it) => `${JSON.stringify(it)}\n`)
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
    await tab.until(`document.querySelectorAll(".row").length === ${Timeline.make(run).rows.length}`)
    check(
      "another script is forbidden",
      await tab.read(`new Promise((done) => {
      document.addEventListener("securitypolicyviolation", () => done(true))
      const script = document.createElement("script")
      script.textContent = "1"
      document.body.append(script)
    })`)
    )
    check("a page elsewhere gets nothing", await statusOf(url, "evil.example"), 403)
  } finally {
    child.kill()
    await once(child, "exit")
  }
}
