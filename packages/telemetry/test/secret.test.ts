/**
 * What a schema marks as secret leaves in no span, wherever in the schema the mark is.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Tool, Toolkit } from "@volley/core"
import { Telemetry } from "@volley/telemetry"
import { ScriptedModel } from "@volley/testing"
import {
  Chunk,
  Effect,
  HashMap,
  HashSet,
  Layer,
  Option,
  Redacted,
  Result,
  Schema,
  SchemaTransformation,
  Tracer
} from "effect"
import { recordingTracer } from "./spans.ts"

const pin = Schema.String.annotate(Telemetry.secret)
const isAny = Schema.makeFilter(() => true)

/** A schema that marks something, and a value of it that has the secret there. */
interface Marked<A, I> {
  readonly schema: Schema.Codec<A, I>
  readonly value: A
}

const marked = <A, I>(schema: Schema.Codec<A, I>, value: A): Marked<A, I> => ({ schema, value })

class Account extends Schema.Class<Account>("Account")({ user: Schema.String, pin }) {}

const joined = SchemaTransformation.transform<ReadonlyArray<string>, string>({
  decode: (text) => text.split(","),
  encode: (texts) => texts.join(",")
})
const wrapped = SchemaTransformation.transform<Option.Option<string>, string>({
  decode: Option.some,
  encode: Option.getOrElse(() => "")
})

const schemas: ReadonlyArray<readonly [string, Marked<unknown, unknown>]> = Object.entries({
  "behind which is a check": marked(pin.check(Schema.isMinLength(2), isAny), "s3cret"),
  "that is a check's own": marked(Schema.String.check(isAny).annotate(Telemetry.secret).check(isAny), "s3cret"),
  "by its format, behind which is a check": marked(
    Schema.String.annotate({ format: "password" }).check(isAny),
    "s3cret"
  ),
  "of a struct, behind which is a check": marked(
    Schema.Struct({ a: Schema.String }).annotate(Telemetry.secret).check(isAny),
    { a: "s3cret" }
  ),
  "in a brand": marked(pin.pipe(Schema.brand("Pin")), pin.pipe(Schema.brand("Pin")).make("s3cret")),
  "in an option": marked(Schema.Option(pin), Option.some("s3cret")),
  "in a struct in an option": marked(Schema.Option(Schema.Struct({ pin })), Option.some({ pin: "s3cret" })),
  "in a class in an option": marked(Schema.Option(Account), Option.some(new Account({ user: "a", pin: "s3cret" }))),
  "in an option of what is redacted": marked(
    Schema.Option(Schema.RedactedFromValue(Schema.String)),
    Option.some(Redacted.make("s3cret"))
  ),
  "in a map": marked(Schema.ReadonlyMap(Schema.String, pin), new Map([["a", "s3cret"]])),
  "in a hash map": marked(Schema.HashMap(Schema.String, pin), HashMap.make(["a", "s3cret"])),
  "in a hash set": marked(Schema.HashSet(pin), HashSet.make("s3cret")),
  "in a set": marked(Schema.ReadonlySet(pin), new Set(["s3cret"])),
  "in a chunk": marked(Schema.Chunk(pin), Chunk.make("s3cret")),
  "in a result": marked(Schema.Result(pin, Schema.String), Result.succeed("s3cret")),
  "in an array that is text as JSON": marked(Schema.String.pipe(Schema.decodeTo(Schema.Array(pin), joined)), [
    "s3cret"
  ]),
  "in an option that is text as JSON": marked(
    Schema.String.pipe(Schema.decodeTo(Schema.Option(pin), wrapped)),
    Option.some("s3cret")
  ),
  "of what is read further": marked(
    Schema.Trim.annotate(Telemetry.secret).pipe(Schema.decodeTo(Schema.NonEmptyString)),
    "s3cret"
  )
})

