import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { toStandardJsonSchema } from "@valibot/to-json-schema"
import { Batch, Pipeline, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Result, Schema } from "effect"
import type { StandardSchemaV1 } from "effect/StandardSchema"
import { runInNewContext } from "node:vm"
import * as v from "valibot"
import { z } from "zod"
import { ends, shown } from "./support.ts"

const Trip = z.object({
  city: z.string().min(1).describe("Where to; given by the user."),
  days: z.int().default(3),
  by: z.enum(["train", "plane"]).optional(),
  stops: z.array(z.object({ at: z.string() })).optional()
})

const trip = Tool.fromStandardSchema("trip", {
  description: "Plans a trip.",
  parameters: Trip,
  success: z.object({ plan: z.string(), days: z.number().transform((days) => `${days} days`) }),
  readOnly: true,
  execute: ({ city, days }) => Effect.succeed({ plan: `to ${city}`, days })
})

const run = (tool: Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>, args: unknown) =>
  Batch.run(Toolkit.make(tool), [ToolCall.make({ id: "a", name: tool.name, arguments: args })])

describe("Tool.fromStandardSchema with zod", () => {
  it("sends the JSON Schema of what it takes, draft 2020-12, without what tells a model nothing", () => {
    assert.deepStrictEqual<unknown>(trip.jsonSchema, {
      type: "object",
      properties: {
        city: { type: "string", minLength: 1, description: "Where to; given by the user." },
        days: { type: "integer", default: 3 },
        by: { type: "string", enum: ["train", "plane"] },
        stops: {
          type: "array",
          items: { type: "object", properties: { at: { type: "string" } }, required: ["at"] }
        }
      },
      required: ["city"]
    })
  })

  it.effect("gives the handler what validation gives out, and the model what `success` gives out", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* run(trip, "{\"city\":\"Oslo\",\"more\":1}")
      assert.deepStrictEqual(outcomes[0]?.result, Result.succeed({ plan: "to Oslo", days: 3 }))
      assert.strictEqual(outcomes[0]?.encoded, "{\"plan\":\"to Oslo\",\"days\":\"3 days\"}")
    }))

  it.effect("waits for a validator whose promise is of another realm", () =>
    Effect.gen(function*() {
      const validate = (): Promise<StandardSchemaV1.Result<z.output<typeof Trip>>> =>
        runInNewContext("Promise.resolve({ issues: [{ message: 'no such city' }] })")
      const tool = Tool.fromStandardSchema("trip", {
        description: "Plans a trip.",
        parameters: { "~standard": { ...Trip["~standard"], validate } },
        success: z.string(),
        readOnly: true,
        execute: () => Effect.succeed("ran")
      })
      assert.deepStrictEqual(ends(yield* run(tool, { city: "Oslo" })), ["InvalidArguments"])
    }))

  const asked: Readonly<
    Record<string, readonly [end: string, validate: () => Promise<StandardSchemaV1.Result<unknown>>]>
  > = {
    accepts: ["ran", async () => ({ value: { city: "Oslo", by: "train", stops: [] } })],
    refuses: ["InvalidArguments", async () => ({ issues: [{ message: "no such city" }] })],
    rejects: ["Defect", () => Promise.reject(new Error("crash"))]
  }

  it.effect.each(Object.entries(asked))(
    "asks a validator that takes its time once: one that %s",
    ([, [end, validate]]) =>
      Effect.gen(function*() {
        let count = 0
        const parameters: StandardSchemaV1<unknown, unknown> = {
          "~standard": { version: 1, vendor: "own", validate: () => (count++, validate()) }
        }
        const tool = Tool.fromStandardSchema("trip", {
          description: "Plans a trip.",
          parameters,
          jsonSchema: { type: "object" },
          success: z.string(),
          execute: () => Effect.succeed("ran")
        })
        assert.deepStrictEqual([ends(yield* run(tool, { city: null })), count], [[end], 1])
      })
  )

  it.effect("says what is wrong with arguments part by part, in the library's words", () =>
    Effect.gen(function*() {
      const settled = yield* run(trip, { city: "", by: "car", stops: [{ at: "Bergen" }, { at: 1 }] })
      assert.deepStrictEqual(ends(settled), ["InvalidArguments"])
      const { issues } = yield* Schema.decodeUnknownEffect(Issues)(shown(settled)["data"])
      assert.deepStrictEqual(issues.map(({ path }) => path), ["city", "by", "stops.1.at"])
      assert.strictEqual(issues[0]?.message, "Too small: expected string to have >=1 characters")
    }))

  it.effect("takes a result that does not fit for what the tool broke", () =>
    Effect.gen(function*() {
      const tool = Tool.fromStandardSchema("short", {
        description: "Says something short.",
        parameters: Schema.Struct({}),
        success: z.string().max(3),
        execute: () => Effect.succeed("long")
      })
      assert.deepStrictEqual(ends(yield* run(tool, {})), ["Unencodable"])
    }))

  it.effect("takes a result whose JSON form is no JSON for what the tool broke", () =>
    Effect.gen(function*() {
      const tool = Tool.fromStandardSchema("when", {
        description: "Says when.",
        parameters: Schema.Struct({}),
        success: z.string().transform((text) => new Date(text)),
        execute: () => Effect.succeed("2026-01-01")
      })
      assert.deepStrictEqual(ends(yield* run(tool, {})), ["Unencodable"])
    }))

  it.effect("waits for asynchronous validation", () =>
    Effect.gen(function*() {
      const known = async (city: string) => city !== "Atlantis"
      const tool = Tool.fromStandardSchema("city", {
        description: "Finds a city.",
        parameters: z.object({ city: z.string().refine(known, "no such city") }),
        success: z.string().refine(known),
        execute: ({ city }) => Effect.succeed(city)
      })
      assert.deepStrictEqual(ends(yield* run(tool, { city: "Oslo" })), ["Oslo"])
      const settled = yield* run(tool, { city: "Atlantis" })
      assert.deepStrictEqual(shown(settled)["data"], { issues: [{ path: "city", message: "no such city" }] })
    }))

  it.effect("has validation that throws be the call's Defect", () =>
    Effect.gen(function*() {
      const tool = Tool.fromStandardSchema("bad", {
        description: "Crashes.",
        parameters: z.object({ a: z.string().refine(() => assert.fail("crash")) }),
        success: z.null(),
        execute: () => Effect.succeed(null)
      })
      assert.deepStrictEqual(ends(yield* run(tool, { a: "" })), ["Defect"])
    }))

  it.effect("is a step of a pipeline, whose arguments are validated like a model's", () =>
    Effect.gen(function*() {
      const planned = Pipeline.make((call) => ({ trip: call(trip, { city: "Oslo", days: 2 }) }))
      const { outcomes } = yield* Pipeline.run(planned)
      assert.deepStrictEqual(outcomes.map(({ encoded }) => encoded), ["{\"plan\":\"to Oslo\",\"days\":\"2 days\"}"])
    }))

  it("says at once which parameters cannot be written as JSON Schema, and what to do", () => {
    const parameters = z.object({ at: z.date() })
    const definition = {
      description: "Waits.",
      parameters,
      success: z.null(),
      execute: () => Effect.succeed(null)
    }
    assert.throws(
      () => Tool.fromStandardSchema("wait", definition),
      /^Tool "wait": `parameters` of zod cannot be written as JSON Schema: .*Date.*; give it as `jsonSchema`\.$/
    )
    const jsonSchema = { type: "object" as const, properties: { at: { type: "string" } } }
    assert.strictEqual(Tool.fromStandardSchema("wait", { ...definition, jsonSchema }).jsonSchema, jsonSchema)
    assert.throws(() => Tool.fromStandardSchema("wait", { ...definition, parameters: z.string() }), /must be a struct/)
  })

  it("infers what the handler gets, what it gives and what it needs", () => {
    type Given = {
      city: string
      days: number
      by?: "train" | "plane" | undefined
      stops?: Array<{ at: string }> | undefined
    }
    expectTypeOf(trip.parameters.Type).toEqualTypeOf<Given>()
    expectTypeOf(trip.success.Type).toEqualTypeOf<{ plan: string; days: number }>()
    expectTypeOf<Tool.Requirements<typeof trip>>().toEqualTypeOf<never>()
    Tool.fromStandardSchema("x", {
      description: "",
      parameters: Trip,
      success: z.number(),
      // @ts-expect-error `success` does not take a text
      execute: () => Effect.succeed("")
    })
  })
})

