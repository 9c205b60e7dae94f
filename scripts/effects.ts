/**
 * Runs Effect's own diagnostics on projects and fails on any error or warning:
 *
 *     node scripts/effects.ts [project folder or tsconfig file]...
 *
 * Without arguments, on every project that the root `tsconfig.json` references and that has sources.
 */
import * as Schema from "effect/Schema"
import { spawnSync } from "node:child_process"
import { existsSync, globSync, readFileSync, statSync } from "node:fs"
import { dirname, join, relative } from "node:path"

const Finding = Schema.Struct({
  file: Schema.String,
  line: Schema.Finite,
  column: Schema.Finite,
  severity: Schema.String,
  name: Schema.String,
  message: Schema.String
})

const Report = Schema.fromJsonString(Schema.Struct({
  diagnostics: Schema.Array(Finding),
  summary: Schema.Struct({ filesChecked: Schema.Finite })
}))

const References = Schema.fromJsonString(Schema.Struct({
  references: Schema.Array(Schema.Struct({ path: Schema.String }))
}))

const root = dirname(import.meta.dirname)
const tool = join(root, "node_modules/.bin/effect-tsgo")

const configOf = (path: string): string =>
  existsSync(path) && statSync(path).isDirectory() ? join(path, "tsconfig.json") : path

const referenced = (): ReadonlyArray<string> =>
  Schema.decodeSync(References)(readFileSync(join(root, "tsconfig.json"), "utf8")).references
    .map(({ path }) => configOf(join(root, path)))
    .filter((config) => !config.endsWith("/tsconfig.json") || globSync(join(dirname(config), "src/**/*.ts")).length > 0)

/** Checks one project and returns what is wrong with it: its findings, or that nothing could be checked. */
const check = (config: string): ReadonlyArray<string> => {
  const name = relative(root, config)
  const { stdout, stderr } = spawnSync(tool, ["diagnostics", "--project", config, "--format", "json", "--strict"], {
    encoding: "utf8",
    maxBuffer: 1 << 26
  })
  if (!stdout.startsWith("{")) return [`${name}: ${stderr || stdout || "no report"}`]
  const { diagnostics, summary } = Schema.decodeSync(Report)(stdout)
  console.log(`${name}: ${summary.filesChecked} files`)
  // The tool itself exits 0 here: a project without the plugin in its tsconfig would pass unseen.
  if (summary.filesChecked === 0) return [`${name}: 0 files were checked`]
  return diagnostics.filter(({ severity }) => severity === "error" || severity === "warning").map(lineOf)
}

const lineOf = (finding: typeof Finding.Type): string =>
  `${relative(root, finding.file)}:${finding.line}:${finding.column} ${finding.severity} ${finding.name}\n` +
  finding.message.replaceAll(/^/gm, "    ")

const projects = process.argv.length > 2 ? process.argv.slice(2).map(configOf) : referenced()
// A project reports on the sources of the projects it references as well: each finding is printed once.
const findings = new Set(projects.flatMap(check))
for (const finding of findings) console.error(finding)
console.log(`${findings.size} findings in ${projects.length} projects`)
process.exitCode = findings.size === 0 && projects.length > 0 ? 0 : 1
