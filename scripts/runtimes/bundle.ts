import { cpSync, mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

const root = dirname(dirname(import.meta.dirname))

/** What is used of esbuild, which is installed in the folder alone. */
export interface Esbuild {
  readonly build: (
    options: object
  ) => Promise<{ readonly outputFiles?: ReadonlyArray<{ readonly contents: Uint8Array }> }>
}

/** The esbuild of a folder. */
export const esbuildOf = async (folder: string): Promise<Esbuild> =>
  await import(pathToFileURL(join(folder, "node_modules/esbuild/lib/main.js")).href)

/**
 * Bundles the program for every kind of runtime.
 *
 * - `cli.mjs`: what has a console finds the packages by itself
 * - `worker.js`, `page.js`: one file each, with nothing left to import, or this rejects
 */
export const bundle = async (folder: string): Promise<void> => {
  const { build } = await esbuildOf(folder)
  const program = join(folder, "program")
  mkdirSync(program, { recursive: true })
  cpSync(join(root, "test/runtimes"), program, { recursive: true })
  const common = { bundle: true, format: "esm", target: "es2022", logLevel: "error", absWorkingDir: program }
  const web = { ...common, platform: "browser", minify: true, keepNames: true }
  await build({ ...common, entryPoints: ["cli.ts"], packages: "external", platform: "node", outfile: "cli.mjs" })
  const workerd = ["workerd", "worker", "browser"]
  await build({ ...web, entryPoints: ["worker.ts"], conditions: workerd, outfile: "worker.js" })
  await build({ ...web, entryPoints: ["program.ts"], outfile: "page.js" })
}
