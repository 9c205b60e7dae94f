/**
 * What of a response is read by hand says the same as its schema, which names what is wrong.
 */
import { assert, it } from "@effect/vitest"
import { Hostile } from "@volley/testing"
import { Schema } from "effect"
import { isResponse, WholeResponse } from "../src/internal/responseItems.ts"

const samples: ReadonlyArray<Schema.Json> = [
  {
    id: "resp_1",
    status: "completed",
    incomplete_details: null,
    output: [
      { type: "reasoning", summary: [] },
      { type: "function_call", call_id: "a", name: "look", arguments: "{}" },
      { type: "custom_tool_call", call_id: "b", name: "write", input: "" }
    ]
  },
  {
    output: [
      { type: "function_call", call_id: null, name: "look", arguments: { at: 1 } },
      { type: "function_call", call_id: "", name: "", arguments: null },
      { type: "message", content: "Well" }
    ]
  },
  {
    incomplete_details: { reason: "max_output_tokens" },
    output: [{
      type: "message",
      content: [{ type: "output_text", text: "Well" }, { type: "refusal", refusal: "No" }]
    }]
  }
]

it.each(samples)("takes what the schema takes, and nothing else: %j", (sample) => {
  for (const { changes, value } of [...Hostile.every(sample), { changes: [], value: sample }]) {
    assert.strictEqual(isResponse(value), Schema.is(WholeResponse)(value), changes.join())
  }
})
