import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join } from "node:path"
import type { Run } from "../../packages/telemetry/src/Run.ts"
import * as Timeline from "../../packages/telemetry/src/Timeline.ts"
import type { Check } from "./checks.ts"
import type { Tab } from "./tab.ts"

const version = "1.25.0"

const types: Readonly<Record<string, string>> = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript" }

/** Opens the trace of a run in a viewer that others wrote; it has to list every row. */
export const speedscope = async (tab: Tab, folder: string, run: Run, check: Check): Promise<void> => {
  writeFileSync(join(folder, "package.json"), `{ "private": true }\n`)
  const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", `speedscope@${version}`]
  const { status } = spawnSync("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] })
  if (status !== 0) throw new Error(`npm ${args.join(" ")} ended with ${status}`)
  const pages = join(folder, "node_modules/speedscope/dist/release")
  const trace = JSON.stringify(Timeline.chromeTrace(run))
  const server = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost")
    response.setHeader("content-type", types[extname(pathname)] ?? "application/octet-stream")
    response.end(pathname === "/run.json" ? trace : readFileSync(join(pages, pathname)))
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  try {
    const { port } = server.address() as AddressInfo
    await tab.open(`http://localhost:${port}/index.html#profileURL=/run.json`)
    const { name, rows } = Timeline.make(run)
    // It shows nothing of calls that never started, which are points in time.
    const drawn = rows.filter(({ spans }) => spans.length > 0)
    await tab.until(`document.body.innerText.includes("(1/${drawn.length + 1})")`)
    check(
      `speedscope ${version} shows the run`,
      await tab.read(`document.body.innerText.includes(${JSON.stringify(name)})`)
    )
    check(`speedscope ${version} draws`, await tab.read(`!document.body.innerText.includes("Something went wrong")`))
    const missing: Array<unknown> = []
    for (const [nth, row] of drawn.entries()) {
      await tab.press("n")
      await tab.until(`document.body.innerText.includes("(${nth + 2}/")`)
      const title = String(await tab.read("document.body.innerText")).split("\n").find((line) =>
        line.includes(`(${nth + 2}/`)
      )
      if (title?.includes(`${row.name} ${row.id}`) !== true) missing.push([row.id, title])
    }
    check(`rows that speedscope ${version} does not name`, missing, [])
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
