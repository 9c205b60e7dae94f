/**
 * The page that the guide on streaming serves, in a real browser, which comes with the dev dependencies.
 */
import { assert, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { askOf } from "../scripts/runtimes/chromium.ts"
import { browser } from "../scripts/timeline/checks.ts"
import { tabOf } from "../scripts/timeline/tab.ts"

const root = dirname(import.meta.dirname)
const places = join(import.meta.dirname, ".tmp/streaming")

/** The server of the guide, kept; it says where it listens. */
const server = (): string => {
  const guide = readFileSync(join(root, "docs/streaming.md"), "utf8")
  const [program = "", rest] = (/```ts\n(.*?)```/s.exec(guide)?.[1] ?? "").split("// To keep the server,")
  assert.isDefined(rest)
  return `${program}\nserver.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())))\n`
}

const ended = async (child: ChildProcess): Promise<void> => {
  child.kill("SIGKILL")
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
}

// The package has a browser for this system alone.
describe.runIf(process.platform === "linux" && process.arch === "x64")("the page of the guide on streaming", () => {
  it("shows the events of an agent, and of the next one that is asked", async () => {
    const home = realpathSync(mkdtempSync(join(tmpdir(), "volley-streaming-")))
    mkdirSync(places, { recursive: true })
    writeFileSync(join(places, "server.ts"), server())
    const served = spawn(process.execPath, [join(places, "server.ts")], { stdio: ["ignore", "pipe", "inherit"] })
    const child = browser(home)
    try {
      const [line] = await once(createInterface({ input: served.stdout }), "line")
      const tab = await tabOf(askOf(child))
      await tab.open(`http://127.0.0.1:${JSON.parse(String(line)).port}/`)
      const shown = `document.querySelector("pre").textContent`
      const lines = "search runs\nsearch is done\nFound it.\n"
      for (const text of [lines, lines + lines]) {
        await tab.read(`document.querySelector("button").click()`)
        await tab.until(`${shown}.length >= ${text.length}`)
        assert.strictEqual(await tab.read(shown), text)
      }
    } finally {
      await Promise.all([ended(child), ended(served)])
      rmSync(home, { recursive: true, force: true, maxRetries: 3 })
      rmSync(places, { recursive: true })
    }
  })
})
