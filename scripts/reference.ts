/**
 * The reference of the packages: what `docs/api` has to be.
 */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import * as Api from "./api.ts"

/** The packages that have no reference, and need no examples yet; the command line is no library. */
const without: ReadonlyArray<string> = ["benchmark", "cli"]

const first: ReadonlyArray<string> = [
  "core",
  "openai",
  "anthropic",
  "google",
  "mcp",
  "openapi",
  "json-schema",
  "effect-ai",
  "durable",
  "cluster",
  "telemetry",
  "testing",
  "simulator"
]

/** Returns the modules of all other packages, those that are needed first at the top. */
export const modulesOf = (root: string): ReadonlyArray<Api.Module> => {
  const all = readdirSync(join(root, "packages")).filter((folder) => !without.includes(folder)).sort()
  const folders = [
    ...first.filter((folder) => all.includes(folder)),
    ...all.filter((folder) => !first.includes(folder))
  ]
  return folders.flatMap((folder) => Api.modulesOf(root, folder))
}

/** Returns every page by its path from `docs/api`. */
export const pagesOf = (root: string): ReadonlyMap<string, string> => {
  const modules = modulesOf(root)
  return new Map([
    ["README.md", listOf(modules)],
    ...modules.map((module) => [pathOf(module), pageOf(module)] as const)
  ])
}

const pathOf = ({ folder, name }: Api.Module): string => `${folder}/${name}.md`

const listOf = (modules: ReadonlyArray<Api.Module>): string =>
  `# Reference

Every public name of every package, a page a module. \`npm run docs:api\` writes these pages from the docstrings of the sources.

${
    [...new Set(modules.map(({ folder }) => folder))].map((folder) =>
      tableOf(folder, modules.filter((module) => module.folder === folder))
    ).join("\n")
  }`

const tableOf = (folder: string, modules: ReadonlyArray<Api.Module>): string =>
  `## @volley/${folder}

${modules.map((module) => `- [${module.name}](${pathOf(module)}): ${firstLine(module.doc.text)}`).join("\n")}
`

/** The first paragraph, on one line. */
const firstLine = (text: string): string => text.split("\n\n")[0]!.replaceAll("\n", " ")

const pageOf = (module: Api.Module): string =>
  `# ${module.name}

${module.doc.text}

\`\`\`ts
${importOf(module)}
\`\`\`

${sections.map(([kind, title]) => sectionOf(title, module.names.filter((name) => name.kind === kind))).join("")}`
    .trimEnd() + "\n"

/** How a module is imported. */
const importOf = ({ from, name }: Api.Module): string =>
  from.endsWith(`/${name}`) ? `import * as ${name} from "${from}"` : `import { ${name} } from "${from}"`

const sections = [
  ["function", "Functions"],
  ["constant", "Constants"],
  ["class", "Classes"],
  ["type", "Types"]
] as const

const sectionOf = (title: string, names: ReadonlyArray<Api.Name>): string =>
  names.length === 0 ? "" : `## ${title}\n\n${names.map(entryOf).join("\n")}\n`

const entryOf = ({ doc, name, signature }: Api.Name): string =>
  [
    `### ${name}`,
    ...(doc.text === "" ? [] : [doc.text]),
    fenced(signature),
    ...doc.examples.map(fenced)
  ].join("\n\n") + "\n"

const fenced = (code: string): string => `\`\`\`ts\n${code.trimEnd()}\n\`\`\``
