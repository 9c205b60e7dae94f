import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, Content, Plan, Tool, Toolkit } from "@volley/core"
import { EffectAi } from "@volley/effect-ai"
import { Context, Effect, Fiber, Latch, Layer, References, Schema, Stream } from "effect"
import { LanguageModel, Prompt, Tool as AiTool } from "effect/ai"
import { TestClock } from "effect/testing"
import { asks, finish, saying, streaming, type Wanted } from "./support.ts"

class NoCity extends Schema.TaggedError<NoCity>()("NoCity", { city: Schema.String }) {}
class Degrees extends Context.Service<Degrees, { readonly of: (city: string) => number }>()("Degrees") {}

const city = Schema.Struct({ city: Schema.String })

const weather = Tool.make("weather", {
  description: "How warm a city is. `city` comes from the user.",
  parameters: city,
  success: Schema.FiniteFromString,
  failure: NoCity,
  readOnly: true,
  execute: ({ city }, { progress }) =>
    city === "Atlantis"
      ? new NoCity({ city })
      : city === "Babel"
      ? Effect.die(new Error("secret"))
      : Effect.as(progress(`looking at ${city}`), city.length)
})

/** The results of a turn of calls under `effect/ai`. */
const results = Effect.fnUntraced(function*<T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  wanted: ReadonlyArray<Wanted>,
  options?: Batch.Options
) {
  const converted = EffectAi.toToolkit(toolkit, options)
  const { content } = yield* LanguageModel.generateText({ prompt: "Go.", toolkit: converted.toolkit }).pipe(
    Effect.provide(Layer.merge(converted.layer, saying([...asks(...wanted), finish("tool-calls")]).layer))
  )
  return content.flatMap((part) => part.type === "tool-result" ? [part] : [])
})

/** Results of `effect/ai`, which come as they end, in the order of their calls. */
const inOrder = <A extends { readonly id: string }>(results: ReadonlyArray<A>) =>
  results.toSorted((a, b) => a.id < b.id ? -1 : 1)

