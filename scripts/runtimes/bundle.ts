import { build, type BuildOptions } from "esbuild"
import { cpSync, mkdirSync } from "node:fs"
import { dirname, join } from "node:path"

const root = dirname(dirname(import.meta.dirname))

/**
 * Bundles the program for every kind of runtime.
 *
 * - `cli.mjs`: what has a console finds the packages by itself
 * - `worker.js`, `page.js`: one file each, with nothing left to import, or this rejects
 */
export const bundle = async (folder: string): Promise<void> => {
  const program = join(folder, "program")
  mkdirSync(program, { recursive: true })
  cpSync(join(root, "test/runtimes"), program, { recursive: true })
  const common: BuildOptions = {
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
    absWorkingDir: program
  }
  const web: BuildOptions = { ...common, platform: "browser", minify: true, keepNames: true }
  await build({ ...common, entryPoints: ["cli.ts"], packages: "external", platform: "node", outfile: "cli.mjs" })
  const workerd = ["workerd", "worker", "browser"]
  await build({ ...web, entryPoints: ["worker.ts"], conditions: workerd, outfile: "worker.js" })
  await build({ ...web, entryPoints: ["program.ts"], outfile: "page.js" })
}
