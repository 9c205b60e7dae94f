/**
 * Asks the compiler about mutants: what it refuses need not be tried. It takes a few hundredths of a second for each.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { API, type Snapshot } from "typescript/unstable/sync"
import type { Mutant } from "./mutate.ts"

/** That a name is used nowhere any more is no fault of types; what is deleted often comes to no more than that. */
const unused = new Set([6133, 6138, 6192, 6196, 6198])

/** Those of the mutants in whose own file the compiler finds an error; `core` is the folder of the package. */
export const refused = (core: string, mutants: ReadonlyArray<Mutant>): ReadonlySet<number> => {
  const config = join(core, "tsconfig.json")
  const changed = new Map<string, string>()
  const api = new API({ cwd: core, fs: { readFile: (path) => changed.get(path) } })

  const hasErrors = (snapshot: Snapshot, path?: string): boolean => {
    const project = snapshot.getProject(config)
    if (project === undefined) throw new Error(`${config} is no project that the compiler knows`)
    return project.program.getSemanticDiagnostics(path).some(({ code }) => !unused.has(code))
  }

  const isRefused = ({ code, end, file, start }: Mutant): boolean => {
    const path = join(core, "src", file)
    const source = readFileSync(path, "utf8")
    const before = Array.from(changed.keys())
    changed.clear()
    changed.set(path, source.slice(0, start) + code + source.slice(end))
    return hasErrors(api.updateSnapshot({ fileChanges: { changed: [...before, path] } }), path)
  }

  if (hasErrors(api.updateSnapshot({ openProjects: [config] }))) throw new Error(`${core} does not compile`)
  const ids = new Set(mutants.filter(isRefused).map(({ id }) => id))
  api.close()
  return ids
}
