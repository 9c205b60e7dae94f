/**
 * Makes tools of large public documents, has each send a request, and has those judged by validators that others wrote:
 *
 *     npm run openapi:documents
 *
 * Writes `packages/openapi/docs/public-documents.md`. The documents come from npm packages that ship them, at the versions below;
 * of each its archive is loaded into a folder of its own, and none of its dependencies. Ends with 1 where a validator objects to
 * a request, or where making tools costs more time or memory than the page of the package says.
 */
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { parse } from "yaml"
import { page, type Row, rowOf } from "../packages/openapi/test/documents.ts"

const root = dirname(import.meta.dirname)

/** A document, in the archive of a package. */
const documents = [
  ["GitHub", "@octokit/openapi@23.0.2", "generated/api.github.com.json"],
  ["Okta", "@okta/openapi@2.15.0", "dist/spec.json"],
  ["Directus", "@directus/specs@15.2.0", "dist/openapi.json"],
  ["Blockfrost", "@blockfrost/openapi@0.1.93", "openapi.yaml"],
  ["Ideal Postcodes", "@ideal-postcodes/openapi@4.21.0", "dist/openapi.json"],
  ["Scalar Galaxy", "@scalar/galaxy@0.6.12", "dist/3.1.json"]
] as const

const parser = "@readme/openapi-parser@9.0.0"

const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-openapi-")))
process.once("exit", () => rmSync(folder, { recursive: true }))

/** Loads one file of a package. */
const loaded = (name: string, file: string): string => {
  const place = join(folder, name.replaceAll(/[^a-z]/g, "-"))
  mkdirSync(place)
  execFileSync("npm", ["pack", "--silent", name], { cwd: place, stdio: ["ignore", "ignore", "inherit"] })
  const [archive = ""] = readdirSync(place)
  execFileSync("tar", ["-xzf", archive, `package/${file}`], { cwd: place })
  return join(place, "package", file)
}

const said =
  `What became of public documents, by \`npm run openapi:documents\`: how many of their operations are tools, and how many requests
these sent, one each, that no validator had an opinion of. Nothing was objected to but what is excused below.`

const files = documents.map(([name, from, file]) => [name, loaded(from, file)] as const)
const rows: Array<Row> = []
for (const [name, file] of files) {
  const text = readFileSync(file, "utf8")
  const began = performance.now()
  const row = await Effect.runPromise(
    Effect.provide(rowOf(name, file.endsWith(".json") ? JSON.parse(text) : parse(text), 1), FetchHttpClient.layer)
  )
  console.log(`${name}: ${row.tools} of ${row.operations} operations, ${Math.round(performance.now() - began)} ms`)
  for (const problem of [...row.objections, ...row.unsent]) console.log(`  ${problem}`)
  rows.push(row)
}
writeFileSync(join(root, "packages/openapi/docs/public-documents.md"), page("Public documents", said, rows))

execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, parser], {
  stdio: "inherit"
})
const [, github = ""] = files[0] ?? []
const cost = execFileSync(process.execPath, [
  "--expose-gc",
  join(import.meta.dirname, "openapi/cost.ts"),
  github,
  folder
])
const { making, memory, parsed, validating } = JSON.parse(String(cost))
const [time, space] = [making / validating, memory / parsed]
console.log(
  `GitHub, ${rows[0]?.tools} tools: ${Math.round(making)} ms, ${time.toFixed(2)} of the ${
    Math.round(validating)
  } ms that ${parser}`
    + ` takes to validate it; ${(memory / 1e6).toFixed(0)} MB, ${space.toFixed(2)} of the document's ${
      (parsed / 1e6).toFixed(0)
    } MB`
)
if (rows.some(({ objections, unsent }) => objections.length + unsent.length > 0) || time > 0.25 || space > 2) {
  process.exitCode = 1
}
