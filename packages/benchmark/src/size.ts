/** How large a program becomes, and how long it takes to start. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import type { Size } from "./Results.ts"
import { figure } from "./Statistics.ts"

const root = join(import.meta.dirname, "../../..")

const programs = [
  { what: "`@volley/core`, all of it", source: `export * from "@volley/core"`, external: [] },
  { what: "`@volley/core` without `effect`", source: `export * from "@volley/core"`, external: ["effect", "effect/*"] },
  {
    what: "`Batch.run`, `Tool`, `Toolkit` with what they need of `effect`",
    source: `export { run } from "@volley/core/Batch"; export { make } from "@volley/core/Tool";` +
      `export { make as toolkit } from "@volley/core/Toolkit"`,
    external: []
  }
]

/** What is used of esbuild, which a fresh clone does not have yet. */
interface Esbuild {
  readonly build: (
    options: object
  ) => Promise<{ readonly outputFiles: ReadonlyArray<{ readonly contents: Uint8Array }> }>
}

const esbuild: string = "esbuild"

/** Bundles with esbuild; rejects where it is not installed. */
export const bundles = async (): Promise<Size["bundles"]> => {
  const { build }: Esbuild = await import(esbuild)
  return await Promise.all(programs.map(async ({ external, source, what }) => {
    const { outputFiles } = await build({
      stdin: { contents: source, resolveDir: join(root, "packages/benchmark") },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["import"],
      target: "es2023",
      external: ["node:*", ...external],
      write: false
    })
    const bytes = outputFiles[0]?.contents ?? new Uint8Array()
    return { what, minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length }
  }))
}

const imported = [
  "@volley/core",
  "effect",
  "effect/ai",
  "ai",
  "@openai/agents",
  "@langchain/langgraph/prebuilt",
  "@mastra/core/agent",
  "openai",
  "@anthropic-ai/sdk"
]

/** Imports each of them in a fresh process, in turns; what is not installed is left out. */
export const imports = (rounds: number, what: ReadonlyArray<string> = imported): Size["imports"] => {
  const took = new Map<string, Array<number>>()
  for (let round = 0; round < rounds; round++) {
    for (const name of what) {
      const script = `const s = performance.now(); await import(${JSON.stringify(name)}); ` +
        `process.stdout.write(String(performance.now() - s)); process.exit()`
      const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
        cwd: join(root, "packages/benchmark"),
        encoding: "utf8"
      })
      if (status === 0) took.set(name, [...took.get(name) ?? [], Number(stdout.split("\n").at(-1))])
    }
  }
  return Array.from(took, ([name, samples]) => ({ what: `\`${name}\``, millis: figure(samples) }))
}
