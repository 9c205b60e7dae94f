/**
 * Puts the modules of a package that has many small ones into few files, since Node takes longer to find a file than to run
 * one.
 */
import { buildSync } from "esbuild"
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { childrenOf, type Node, statementsOf } from "../syntax.ts"

/** What all modules are bundled with. */
const options = { bundle: true, packages: "external", format: "esm", target: "es2023", write: false } as const

/** What a program loads that runs batches and no agent. */
const first = ["Access.js", "Batch.js", "Limits.js", "Outcome.js", "Tool.js", "ToolCall.js", "Toolkit.js"]

/**
 * Merges what was compiled into a folder.
 *
 * - two parts: what `first` reaches, and the rest, with a file for what both need
 * - each module that users import stays a file of its own name, which exports from its part
 */
export const merge = (dist: string): void => {
  for (const name of globSync("**/*.js", { cwd: dist })) rewrite(join(dist, name), pure)
  const modules = modulesOf(dist)
  for (const part of parts) writeFileSync(join(dist, fileOf(part)), entryOf(part, modules))
  const { outputFiles } = buildSync({
    ...options,
    absWorkingDir: dist,
    entryPoints: parts.map(fileOf),
    outdir: ".",
    outbase: ".",
    chunkNames: "internal/[name]-[hash]",
    splitting: true,
    sourcemap: true,
    sourcesContent: false
  })
  for (const name of globSync(["internal/**/*.js{,.map}", "*.js.map"], { cwd: dist })) rmSync(join(dist, name))
  for (const { contents, path } of outputFiles) writeFileSync(path, contents)
  for (const module of modules) writeFileSync(join(dist, module.file), exportsOf(module))
  rewrite(join(dist, "index.js"), (code) => code.replace(/^\/\/# sourceMappingURL=.*\n?/m, ""))
}

const parts = ["calls", "agents"] as const

const fileOf = (part: string): string => `internal/${part}.js`

/** A module that users import: its file, what it exports, and the part that it goes into. */
interface Module {
  readonly file: string
  readonly names: ReadonlyArray<string>
  readonly part: typeof parts[number]
}

const modulesOf = (dist: string): ReadonlyArray<Module> => {
  const entryPoints = globSync("*.js", { cwd: dist, exclude: ["index.js"] }).sort()
  const { metafile: { outputs } } = buildSync({
    ...options,
    absWorkingDir: dist,
    entryPoints,
    outdir: ".",
    metafile: true
  })
  const reached = new Set(first.flatMap((file) => {
    const output = outputs[file]
    if (output === undefined) throw new Error(`There is no module ${file} to put first.`)
    return Object.keys(output.inputs)
  }))
  return entryPoints.map((file) => ({
    file,
    names: outputs[file]?.exports ?? [],
    part: reached.has(file) ? "calls" : "agents"
  }))
}

/** The name of an export in its part, where no two modules may have the same. */
const nameIn = ({ file }: Module, name: string): string => `${file.slice(0, -3)}_${name}`

const entryOf = (part: string, modules: ReadonlyArray<Module>): string =>
  modules.filter((module) => module.part === part).map((module) =>
    `export { ${
      module.names.map((name) => `${name} as ${nameIn(module, name)}`).join(", ")
    } } from "../${module.file}"\n`
  ).join("")

const exportsOf = (module: Module): string =>
  `export { ${module.names.map((name) => `${nameIn(module, name)} as ${name}`).join(", ")} } from "./${
    fileOf(module.part)
  }"\n`

const rewrite = (file: string, change: (code: string) => string): void =>
  writeFileSync(file, change(readFileSync(file, "utf8")))

/**
 * Says of each value of a module that making it has no effect, so that a bundler leaves out those that nothing reads.
 *
 * - a bundler keeps or leaves out a module whole, and goes by value only within one, where a call counts as an effect
 */
export const pure = (code: string): string =>
  statementsOf(code).flatMap(valuesOf).filter(({ type }) => !plain.has(type)).toReversed()
    .reduce(
      (text, { end, start }) =>
        `${text.slice(0, start)}/* @__PURE__ */ (() => (${text.slice(start, end)}))()${text.slice(end)}`,
      code
    )

/** What bundlers know to have no effect. */
const plain = new Set(["Literal", "ArrowFunctionExpression", "FunctionExpression", "Identifier"])

/** What a statement computes when its module is loaded; of a class, so that it keeps its name, what it is made of. */
const valuesOf = (statement: Node): ReadonlyArray<Node> => {
  switch (statement.type) {
    case "ExportNamedDeclaration":
      return childrenOf(statement["declaration"]).flatMap(valuesOf)
    case "VariableDeclaration":
      return childrenOf(statement["declarations"]).flatMap(({ init }) => childrenOf(init)).flatMap((value) =>
        value.type === "ClassExpression" ? valuesOf(value) : [value]
      )
    case "ClassDeclaration":
    case "ClassExpression":
      return [statement["superClass"], ...staticsOf(statement)].flatMap(childrenOf)
    default:
      return []
  }
}

const staticsOf = (statement: Node): ReadonlyArray<unknown> =>
  childrenOf(statement["body"]).flatMap(({ body }) => childrenOf(body))
    .filter((member) => member.type === "PropertyDefinition" && member["static"] === true).map(({ value }) => value)
