/**
 * Scripts that tests start as processes, again and again: in one file each starts three times as fast.
 */
import { buildSync } from "esbuild"
import { globSync, rmSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")
const out = join(root, "node_modules/.cache/volley/bundles")

const scripts = [
  "packages/mcp/test/fixtures/*.ts",
  "packages/durable/test/support/{counter,holder,migrator}.ts",
  "packages/durable/test/kills/worker.ts",
  "packages/cluster/test/support/member.ts"
]

/** Where the bundle of a script is, by the name of its file. */
export const bundleOf = (name: string): string => join(out, `${name}.mjs`)

/** Vitest calls this once, before the first test. */
export const setup = (): void => {
  rmSync(out, { recursive: true, force: true })
  buildSync({
    entryPoints: globSync(scripts, { cwd: root }).map((path) => join(root, path)),
    entryNames: "[name]",
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    splitting: true,
    // All of it is exported again by a module that is loaded on demand, and no bundle has the names of that.
    external: ["undici"],
    banner: { js: "import { createRequire as __cjs } from 'node:module'; const require = __cjs(import.meta.url);" },
    logLevel: "error"
  })
}
