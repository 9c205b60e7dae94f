/**
 * What of a response is read by hand says the same as its schema, which names what is wrong.
 */
import { assert, it } from "@effect/vitest"
import { Hostile } from "@volley/testing"
import { Schema } from "effect"
import { AssistantTurn, isMessage } from "../src/internal/messageBlocks.ts"

const samples: ReadonlyArray<Schema.Json> = [
  {
    role: "assistant",
    stop_reason: "tool_use",
    content: [{ type: "tool_use", id: "a", name: "look", input: { n: 1 } }]
  },
  {
    role: "assistant",
    stop_reason: null,
    content: [{ type: "text", text: "Well" }, { type: "thinking", thinking: "Hm" }]
  },
  { role: "assistant", content: [] },
  { role: null, content: [{ type: "tool_use", name: "" }, { type: "text", text: null }] },
  { content: [{ type: "text" }] }
]

it.each(samples)("takes what the schema takes, and nothing else: %j", (sample) => {
  for (const { changes, value } of [...Hostile.every(sample), { changes: [], value: sample }]) {
    assert.strictEqual(isMessage(value), Schema.is(AssistantTurn)(value), changes.join())
  }
})