/** All that leaves with the spans of an agent that calls a tool once. */
const leaving = Effect.fnUntraced(function*(
  tool: Tool.Tool<"keep", Schema.Constraint, Schema.Constraint, Schema.Constraint>,
  args: Schema.Json
) {
  const { ended, tracer } = recordingTracer()
  const model = ScriptedModel.make([
    ScriptedModel.calls({ name: "keep", arguments: args }),
    ScriptedModel.says("Done.")
  ])
  yield* Agent.run({ toolkit: Toolkit.make(tool), prompt: "Keep it." }).pipe(
    Effect.provide(Layer.merge(model.layer, Telemetry.layer({ content: Telemetry.everything }))),
    Effect.provideService(Tracer.Tracer, tracer)
  )
  const read = JSON.stringify(model.requests.at(-1)?.conversation.messages)
  return { shown: JSON.stringify(ended.map(({ span }) => Object.fromEntries(span.attributes))), read }
})

const description = "For tests."
const none = Schema.Struct({})

describe("a secret", () => {
  it.effect.each(schemas)(
    "%s does not leave as an argument, a result or a failure",
    ([, { schema, value }]) =>
      Effect.gen(function*() {
        const json = yield* Schema.encodeEffect(Schema.toCodecJson(schema))(value)
        const parameters = Schema.Struct({ it: schema })
        const success = Schema.Void
        const taking = Tool.make("keep", { description, parameters, success, execute: () => Effect.void })
        const giving = Tool.make("keep", {
          description,
          parameters: none,
          success: schema,
          execute: () => Effect.succeed(value)
        })
        const failing = Tool.make("keep", {
          description,
          parameters: none,
          success,
          failure: schema,
          execute: () => Effect.fail(value)
        })
        const lives = [yield* leaving(taking, { it: json }), yield* leaving(giving, {}), yield* leaving(failing, {})]
        for (const { read, shown } of lives) {
          assert.include(read, "s3cret")
          assert.notInclude(shown, "s3cret")
          assert.include(shown, "[redacted]")
        }
      })
  )

  it.effect("of a class is hidden alone", () =>
    Effect.gen(function*() {
      const success = Account
      const execute = () => Effect.succeed(new Account({ user: "ada", pin: "s3cret" }))
      const tool = Tool.make("keep", { description, parameters: none, success, execute })
      const { shown } = yield* leaving(tool, {})
      assert.notInclude(shown, "s3cret")
      assert.include(shown, "ada")
    }))

  it.effect.each<readonly [string, object, Schema.Json]>([
    ["under a pattern", { patternProperties: { "^x-": { writeOnly: true } } }, { "x-key": "s3cret" }],
    ["under a property and a pattern", {
      properties: { "x-key": { type: "string" } },
      patternProperties: { "^x-": { writeOnly: true } }
    }, { "x-key": "s3cret" }],
    // oxlint-disable-next-line unicorn/no-thenable -- it is a JSON Schema
    ["under a condition", { if: { required: ["a"] }, then: { properties: { a: { writeOnly: true } } } }, {
      a: "s3cret"
    }],
    ["under another condition", { if: { required: ["b"] }, else: { properties: { a: { writeOnly: true } } } }, {
      a: "s3cret"
    }],
    ["where another property is", { dependentSchemas: { b: { properties: { a: { writeOnly: true } } } } }, {
      a: "s3cret",
      b: 1
    }],
    ["of what no other part knows", { unevaluatedProperties: { writeOnly: true } }, { a: "s3cret" }],
    ["under a name with a space", {
      properties: { a: { $ref: "#/$defs/a%20pin" } },
      $defs: { "a pin": { format: "password" } }
    }, { a: "s3cret" }],
    ["under a name that is an anchor", {
      properties: { a: { $ref: "#pin" } },
      $defs: { a: { $anchor: "pin", format: "password" } }
    }, { a: "s3cret" }]
  ])("of a JSON Schema %s does not leave", ([, schema, args]) =>
    Effect.gen(function*() {
      const parameters = { type: "object", ...schema }
      const validate = () => undefined
      const execute = () => Effect.succeed("kept")
      const tool = Tool.fromJsonSchema("keep", { description, parameters, validate, execute })
      const { read, shown } = yield* leaving(tool, args)
      assert.include(read, "s3cret")
      assert.notInclude(shown, "s3cret")
    }))
})
