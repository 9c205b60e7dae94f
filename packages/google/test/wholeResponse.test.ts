/**
 * What of a response is read by hand says the same as its schema, which names what is wrong.
 */
import { assert, it } from "@effect/vitest"
import { Hostile } from "@volley/testing"
import { Schema } from "effect"
import { Blocked, isResponse, WholeResponse } from "../src/internal/wholeResponse.ts"

const samples: ReadonlyArray<Schema.Json> = [
  {
    modelVersion: "gemini-3-pro",
    candidates: [{
      finishReason: "STOP",
      content: {
        role: "model",
        parts: [{ text: "Well" }, { functionCall: { id: "a", name: "look", args: { n: 1 } } }]
      }
    }]
  },
  { candidates: [{ content: { parts: [{ functionCall: { name: "look" } }] } }, { finishReason: "SAFETY" }] },
  { candidates: [{ content: null, finishReason: "SAFETY" }], modelVersion: null },
  { candidates: [{ content: { role: "", parts: [{ text: null, functionCall: null }] }, finishReason: null }] },
  { candidates: null, promptFeedback: { blockReason: "SAFETY" } },
  { candidates: [], promptFeedback: { blockReason: "SAFETY" } },
  { promptFeedback: { blockReason: "SAFETY" } }
]

it.each(samples)("takes what the schema takes, and nothing else: %j", (sample) => {
  for (const { changes, value } of [...Hostile.every(sample), { changes: [], value: sample }]) {
    assert.strictEqual(isResponse(value), Schema.is(WholeResponse)(value) || Schema.is(Blocked)(value), changes.join())
  }
})
