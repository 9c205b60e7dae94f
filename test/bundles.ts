/**
 * Servers that tests start as processes, again and again: in one file each starts three times as fast.
 */
import { buildSync } from "esbuild"
import { globSync, rmSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")
const out = join(root, "node_modules/.cache/volley/mcp")

/** Where the bundle of a fixture of `packages/mcp` is. */
export const bundleOf = (name: string): string => join(out, `${name}.mjs`)

/** Vitest calls this once, before the first test. */
export const setup = (): void => {
  rmSync(out, { recursive: true, force: true })
  buildSync({
    entryPoints: globSync("packages/mcp/test/fixtures/*.ts", { cwd: root }).map((path) => join(root, path)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    splitting: true,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: "error"
  })
}
