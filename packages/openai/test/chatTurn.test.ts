/**
 * What of a response is read by hand says the same as its schema, which names what is wrong.
 */
import { assert, it } from "@effect/vitest"
import { Hostile } from "@volley/testing"
import { Schema } from "effect"
import { isResponse, WholeResponse } from "../src/internal/chatTurn.ts"

const samples: ReadonlyArray<Schema.Json> = [
  {
    choices: [{
      finish_reason: "tool_calls",
      message: {
        role: "assistant",
        content: null,
        refusal: null,
        tool_calls: [
          { id: "a", type: "function", function: { name: "look", arguments: "{}" } },
          { id: null, function: { name: "look", arguments: "" } },
          { id: "c", type: "custom", custom: { name: "write", input: "" } }
        ]
      }
    }]
  },
  {
    choices: [{
      message: {
        content: [{ type: "thinking", thinking: [] }, { type: "text", text: "Well" }, "then"],
        function_call: { name: "look" },
        tool_calls: [
          { id: "a", type: null, function: { name: "look", arguments: { at: 1 } } },
          { id: "", function: { name: "", arguments: "" } }
        ]
      }
    }]
  },
  {
    choices: [{ message: { role: "assistant", content: "Well", tool_calls: null } }, { message: { role: "assistant" } }]
  }
]

it.each(samples)("takes what the schema takes, and nothing else: %j", (sample) => {
  for (const { changes, value } of [...Hostile.every(sample), { changes: [], value: sample }]) {
    assert.strictEqual(isResponse(value), Schema.is(WholeResponse)(value), changes.join())
  }
})
