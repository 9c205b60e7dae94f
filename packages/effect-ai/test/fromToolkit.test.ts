import { assert, describe, it } from "@effect/vitest"
import { Approver, Batch } from "@volley/core"
import { EffectAi } from "@volley/effect-ai"
import { Context, Effect, Layer, Result, Schema } from "effect"
import { AiError, Prompt, Tool, Toolkit } from "effect/ai"
import { callsOf, read, type Wanted } from "./support.ts"

class NoCity extends Schema.TaggedError<NoCity>()("NoCity", { city: Schema.String }) {}
class Degrees extends Context.Service<Degrees, { readonly of: (city: string) => number }>()("Degrees") {}

const city = Schema.Struct({ city: Schema.String })

const weather = <Mode extends Tool.FailureMode>(failureMode: Mode) =>
  Tool.make("weather", { parameters: city, success: Schema.FiniteFromString, failure: NoCity, failureMode })

/** What the model reads of calls of a tool with this handler. */
const reads = Effect.fnUntraced(function*(
  handler: (city: string) => Effect.Effect<number, NoCity | AiError.AiError | AiError.AiErrorReason>,
  mode: Tool.FailureMode = "error"
) {
  const kit = Toolkit.make(weather(mode))
  const { toolkit } = yield* EffectAi.fromToolkit(kit).pipe(
    Effect.provide(kit.toLayer({ weather: ({ city }) => handler(city) }))
  )
  const [answer] = yield* read(toolkit, [["weather", { city: "Oslo" }]])
  return answer?.[1]
})

/** The only call of a turn, as it ended. */
const outcomeOf = Effect.fnUntraced(function*<T extends Parameters<typeof Batch.run>[0]["tools"][number]>(
  toolkit: Parameters<typeof Batch.run<T>>[0],
  wanted: Wanted,
  options?: Batch.Options
) {
  const { outcomes: [outcome] } = yield* Batch.run(toolkit, callsOf(wanted), options)
  assert.isDefined(outcome)
  return outcome
})

