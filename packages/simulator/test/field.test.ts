import { assert, describe, it } from "@effect/vitest"
import * as Dialect from "../src/Dialect.ts"
import { anthropic } from "../src/internal/dialects/anthropic.ts"
import { gemini } from "../src/internal/dialects/gemini.ts"
import { openAiChat } from "../src/internal/dialects/openAiChat.ts"
import { openAiResponses } from "../src/internal/dialects/openAiResponses.ts"
import { head, rows, suite, table } from "./FieldSuite.ts"
import { wires } from "./fieldWires.ts"

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
