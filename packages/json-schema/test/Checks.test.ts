import { assert, describe, it } from "@effect/vitest"
import { Tool } from "@volley/core"
import { Checks } from "@volley/json-schema"
import { Effect, Schema } from "effect"
import { checksOf as cfWorker } from "../src/internal/cfWorker.ts"

/** A schema that contains itself twice, under a name, and a value of it that is so deep. */
const twice = (name: string) => {
  const next = { properties: { [name]: { $ref: "#/$defs/node" }, end: false } }
  return {
    schema: {
      type: "object",
      properties: { [name]: { $ref: "#/$defs/node" } },
      $defs: { node: { oneOf: [next, next] } }
    },
    deep: Array.from({ length: 17 }).reduce<Schema.JsonObject>((inner) => ({ [name]: inner }), { end: true })
  }
}

describe("Checks", () => {
  it("bound a schema that contains itself, also where a property has the name of a keyword", () => {
    for (const name of ["next", "default", "enum", "const", "examples", "properties"]) {
      const { deep, schema } = twice(name)
      assert.include(Checks.make().of(schema)(deep), "more than 50000 references are followed", name)
    }
  })

  it("read what older drafts say in ways of their own, also where a schema names no draft", () => {
    const pair = { type: "array", items: [{ type: "string" }, { type: "number" }], additionalItems: false }
    for (const schema of [pair, { ...pair, $schema: "http://json-schema.org/draft-07/schema#" }]) {
      for (const check of [Checks.make().of(schema), cfWorker(Checks.make().patterns, false)(schema)]) {
        assert.isUndefined(check(["a", 1]))
        for (const value of [["a", "b"], ["a", 1, 2]]) assert.isString(check(value))
      }
    }
  })

  it("read `nullable` as OpenAPI 3.0 writes it, unless an enumeration says otherwise", () => {
    const properties = {
      plain: { type: "string", nullable: true },
      untyped: { $ref: "#/$defs/id", nullable: true },
      never: { type: "string", nullable: false },
      kind: { type: "string", enum: ["a"], nullable: true },
      maybe: { type: "string", enum: ["a", null], nullable: true },
      nullable: { type: "integer" }
    }
    const check = Checks.make().of({ type: "object", properties, $defs: { id: { type: "integer" } } })
    for (const one of ["plain", "untyped", "maybe"]) assert.isUndefined(check({ [one]: null }), one)
    for (const one of ["never", "kind", "nullable"]) assert.isString(check({ [one]: null }), one)
    assert.isUndefined(check({ plain: "a", untyped: 1, never: "a", kind: "a", maybe: "a", nullable: 1 }))
    for (const one of Object.keys(properties)) assert.isString(check({ [one]: true }), one)
  })

  it("leave values as they are", () => {
    const enumOf = [{ $ref: "#/nowhere" }, { properties: { pattern: "(" } }]
    const check = Checks.make().of({ type: "object", properties: { one: { enum: enumOf } } })
    for (const one of enumOf) assert.isUndefined(check({ one }))
    assert.isDefined(check({ one: {} }))
  })

  it("are Effect's where it can say what is asked for, and a validator's where it cannot", () => {
    const checks = Checks.make()
    const who = (schema: object) => {
      const made: Array<boolean> = []
      Checks.fit({ type: "object", ...schema }, checks, (validate) => {
        made.push(validate !== undefined)
        const { patterns } = checks
        return Tool.fromJsonSchema("any", {
          description: "",
          parameters: { type: "object", ...schema },
          validate,
          patterns,
          execute: () => Effect.succeed(null)
        })
      })
      return made
    }
    assert.deepStrictEqual(who({ properties: { text: { type: "string", pattern: "^a+$" } } }), [false])
    assert.deepStrictEqual(who({ not: { required: ["text"] } }), [false, true])
    assert.throws(
      () => who({ properties: { text: { type: "string", pattern: "(?<=a)b" } }, not: { required: ["other"] } }),
      "cannot be matched in linear time"
    )
  })
})
