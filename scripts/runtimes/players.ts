import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Chromium from "./chromium.ts"
import type { Played } from "./played.ts"
import * as Workerd from "./workerd.ts"

/**
 * A runtime.
 *
 * - `needs`: the packages that bring it
 * - `play`: runs the program of a folder on it
 */
interface Player {
  readonly name: string
  readonly needs: ReadonlyArray<string>
  readonly play: (folder: string) => Promise<Played>
}

const system = `${process.platform}-${process.arch}`

/** Binaries as the packages of each system have them, whose own install scripts would look for them by other means. */
const node = (alias: string, version: string): Player =>
  onConsole(`Node ${version.split(".")[0]}`, `${alias}@npm:node-${system}@${version}`, `${alias}/bin/node`)

const onConsole = (
  name: string,
  needed: string,
  binary: string,
  before: ReadonlyArray<string> = []
): Player => ({
  name,
  needs: [needed],
  play: async (folder) => {
    const command = join(folder, "node_modules", binary)
    const options = { cwd: folder, timeout: 120_000, env: { ...process.env, NO_COLOR: "1" } }
    const { stdout } = await promisify(execFile)(command, [...before, join(folder, "program/cli.mjs")], options)
    const { stdout: version } = await promisify(execFile)(command, ["--version"], options)
    return { version: version.split("\n")[0] ?? "", lines: stdout.trim().split("\n") }
  }
})

const bun = "1.4.5"
const deno = "2.9.6"
const workerd = "1.20261117.1"
const denoSystem = process.platform === "linux" ? `${system}-glibc` : system
const bunSystem = process.arch === "arm64" ? `${process.platform}-aarch64` : system

const inWorkerd = (name: string, flags: ReadonlyArray<string>): Player => ({
  name,
  needs: [`workerd@${workerd}`],
  play: (folder) => Workerd.play(folder, flags)
})

const inChromium = (name: string, host: string): Player => ({
  name,
  needs: ["@sparticuz/chromium@153.0.0"],
  play: (folder) => Chromium.play(folder, host)
})

/** All runtimes that there are for this system. */
export const players: ReadonlyArray<Player> = [
  node("node20", "20.19.6"),
  node("node22", "22.23.5"),
  node("node24", "24.21.0"),
  onConsole("Bun", `@oven/bun-${bunSystem}@${bun}`, `@oven/bun-${bunSystem}/bin/bun`),
  onConsole("Deno", `@deno/${denoSystem}@${deno}`, `@deno/${denoSystem}/deno`, [
    "run",
    "-A",
    "--node-modules-dir=manual"
  ]),
  inWorkerd("workerd", ["no_nodejs_compat"]),
  inWorkerd("workerd with nodejs_compat", ["nodejs_compat"]),
  // Its package has a binary for this system alone.
  ...system === "linux-x64"
    ? [inChromium("Chromium, http", "volley.test"), inChromium("Chromium, localhost", "localhost")]
    : []
]