const Issues = Schema.Struct({
  issues: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String }))
})

describe("Tool.fromStandardSchema with other libraries", () => {
  const Place = v.object({ city: v.pipe(v.string(), v.toLowerCase()) })
  const definition = {
    description: "Finds a place.",
    success: v.string(),
    execute: ({ city }: { readonly city: string }) => Effect.succeed(city)
  }

  it.effect("takes valibot's once it writes JSON Schema, or that is given", () =>
    Effect.gen(function*() {
      const jsonSchema = { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] }
      const plain = toStandardJsonSchema(v.object({ city: v.string() }))
      const written = Tool.fromStandardSchema("place", { ...definition, parameters: plain })
      const given = Tool.fromStandardSchema("place", { ...definition, parameters: Place, jsonSchema })
      assert.deepStrictEqual(written.jsonSchema, given.jsonSchema)
      assert.deepStrictEqual(ends(yield* run(written, { city: "OSLO" })), ["OSLO"])
      assert.deepStrictEqual(ends(yield* run(given, { city: "OSLO" })), ["oslo"])
    }))

  it("says at once where there is no JSON Schema", () => {
    assert.throws(
      () => Tool.fromStandardSchema("place", { ...definition, parameters: Place }),
      "Tool \"place\": `parameters` of valibot has no JSON Schema of its own; give it as `jsonSchema`."
    )
  })

  const own = (
    validate: StandardSchemaV1<{ readonly city: string }>["~standard"]["validate"]
  ): StandardSchemaV1<{ readonly city: string }> => ({ "~standard": { version: 1, vendor: "own", validate } })

  it.effect.each<[string, string, ReturnType<typeof own>]>([
    ["an issue without a path", "InvalidArguments", own(() => ({ issues: [{ message: "no" }] }))],
    ["a failure without an issue", "InvalidArguments", own(() => ({ issues: [] }))],
    ["a promise of a failure", "InvalidArguments", own(async () => ({ issues: [{ message: "no" }] }))],
    ["a promise that is rejected", "Defect", own(async () => assert.fail("crash"))]
  ])("takes %s for %s", ([, end, parameters]) =>
    Effect.gen(function*() {
      const tool = Tool.fromStandardSchema("own", { ...definition, parameters, jsonSchema: { type: "object" } })
      assert.deepStrictEqual(ends(yield* run(tool, {})), [end])
    }))
})
