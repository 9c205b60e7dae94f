import { assert, describe, it } from "@effect/vitest"
import { Conversation } from "@volley/core"
import { afterEach, vi } from "vitest"

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe("A run id", () => {
  afterEach(() => vi.unstubAllGlobals())

  it.each([
    ["where there is a secure context", crypto],
    ["where a page came over plain http", { getRandomValues: crypto.getRandomValues.bind(crypto) }]
  ])("is a random UUID %s", (_, there) => {
    vi.stubGlobal("crypto", there)
    const ids = Array.from({ length: 100 }, () => Conversation.make("Hi").runId)
    for (const id of ids) assert.match(id, uuid)
    assert.strictEqual(new Set(ids).size, ids.length)
  })
})