describe("EffectAi.toToolkit", () => {
  it.effect("gives results as JSON, and every failure as what the model reads of it", () =>
    Effect.gen(function*() {
      const ended = yield* results(Toolkit.make(weather), [
        ["weather", { city: "Oslo" }],
        ["weather", { city: "Atlantis" }],
        ["weather", { city: "Babel" }],
        ["weather", {}]
      ])
      const [right, failed, crashed, wrong] = inOrder(ended)
      assert.deepInclude(right, { id: "call_1", result: "4", encodedResult: "4", isFailure: false })
      assert.deepInclude(failed, { id: "call_2", isFailure: true })
      assert.deepNestedInclude(failed, { "result.error.type": "NoCity", "result.error.data": { city: "Atlantis" } })
      assert.deepNestedInclude(crashed, { isFailure: true, "result.error.type": "Defect" })
      assert.notInclude(JSON.stringify(crashed), "secret")
      assert.deepNestedInclude(wrong, { isFailure: true, "result.error.type": "InvalidArguments" })
    }))

  it.effect("keeps limits and timeouts for all calls together", () =>
    Effect.gen(function*() {
      const seen = { now: 0, most: 0 }
      const started = yield* Latch.make()
      const wait = Tool.make("wait", {
        description: "Waits. `millis` comes from the user.",
        parameters: Schema.Struct({ millis: Schema.Int }),
        success: Schema.Void,
        execute: ({ millis }) =>
          Effect.sync(() => void (seen.most = Math.max(seen.most, ++seen.now))).pipe(
            Effect.andThen(started.open),
            Effect.andThen(Effect.sleep(millis)),
            Effect.ensuring(Effect.sync(() => seen.now--))
          )
      })
      const wanted = [100, 5000, 100, 100].map((millis): Wanted => ["wait", { millis }])
      const fiber = yield* Effect.forkChild(
        results(Toolkit.make(wait), wanted, { concurrency: 2, timeout: "1 second" })
      )
      yield* started.await
      yield* TestClock.adjust("2 seconds")
      const ended = yield* Fiber.join(fiber)
      assert.strictEqual(seen.most, 2)
      assert.deepStrictEqual(ended.map(({ id, isFailure }) => [id, isFailure]).sort(), [
        ["call_1", false],
        ["call_2", true],
        ["call_3", false],
        ["call_4", false]
      ])
    }))

  it.effect("has calls that touch the same wait for one another", () =>
    Effect.gen(function*() {
      const seen = { now: 0, most: 0 }
      const write = Tool.make("write", {
        description: "Writes.",
        parameters: Schema.Struct({}),
        success: Schema.Void,
        access: [Access.write("file")],
        execute: () =>
          Effect.sync(() => void (seen.most = Math.max(seen.most, ++seen.now))).pipe(
            Effect.andThen(Effect.yieldNow),
            Effect.ensuring(Effect.sync(() => seen.now--))
          )
      })
      const ended = yield* results(Toolkit.make(write), [["write"], ["write"], ["write"]])
      assert.deepStrictEqual([seen.most, ended.length], [1, 3])
    }))

  it.effect.each([false, true])(
    "tells the listener of its options too, whatever that does; it crashes: %s",
    (crashes) =>
      Effect.gen(function*() {
        const told: Array<string> = []
        const onCall = ({ _tag }: Batch.CallEvent) =>
          Effect.suspend(() => {
            told.push(_tag)
            return crashes ? Effect.die(new Error("no room")) : Effect.void
          })
        const converted = EffectAi.toToolkit(Toolkit.make(weather), { onCall })
        const model = streaming(Stream.fromIterable([...asks(["weather", { city: "Oslo" }]), finish("tool-calls")]))
        const parts = yield* LanguageModel.streamText({ prompt: "Go.", toolkit: converted.toolkit }).pipe(
          Stream.runCollect,
          Effect.provide(Layer.merge(converted.layer, model)),
          Effect.provideService(References.CurrentLoggers, new Set())
        )
        assert.deepStrictEqual(told, ["CallStarted", "CallProgress", "CallSettled"])
        const seen = parts.flatMap((part) => part.type === "tool-result" ? [part.preliminary] : [])
        assert.deepStrictEqual(seen, [true, false])
      })
  )

  it.effect("has progress be preliminary results", () =>
    Effect.gen(function*() {
      const { layer, toolkit } = EffectAi.toToolkit(Toolkit.make(weather))
      const parts = Stream.fromIterable([...asks(["weather", { city: "Oslo" }]), finish("tool-calls")])
      const told = yield* LanguageModel.streamText({ prompt: "Go.", toolkit }).pipe(
        Stream.runCollect,
        Effect.provide(Layer.merge(layer, streaming(parts)))
      )
      const seen = told.flatMap((part) => part.type === "tool-result" ? [[part.preliminary, part.result]] : [])
      assert.deepStrictEqual(seen, [[true, "looking at Oslo"], [false, "4"]])
    }))

  it.effect("takes what tools need once, when its Layer is built", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(Tool.make("of", {
        description: "Degrees. `city` comes from the user.",
        parameters: city,
        success: Schema.Finite,
        execute: ({ city }) => Degrees.useSync(({ of }) => of(city))
      }))
      const [answer] = yield* Effect.provideService(
        results(toolkit, [["of", { city: "Oslo" }]]),
        Degrees,
        { of: () => 7 }
      )
      assert.strictEqual(answer?.result, 7)
    }))

  it.effect("shows images, and what was cut, as the model sees them in Volley; the stored prompt has no more", () =>
    Effect.gen(function*() {
      const shot = Tool.make("shot", {
        description: "A picture.",
        parameters: Schema.Struct({}),
        success: Schema.String,
        content: (title) => [Content.text(title), Content.image("image/png", Uint8Array.of(1, 2, 3))],
        execute: () => Effect.succeed("A page")
      })
      const long = Tool.make("long", {
        description: "A long text.",
        parameters: Schema.Struct({}),
        success: Schema.String,
        execute: () => Effect.succeed("x".repeat(1000))
      })
      const ended = yield* results(Toolkit.make(shot, long), [["shot"], ["long"]], { maxResultBytes: 100 })
      const [pictured, cut] = inOrder(ended)
      assert.deepStrictEqual(pictured?.modelOutput, [
        Prompt.makePart("text", { text: "A page" }),
        Prompt.makePart("file", { mediaType: "image/png", data: "AQID" })
      ])
      assert.propertyVal(pictured?.result, "value", "A page")
      assert.strictEqual(JSON.stringify(pictured?.result), "\"A page\"")
      assert.propertyVal(cut?.result, "value", "x".repeat(1000))
      assert.isBelow(JSON.stringify(cut?.result).length, 200)
    }))

  it("has a tool say of itself what it says in Volley, under the name that providers take", () => {
    const odd = Tool.make("a.b", {
      description: "Odd.",
      parameters: city,
      success: Schema.Void,
      idempotent: true,
      execute: () => Effect.void
    })
    const { toolkit } = EffectAi.toToolkit(Toolkit.make(weather, odd))
    const tools: ReadonlyArray<AiTool.Any> = Object.values(toolkit.tools)
    const said = tools.map((tool) => [
      tool.name,
      AiTool.getDescription(tool),
      Context.get(tool.annotations, AiTool.Readonly),
      Context.get(tool.annotations, AiTool.Idempotent),
      Context.get(tool.annotations, AiTool.Destructive)
    ])
    assert.deepStrictEqual(said, [
      ["weather", weather.description, true, true, false],
      ["a_b", "Odd.", false, true, true]
    ])
    assert.deepStrictEqual(tools.map((tool) => AiTool.getJsonSchema(tool)), [weather.jsonSchema, odd.jsonSchema])
  })
})

