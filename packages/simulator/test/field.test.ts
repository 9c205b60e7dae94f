import { assert, describe, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import { Effect, Result } from "effect"
import * as Dialect from "../src/Dialect.ts"
import { anthropic } from "../src/internal/dialects/anthropic.ts"
import { gemini } from "../src/internal/dialects/gemini.ts"
import { openAiChat } from "../src/internal/dialects/openAiChat.ts"
import { openAiResponses } from "../src/internal/dialects/openAiResponses.ts"
import { get } from "../src/internal/json.ts"
import { head, rows, script, suite, table, toolkit } from "./FieldSuite.ts"
import { type Spoken, wires } from "./fieldWires.ts"

describe("docs/field.md", () => {
  it("has a row for every dialect, and names the wires that it is met on", () => {
    assert.deepStrictEqual(head, ["row", "dialect", "wires", "shape", "seen in", "whole", "streamed", "echoed"])
    assert.deepStrictEqual(table.map(([, dialect]) => dialect), [...Dialect.names])
    for (const [, name = "", met] of table) {
      assert(Dialect.isName(name))
      const dialect = Dialect.named[name]
      assert.strictEqual(
        met,
        wires.flatMap(({ key, provider }) => dialect[key] === undefined ? [] : [provider.name]).join(", ")
      )
    }
  })

  it("says in every cell what its first lines know", () => {
    const calls = "(no calls|the same calls(, one more)?(, all truncated)?)"
    const outcome = new RegExp(`^((tool-calls|length|refusal|malformed): ${calls}|[A-Z][A-Za-z]+)$`)
    for (const { codec, echoed, streamed, whole } of rows) {
      assert.match(whole, outcome)
      assert.match(streamed, outcome)
      assert.match(codec, outcome)
      assert.match(echoed, whole.startsWith("tool-calls: ") ? /^(as it came|mended)$/ : /^-$/)
    }
  })

  it("leaves no manner of a wire out", () => {
    const all = [openAiChat, openAiResponses, anthropic, gemini].flatMap((manners) => Object.keys(manners))
    assert.deepStrictEqual(new Set(all), new Set<string>(Dialect.names))
  })
})

for (const spoken of wires) suite(spoken)

/** Every dialect on every wire that it is met on. */
const met = wires.flatMap((spoken) =>
  Dialect.names.flatMap((name) =>
    Dialect.named[name][spoken.key] === undefined ? [] : [[name, spoken.provider.name, spoken] as const]
  )
)

/** A turn of calls as a server of the dialect writes it. */
const calling = ({ request, write }: Spoken, dialect: Dialect.Dialect) =>
  Result.getOrThrow(write(dialect, request(toolkit, []), { _tag: "Calls", calls: script.wants([]) }))

describe("a dialect", () => {
  it.each(met)("is another way to say the same: %s on %s", (name, _, spoken) => {
    assert.notDeepEqual(calling(spoken, Dialect.named[name]), calling(spoken, {}))
  })

  it.effect.each(met.filter(([name, wire]) => echoOf(name, wire) === "mended"))(
    "refuses what it wrote where that goes back as it came: %s on %s",
    ([name, , spoken]) =>
      Effect.gen(function*() {
        const { followUp, refusal, request, toolCalls, turnOf } = spoken
        const { body } = calling(spoken, Dialect.named[name])
        const came = turnOf(body)
        const settled = yield* Batch.run(toolkit, toolCalls(body))
        const mended = followUp(body, settled)
        const results = mended.slice(mended.findLastIndex(isTurn) + 1)
        assert.isUndefined(refusal(Dialect.named[name], request(toolkit, mended)))
        const raw = request(toolkit, [...(Array.isArray(came) ? came : [came]), ...results])
        assert.isDefined(refusal(Dialect.named[name], raw))
      })
  )

  it("refuses in the words of its server, by the row of the table", () => {
    const [chat] = wires
    assert(chat !== undefined)
    const spoken = {
      role: "assistant",
      tool_calls: [{ id: "a", type: "function", function: { name: "a.b", arguments: "{" } }]
    }
    const sent = chat.request(toolkit, [spoken, { role: "tool", tool_call_id: "a", content: "3" }])
    const rowOf = (name: Dialect.Name) => chat.refusal(Dialect.named[name], sent)?.row
    assert.isUndefined(chat.refusal({}, sent))
    assert.deepStrictEqual(
      (["broken-arguments", "invented-name", "nine-letter-ids"] as const).map(rowOf),
      ["field A4", "field A5", "field A15"]
    )
  })
})

function echoOf(name: Dialect.Name, wire: string): string | undefined {
  return rows.find((row) => row.dialect === name && row.wire === wire)?.echoed
}

/** True for what a model said, or an item of it. */
const isTurn = (message: unknown): boolean =>
  get(message, "role") === "assistant" || get(message, "role") === "model" || get(message, "type") === "function_call"
