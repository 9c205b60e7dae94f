import { spawnSync } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"

const rounds = 25

/**
 * How long an import of the core takes, as a multiple of one of the modules of `effect` that it uses.
 *
 * - processor time, the least of fresh processes in turns, without what a process that imports nothing takes
 */
export const importRatio = (folder: string): number => {
  const scripts = ["", `import "@volley/core"`, effectModules(folder).map((name) => `import "${name}"`).join(";")]
  const took = scripts.map((): Array<number> => [])
  for (let round = 0; round < rounds; round++) {
    scripts.forEach((script, at) => took[at]?.push(processorTime(folder, script)))
  }
  const [nothing = 0, core = 0, effect = 0] = took.map((times) => Math.min(...times))
  return (core - nothing) / (effect - nothing)
}

const processorTime = (cwd: string, script: string): number => {
  const print = "const { system, user } = process.cpuUsage(); process.stdout.write(String(system + user))"
  const args = ["--input-type=module", "-e", `${script}; ${print}`]
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
  return Number(stdout)
}

/** The modules of `effect` that the packed core imports. */
const effectModules = (folder: string): ReadonlyArray<string> => {
  const dist = join(folder, "node_modules/@volley/core/dist")
  const imported = globSync("**/*.js", { cwd: dist }).flatMap((file) =>
    Array.from(readFileSync(join(dist, file), "utf8").matchAll(/from "(effect[^"]*)"/g), ([, name]) => name ?? "")
  )
  return [...new Set(imported)]
}
