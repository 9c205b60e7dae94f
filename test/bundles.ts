/**
 * Scripts that tests start as processes, again and again: in one file each starts three times as fast.
 */
import { build, type OutputFile, type Plugin } from "esbuild"
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

const root = join(import.meta.dirname, "..")
const out = join(root, "node_modules/.cache/volley/bundles")

/** What is of one group shares its modules: the toolkits that the command line loads are made with its own core. */
const groups = [
  [
    "packages/mcp/test/fixtures/*.ts",
    "packages/durable/test/support/{counter,holder,migrator}.ts",
    "packages/durable/test/kills/worker.ts",
    "packages/cluster/test/support/member.ts"
  ],
  [
    "packages/cli/src/main.ts",
    "packages/cli/test/support/host.ts",
    "packages/cli/test/fixtures/{approval,bad-layer,bare,cities,hostile,hostile-throws,mixed,no-handler,toolkit,twins}.ts",
    "packages/cli/test/fixtures/plain.mjs"
  ]
]

/** Where the bundle of a script is, by the name of its file. */
export const bundleOf = (name: string): string => join(out, `${name}.mjs`)

/** Modules that read files beside them find those from a bundle too. */
const places: Plugin = {
  name: "places",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/packages\/\w+\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
      loader: "ts"
    }))
}

const bundle = (scripts: ReadonlyArray<string>) =>
  build({
    entryPoints: globSync(scripts, { cwd: root }).map((path) => join(root, path)),
    entryNames: "[name]",
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    splitting: true,
    plugins: [places],
    // No bundle has the names of the first two, which are CommonJS and loaded on demand. The others take longer to bundle
    // than the few processes that use them take to load them.
    external: ["undici", "yaml", "openai", "@anthropic-ai/sdk", "@google/genai"],
    banner: { js: "import { createRequire as __cjs } from 'node:module'; const require = __cjs(import.meta.url);" },
    logLevel: "error"
  })

/** Writes a file at once or not at all: another run of the tests may be reading it. */
const write = ({ contents, path }: OutputFile): void => {
  if (existsSync(path) && readFileSync(path).equals(contents)) return
  const part = `${path}.${process.pid}`
  writeFileSync(part, contents)
  renameSync(part, path)
}

/** Removes what no run can need any more; another one may have bundled other sources. */
const tidy = (): void => {
  const aDayAgo = Date.now() - 86_400_000
  for (const path of globSync(join(out, "*"))) if (statSync(path).mtimeMs < aDayAgo) rmSync(path, { force: true })
}

/** Vitest calls this once, before the first test. */
export const setup = async (): Promise<void> => {
  mkdirSync(out, { recursive: true })
  tidy()
  const built = await Promise.all(groups.map(bundle))
  built.flatMap(({ outputFiles }) => outputFiles).forEach(write)
}