describe("EffectAi.fromToolkit", () => {
  it.effect("takes the handlers of the context, with what their layer was built with", () =>
    Effect.gen(function*() {
      const kit = Toolkit.make(weather("error"))
      const handlers = kit.toLayer(Effect.map(Degrees, ({ of }) => ({
        weather: ({ city }: { readonly city: string }) => Effect.sync(() => of(city))
      })))
      const layer = Layer.provide(handlers, Layer.succeed(Degrees, { of: (city) => city.length }))
      const { leftOut, toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), layer)
      const { encoded, result } = yield* outcomeOf(toolkit, ["weather", { city: "Oslo" }])
      assert.deepStrictEqual([leftOut, encoded], [[], "\"4\""])
      assert.deepStrictEqual(result, Result.succeed(4))
    }))

  it.effect("leaves what a tool depends on to whoever runs it", () =>
    Effect.gen(function*() {
      const kit = Toolkit.make(weather("error").addDependency(Degrees))
      const handlers = kit.toLayer({ weather: ({ city }) => Degrees.useSync(({ of }) => of(city)) })
      const { toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), handlers)
      const run = read(toolkit, [["weather", { city: "Oslo" }]])
      const answers = yield* Effect.provideService(run, Degrees, { of: () => 7 })
      assert.deepStrictEqual(answers, [["call_1", "7"]])
    }))

  it.effect.each(["error", "return"] as const)(
    "has a typed failure be that of its call, in the mode %s",
    (mode) =>
      Effect.gen(function*() {
        const said = yield* reads((city) => new NoCity({ city }), mode)
        assert.deepStrictEqual(said, {
          error: {
            type: "NoCity",
            message: "The tool failed with NoCity.",
            safeToRepeat: false,
            data: { city: "Oslo" }
          }
        })
      })
  )

  it.effect.each(
    [
      ["as a reason", new AiError.RateLimitError({})],
      ["whole", AiError.make({ module: "m", method: "f", reason: new AiError.RateLimitError({}) })]
    ] as const
  )(
    "tells which error of effect/ai a handler failed with, and what it says: %s",
    ([, error]) =>
      Effect.gen(function*() {
        const said = yield* reads(() => Effect.fail(error))
        assert.deepNestedInclude(said, {
          "error.type": "AiError",
          "error.message": "Rate limit exceeded",
          "error.data": { reason: "RateLimitError" }
        })
      })
  )

  it.effect("shows no model what an address has of secrets", () =>
    Effect.gen(function*() {
      const url = "https://u:p4ssw0rd@a.test/?key=k3y-of-mine"
      const said = yield* reads(() =>
        Effect.fail(new AiError.NetworkError({ reason: "TransportError", method: "GET", url }))
      )
      assert.nestedPropertyVal(said, "error.data.reason", "NetworkError")
      for (const secret of ["p4ssw0rd", "k3y-of-mine"]) assert.notInclude(JSON.stringify(said), secret)
    }))

  it.effect("has preliminary results be progress, written as its results are", () =>
    Effect.gen(function*() {
      const kit = Toolkit.make(weather("error"))
      const handlers = kit.toLayer({
        weather: ({ city }, { preliminary, toolCallId }) =>
          Effect.as(preliminary(city.length), toolCallId === "call_1" ? 5 : 0)
      })
      const { toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), handlers)
      const told: Array<Schema.Json> = []
      const { encoded } = yield* outcomeOf(toolkit, ["weather", { city: "Oslo" }], {
        onCall: (event) => Effect.sync(() => void (event._tag === "CallProgress" && told.push(event.progress)))
      })
      assert.deepStrictEqual([told, encoded], [["4"], "\"5\""])
    }))

  it.effect("takes over what a tool says of itself", () =>
    Effect.gen(function*() {
      const kit = Toolkit.make(
        Tool.make("plain"),
        Tool.make("reads", { description: "Reads." }).annotate(Tool.Readonly, true),
        Tool.make("puts", { parameters: city.annotate({ description: "Puts." }) }).annotate(Tool.Idempotent, true)
      )
      const handlers = kit.toLayer({ plain: () => Effect.void, reads: () => Effect.void, puts: () => Effect.void })
      const { toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), handlers)
      const said = toolkit.tools.map(({ description, idempotent, readOnly }) => [description, readOnly, idempotent])
      assert.deepStrictEqual(said, [["plain", false, false], ["Reads.", true, true], ["Puts.", false, true]])
      assert.deepStrictEqual(yield* read(toolkit, [["plain"]]), [["call_1", null]])
    }))

  it.effect("shows what toModelOutput makes of a result", () =>
    Effect.gen(function*() {
      const kit = Toolkit.make(Tool.make("shot", {
        success: Schema.String,
        toModelOutput: (title) => [
          Prompt.makePart("text", { text: title }),
          Prompt.makePart("file", { mediaType: "image/png", data: Uint8Array.of(1, 2, 3) }),
          Prompt.makePart("file", { mediaType: "application/pdf", data: "AQID", fileName: "a.pdf" }),
          Prompt.makePart("file", { mediaType: "image/*", data: "data:image/jpeg;base64,/9j/" }),
          Prompt.makePart("file", { mediaType: "text/plain", data: new URL("https://a.test/x") })
        ]
      }))
      const handlers = kit.toLayer({ shot: () => Effect.succeed("A page") })
      const { toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), handlers)
      const { encoded, media, result } = yield* outcomeOf(toolkit, ["shot"])
      assert.deepStrictEqual(result, Result.succeed("A page"))
      assert.strictEqual(encoded, "A page\n\n[text/plain is left out: its data is not here, and no address is fetched]")
      assert.deepStrictEqual(media, [
        { type: "image", mediaType: "image/png", data: "AQID" },
        { type: "document", mediaType: "application/pdf", data: "AQID", name: "a.pdf" },
        { type: "image", mediaType: "image/jpeg", data: "/9j/" }
      ])
    }))
})

describe("EffectAi.fromToolkit, needsApproval", () => {
  const asked = Effect.fnUntraced(function*(needsApproval: Tool.NeedsApproval<typeof city> | undefined) {
    const kit = Toolkit.make(Tool.make("drop", { parameters: city, needsApproval }))
    const { toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), kit.toLayer({ drop: () => Effect.void }))
    const { pending } = yield* Batch.run(toolkit, callsOf(["drop", { city: "Oslo" }], ["drop", { city: "Rome" }])).pipe(
      Effect.provide(Approver.layer(() => Effect.succeed("undecided")))
    )
    return pending.map(({ id }) => id)
  })

  it.effect.each<readonly [string, Tool.NeedsApproval<typeof city> | undefined, ReadonlyArray<string>]>([
    ["nothing", undefined, []],
    ["false", false, []],
    ["true", true, ["call_1", "call_2"]],
    ["parameters", ({ city }) => city === "Rome", ["call_2"]],
    ["an effect", () => Effect.succeed(false), ["call_1", "call_2"]],
    ["the messages", (_, { messages }) => messages.length > 5, ["call_1", "call_2"]]
  ])("asks about calls by %s", ([, needs, pending]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* asked(needs), pending)
    }))
})