describe("EffectAi.toToolkit, approval", () => {
  const dropped: Array<string> = []
  const drop = Tool.make("drop", {
    description: "Drops a city. `city` comes from the user.",
    parameters: city,
    success: Schema.Void,
    approval: ({ city }) => city === "Rome",
    execute: ({ city }) => Effect.sync(() => void dropped.push(city))
  })

  it.effect("is asked for by effect/ai, by the parameters, and what it was given for runs", () =>
    Effect.gen(function*() {
      dropped.length = 0
      const { layer, toolkit } = EffectAi.toToolkit(Toolkit.make(drop))
      const model = saying(
        [...asks(["drop", { city: "Oslo" }], ["drop", { city: "Rome" }], ["drop", {}]), finish("tool-calls")],
        [{ type: "text", text: "Done." }, finish()]
      )
      const answered = yield* Effect.gen(function*() {
        const first = yield* LanguageModel.generateText({ prompt: "Go.", toolkit })
        const asked = first.content.flatMap((part) => part.type === "tool-approval-request" ? [part] : [])
        assert.deepStrictEqual(asked.map(({ toolCallId }) => toolCallId), ["call_2"])
        assert.deepStrictEqual(dropped, ["Oslo"])
        const prompt = Prompt.make("Go.").pipe(
          Prompt.concat(Prompt.fromResponseParts(first.content)),
          Prompt.concat([Prompt.toolMessage({
            content: asked.map(({ approvalId }) => Prompt.toolApprovalResponsePart({ approvalId, approved: true }))
          })])
        )
        return yield* LanguageModel.generateText({ prompt, toolkit })
      }).pipe(
        Effect.provide(Layer.mergeAll(layer, model.layer, Approver.deny))
      )
      assert.deepStrictEqual([answered.text, dropped], ["Done.", ["Oslo", "Rome"]])
    }))

  it.effect("of the steps of a plan is asked of the program's own approver", () =>
    Effect.gen(function*() {
      dropped.length = 0
      const kit = Toolkit.make(Plan.tool(Toolkit.make(drop)))
      const steps = ["Oslo", "Rome"].map((city, index) => ({ id: `s${index}`, tool: "drop", arguments: { city } }))
      const wanted: Wanted = [kit.tools[0]?.name ?? "", { steps }]
      const [plan] = yield* Effect.provide(results(kit, [wanted]), Approver.deny)
      assert.include(JSON.stringify(plan?.result), "Denied")
      assert.deepStrictEqual(dropped, ["Oslo"])
    }))
})
