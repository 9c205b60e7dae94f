import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import type { Played } from "./played.ts"

const configOf = (flags: ReadonlyArray<string>): string =>
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = [${flags.map((flag) => `"${flag}"`).join()}]
);
`

/** Serves the Worker and asks it once. */
export const play = async (folder: string, flags: ReadonlyArray<string>): Promise<Played> => {
  const config = join(folder, "program", `${["workerd", ...flags].join("-")}.capnp`)
  writeFileSync(config, configOf(flags))
  const binary = createRequire(createRequire(join(folder, "package.json")).resolve("workerd"))
    .resolve(`@cloudflare/workerd-${process.platform}-${process.arch === "x64" ? "64" : process.arch}/bin/workerd`)
  const child = spawn(binary, ["serve", config, "--control-fd=3"], { stdio: ["ignore", "inherit", "inherit", "pipe"] })
  try {
    const port = await portOf(child.stdio[3] as Readable)
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(120_000) })
    return { version: response.headers.get("x-runtime") ?? "", lines: (await response.text()).split("\n") }
  } finally {
    child.kill("SIGKILL")
    await once(child, "exit")
  }
}

/** The port that it says it listens on. */
const portOf = async (control: Readable): Promise<number> => {
  for await (const line of createInterface(control)) {
    const said = JSON.parse(line)
    if (said.event === "listen") return said.port
  }
  throw new Error("workerd ended before it listened")
}
