import { assert, describe, it } from "@effect/vitest"
import { Toolkit } from "@volley/core"
import * as Scenarios from "../src/Scenarios.ts"

describe("Scenarios.all", () => {
  it.each(Scenarios.all)("$name tells a model of every input what it is and where it comes from", ({ toolkit }) => {
    assert.deepStrictEqual(Toolkit.lint(toolkit), [])
  })
})
