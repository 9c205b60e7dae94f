/**
 * Real documents, of packages that ship them; `npm run openapi:documents` has larger ones.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FetchHttpClient } from "effect/http"
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect } from "vitest"
import { page, type Row, rowOf } from "./documents.ts"
import type { Seen } from "./echo.ts"
import { judgesOf } from "./judges.ts"

const folder = dirname(fileURLToPath(import.meta.resolve("@readme/oas-examples/package.json")))
const read = (file: string): Readonly<Record<string, unknown>> => JSON.parse(readFileSync(file, "utf8"))

const documents = [
  ...globSync("{2.0,3.0,3.1}/json/*.json", { cwd: folder, exclude: ["**/http-status-codes.json"] }).sort().map((path) =>
    [path.replace("/json", ""), read(join(folder, path))] as const
  ),
  [
    "directus",
    read(join(dirname(fileURLToPath(import.meta.resolve("@directus/specs/package.json"))), "dist/openapi.json"))
  ] as const
]

const said =
  `What becomes of the documents that \`test/documents.test.ts\` reads: how many of their operations are tools, and how many
requests these sent that no validator had an opinion of. Nothing was objected to but what is excused below.`

describe("the operations of public documents", () => {
  it("are tools, whose requests two validators take", async () => {
    const all = Effect.forEach(documents, ([name, document]) => rowOf(name, document, 1))
    const rows: ReadonlyArray<Row> = await Effect.runPromise(Effect.provide(all, FetchHttpClient.layer))
    for (const { name, objections, unsent } of rows) assert.deepStrictEqual([name, objections, unsent], [name, [], []])
    const sum = (of: (row: Row) => number) => rows.reduce((sum, row) => sum + of(row), 0)
    assert.isAbove(sum(({ tools }) => tools), 650)
    assert.isAbove(sum(({ requests, unjudged }) => requests - unjudged), 0.9 * sum(({ tools }) => tools))
    await expect(page("Documents of the tests", said, rows)).toMatchFileSnapshot("../docs/documents.md")
  })

  it("are judged by who would see what is wrong", async () => {
    const [, petstore] = documents.find(([name]) => name === "3.0/petstore.json") ?? []
    if (petstore === undefined) return assert.fail("there is no such document")
    const judges = await judgesOf(petstore, petstore)
    const order = (body: unknown) => ({
      method: "POST",
      target: "/store/order",
      headers: { "content-type": "application/json" },
      body: Buffer.from(JSON.stringify(body))
    })
    const get = (target: string) => ({ method: "GET", target, headers: {}, body: Buffer.from("") })
    const verdicts = async (seen: Seen) => (await Promise.all(judges.map(({ of }) => of(seen)))).map(({ is }) => is)
    assert.deepStrictEqual(await verdicts(order({ quantity: 3 })), ["fine", "fine"])
    assert.deepStrictEqual(await verdicts(order({ quantity: "three" })), ["wrong", "wrong"])
    assert.deepStrictEqual(await verdicts(get("/pet/findByStatus?status=sold")), ["fine", "fine"])
    assert.deepStrictEqual(await verdicts(get("/pet/findByStatus")), ["wrong", "wrong"])
    assert.deepStrictEqual(await verdicts(get("/pet/seven")), ["wrong", "wrong"])
  })
})
