/**
 * A copy of the packages as they were at a commit, which today's contenders run on in place of today's sources.
 *
 * It is a workspace of its own: the packages of the commit, the benchmark of today, and the repository's `node_modules`
 * linked beside them, so that `effect` and the providers' clients are the same files.
 */
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = join(import.meta.dirname, "../../..")

/**
 * A copy.
 *
 * - `commit`: its short hash
 * - `sources`: the folder of the benchmark's sources in it
 */
export interface Copy {
  readonly commit: string
  readonly sources: string
  readonly remove: () => void
}

/** Makes a copy in a temporary folder; throws where there is no such commit. */
export const make = (commit: string): Copy => {
  const hash = run("git", ["rev-parse", "--short=7", "--verify", `${commit}^{commit}`], root).trim()
  const folder = mkdtempSync(join(tmpdir(), "volley-"))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    run("git", ["archive", "--output", join(folder, "packages.tar"), hash, "packages"], root)
    run("tar", ["-xf", "packages.tar"], folder)
    takeBenchmark(folder)
    linkModules(folder)
    return { commit: hash, sources: join(folder, "packages/benchmark/src"), remove }
  } catch (error) {
    remove()
    throw error
  }
}

const run = (command: string, args: ReadonlyArray<string>, cwd: string): string => {
  const { error, status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: "utf8" })
  if (error === undefined && status === 0) return stdout
  throw new Error(`${command} ${args[0]}: ${error?.message ?? stderr.trim()}`)
}

/** What measures is today's, whatever is measured. */
const takeBenchmark = (folder: string): void => {
  const own = join(folder, "packages/benchmark")
  rmSync(own, { recursive: true, force: true })
  for (const part of ["src", "package.json"]) {
    cpSync(join(root, "packages/benchmark", part), join(own, part), { recursive: true })
  }
}

const linkModules = (folder: string): void => {
  const modules = join(folder, "node_modules")
  mkdirSync(join(modules, "@volley"), { recursive: true })
  for (const name of readdirSync(join(root, "node_modules")).filter((name) => name !== "@volley")) {
    symlinkSync(join(root, "node_modules", name), join(modules, name))
  }
  for (const name of readdirSync(join(folder, "packages"))) {
    symlinkSync(join(folder, "packages", name), join(modules, "@volley", name))
  }
}
