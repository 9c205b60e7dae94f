/**
 * What becomes of a document: which of its operations are tools, and what validators say of the requests that these send.
 */
import { upgradeFromTwoToThree } from "@scalar/openapi-upgrader/2.0-to-3.0"
import { Batch, Json, ToolCall } from "@volley/core"
import { OpenApi } from "@volley/openapi"
import { Effect } from "effect"
import { argsOf } from "./drawn.ts"
import * as Echo from "./echo.ts"
import { judgesOf } from "./judges.ts"

/**
 * A row of the table.
 *
 * - `undrawn`: tools of which no arguments could be drawn, so that nothing was sent
 * - `unsent`: calls that sent nothing, and why
 * - `unjudged`: how many requests no judge had an opinion of
 * - `objections`: what a judge has against requests; `excused` those that are known to be none of ours
 */
export interface Row {
  readonly name: string
  readonly version: string
  readonly operations: number
  readonly tools: number
  readonly requests: number
  readonly judges: string
  readonly leftOut: ReadonlyArray<{ readonly operation: string; readonly why: string }>
  readonly undrawn: ReadonlyArray<string>
  readonly unsent: ReadonlyArray<string>
  readonly unjudged: number
  readonly excused: ReadonlyArray<string>
  readonly objections: ReadonlyArray<string>
}

/** Objections that say something of the judge, or of the document. */
const excuses: ReadonlyArray<readonly [said: RegExp, why: string]> = [
  [
    /missing required parameter: authorization|required property 'authorization'/i,
    "the document has a header that OpenAPI says is none of its parameters"
  ],
  [/too many schemas match/, "openapi-enforcer does not take a value of which several schemas can be"],
  [/match exactly one schema in oneOf/, "openapi-backend reads a text as each of several types at once"],
  [/is not valid JSON$|Unexpected end of JSON input/, "openapi-backend reads a text in JSON a second time"],
  [
    /\/(?:path|header)\/\S+ must be (?:array|object)|\/cookie\/\S+ must be/,
    "openapi-backend knows no styles of paths, headers and cookies"
  ],
  [
    /\/query\/\S+ must be (?:array|object)|\/query must have required property/,
    "openapi-backend knows few styles of queries"
  ],
  [/Empty value not allowed/, "openapi-enforcer takes no empty text in a query"],
  [/Path not found/, "the operation has a server of its own, of which no judge knows"]
]

/** What counts only where no other judge has anything against the same request. */
const splits = /^\/query\/\S+ must be (?:integer|number|string|boolean)$/
const split = "openapi-backend reads every value of a query that does not explode as a list"

/** Makes a toolkit of a document, has each tool send `count` requests, and has them judged. */
export const rowOf = Effect.fnUntraced(
  function*(name: string, document: Readonly<Record<string, unknown>>, count: number) {
    const echo = yield* Echo.serve
    const options = { baseUrl: echo.url, maxTools: 10_000, approval: "none", firstByte: "unbounded" } as const
    const { leftOut, operations, toolkit } = yield* OpenApi.toolkit(document, options)
    const drawn = yield* Effect.forEach(
      toolkit.tools,
      (tool) => Effect.map(argsOf(tool, count), (all) => ({ tool, all }))
    )
    const calls = drawn.flatMap(({ all, tool }) => all.map((args) => ({ name: tool.name, args }))).map((
      { args, name },
      at
    ) => ToolCall.make({ id: `call_${at}`, name, arguments: args, index: at }))
    const { outcomes } = yield* Batch.run(toolkit, calls, { maxCalls: 10_000, timeout: "1 day" })
    const judged = yield* Effect.promise(() => judge(document, echo.seen))
    const row: Row = {
      name,
      version: String(document["openapi"] ?? document["swagger"]),
      operations: operations.length,
      tools: toolkit.tools.length,
      requests: echo.seen.length,
      leftOut,
      undrawn: drawn.filter(({ all }) => all.length === 0).map(({ tool }) => tool.name),
      unsent: outcomes.filter(({ result }) => result._tag === "Failure").map(({ encoded, name }) =>
        `${name}: ${encoded}`
      ),
      ...judged
    }
    return row
  },
  Effect.scoped
)

const judge = async (document: Readonly<Record<string, unknown>>, all: ReadonlyArray<Echo.Seen>) => {
  const modern = "swagger" in document ? upgradeFromTwoToThree(structuredClone(document)) : document
  const judges = await judgesOf(document, Json.isObject(modern) ? modern : {})
  const excused = new Set<string>()
  const objections: Array<string> = []
  let unjudged = 0
  for (const seen of all) {
    const verdicts = await Promise.all(judges.map(({ of }) => of(seen)))
    if (verdicts.every(({ is }) => is === "no opinion")) unjudged++
    for (const verdict of verdicts) {
      if (verdict.is !== "wrong") continue
      const isSplit = splits.test(verdict.why) && verdicts.filter(({ is }) => is === "wrong").length === 1
      const excuse = isSplit ? split : excuses.find(([said]) => said.test(verdict.why))?.[1]
      if (excuse !== undefined) excused.add(excuse)
      else objections.push(`${seen.method} ${seen.target} ${seen.body.toString().slice(0, 300)}: ${verdict.why}`)
    }
  }
  return { judges: judges.map(({ name }) => name).join(", "), unjudged, excused: [...excused], objections }
}

/** Writes rows as a page. */
export const page = (title: string, said: string, rows: ReadonlyArray<Row>): string => {
  const columns: ReadonlyArray<readonly [name: string, of: (row: Row) => number]> = [
    ["operations", ({ operations }) => operations],
    ["tools", ({ tools }) => tools],
    ["left out", ({ leftOut }) => leftOut.length],
    ["requests", ({ requests }) => requests],
    ["not judged", ({ unjudged }) => unjudged]
  ]
  const lines = [
    ["document", "version", ...columns.map(([name]) => name)],
    ...rows.map((row) => [row.name, row.version, ...columns.map(([, of]) => String(of(row)))]),
    ["all", "", ...columns.map(([, of]) => String(rows.reduce((sum, row) => sum + of(row), 0)))]
  ]
  const notes = rows.flatMap(({ excused, leftOut, name, undrawn }) => [
    ...leftOut.map(({ operation, why }) => `- ${name}, left out: \`${operation}\`: ${why}`),
    ...undrawn.map((tool) => `- ${name}, not asked: \`${tool}\`: no arguments could be drawn`),
    ...excused.map((why) => `- ${name}, objected to: ${why}`)
  ])
  return [`# ${title}`, "", said, "", ...table(lines), "", ...notes, ""].join("\n")
}

const table = ([head = [], ...lines]: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = head.map((_, at) => Math.max(...[head, ...lines].map((line) => line[at]?.length ?? 0)))
  const row = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`
  return [row(head), row(widths.map((width) => "-".repeat(width))), ...lines.map(row)]
}
