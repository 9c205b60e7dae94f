import { build } from "esbuild"
import { gzipSync } from "node:zlib"

/** The first program of the front page, in short. */
const program = `
const double = Tool.make("double", {
  description: "Twice a number.",
  parameters: Schema.Struct({ n: Schema.Int }),
  success: Schema.Int,
  execute: ({ n }) => Effect.succeed(n * 2)
})
const calls = [ToolCall.make({ id: "call_1", name: "double", arguments: { n: 21 }, index: 0 })]
Effect.runPromise(Batch.run(Toolkit.make(double), calls)).then(console.log)
`

const names = ["Batch", "Tool", "ToolCall", "Toolkit"]
const byName = `import { ${names.join()} } from "@volley/core"; import { Effect, Schema } from "effect"\n`
const byModule = [...names.map((name) => `@volley/core/${name}`), "effect/Effect", "effect/Schema"]
  .map((module) => `import * as ${module.split("/").at(-1)} from "${module}"\n`).join("")

/** What is bundled: `Batch` alone, and a program, each by the name that an index gives and by its module. */
const bundles = {
  "Batch, by name": `export { Batch } from "@volley/core"`,
  "Batch.run, by module": `export { run } from "@volley/core/Batch"`,
  "a program, by names": byName + program,
  "a program, by modules": byModule + program
}

/** Bytes of a bundle, minified and gzipped; `own` is those without `effect`. */
export interface Size {
  readonly what: string
  readonly gzip: number
  readonly own: number
}

/** One of them, by what it is. */
type What = keyof typeof bundles

/** Bundles one of them in a folder that has the packages, and gives its bytes. */
export const gzipOf = (folder: string, what: What): Promise<number> => gzipped(folder, bundles[what], [])

/** Bundles each of them in a folder that has the packages. */
export const sizes = (folder: string): Promise<ReadonlyArray<Size>> =>
  Promise.all(
    Object.entries(bundles).map(async ([what, source]) => ({
      what,
      gzip: await gzipped(folder, source, []),
      own: await gzipped(folder, source, ["effect", "effect/*"])
    }))
  )

const gzipped = async (folder: string, contents: string, external: Array<string>): Promise<number> => {
  const { outputFiles: [file] } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    external,
    write: false
  })
  return gzipSync(file?.contents ?? "", { level: 9 }).length
}