describe("EffectAi.fromToolkit, other kinds of tools", () => {
  const schema = {
    type: "object",
    properties: { code: { type: "string", pattern: "^a+$" } },
    not: { required: ["password"] }
  } as const

  it.effect("checks the arguments of a dynamic tool by its JSON Schema, which is sent as it is", () =>
    Effect.gen(function*() {
      const kit = Toolkit.make(Tool.dynamic("login", { parameters: schema, success: Schema.FiniteFromString }))
      const handlers = kit.toLayer({ login: (params) => Effect.succeed(JSON.stringify(params).length) })
      const { toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), handlers)
      assert.deepStrictEqual(toolkit.tools[0]?.jsonSchema, schema)
      const answers = yield* read(toolkit, [
        ["login", { code: "aaa" }],
        ["login", { code: `${"a".repeat(50)}b` }],
        ["login", { password: "x" }]
      ])
      const [right, ...wrong] = answers.map(([, answer]) => answer)
      assert.strictEqual(right, "14")
      for (const answer of wrong) assert.nestedPropertyVal(answer, "error.type", "InvalidArguments")
    }))

  it.effect("takes a dynamic tool that says nothing of its parameters", () =>
    Effect.gen(function*() {
      const kit = Toolkit.make(Tool.dynamic("any"))
      const { toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), kit.toLayer({ any: Effect.succeed }))
      assert.deepStrictEqual(yield* read(toolkit, [["any", { n: 1 }]]), [["call_1", { n: 1 }]])
    }))

  it.effect("decodes the parameters of a dynamic tool with a schema of Effect", () =>
    Effect.gen(function*() {
      const kit = Toolkit.make(
        Tool.dynamic("twice", { parameters: Schema.Struct({ n: Schema.FiniteFromString }), success: Schema.Finite })
      )
      const { toolkit } = yield* Effect.provide(
        EffectAi.fromToolkit(kit),
        kit.toLayer({ twice: ({ n }) => Effect.succeed(n * 2) })
      )
      assert.deepStrictEqual(yield* read(toolkit, [["twice", { n: "21" }]]), [["call_1", 42]])
    }))

  it.effect("leaves out what a provider runs, and what nobody can check, each with the reason", () =>
    Effect.gen(function*() {
      const search = Tool.providerDefined({ id: "test.search", customName: "search", providerName: "web_search" })()
      const lookbehind = { type: "object", properties: { a: { type: "string", pattern: "(?<=a)b" } } }
      const kit = Toolkit.make(search, Tool.dynamic("odd", { parameters: lookbehind }), Tool.make("plain"))
      const handlers = kit.toLayer({ odd: () => Effect.void, plain: () => Effect.void })
      const { leftOut, toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), handlers)
      assert.deepStrictEqual(toolkit.tools.map(({ name }) => name), ["plain"])
      assert.deepStrictEqual(leftOut.map(({ tool }) => tool), ["search", "odd"])
      assert.strictEqual(leftOut[0]?.why, "its provider runs it")
      assert.include(leftOut[1]?.why, "(?<=a)b")
    }))

  it.effect("takes what a provider defines and the program runs", () =>
    Effect.gen(function*() {
      const shell = Tool.providerDefined({
        id: "test.shell",
        customName: "shell",
        providerName: "bash",
        requiresHandler: true,
        parameters: Schema.Struct({ command: Schema.String }),
        success: Schema.String
      })({})
      const kit = Toolkit.make(shell)
      const handlers = kit.toLayer({ shell: ({ command }) => Effect.succeed(`ran ${command}`) })
      const { toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), handlers)
      assert.deepStrictEqual(yield* read(toolkit, [["shell", { command: "ls" }]]), [["call_1", "ran ls"]])
    }))
})
