/**
 * What the compiler promises; most of it is checked by `tsc`, not by running it.
 */
// @effect-diagnostics missingEffectError:off -- what must not compile is here on purpose
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import type { Outcome } from "@volley/core"
import {
  Agent,
  type AgentError,
  Batch,
  CallError,
  ChatModel,
  ChatModelError,
  Conversation,
  Tool,
  ToolCall,
  Toolkit
} from "@volley/core"
import { Context, Effect, Layer, Result, Schema, SchemaGetter, Stream } from "effect"

class Weather extends Context.Service<Weather, { readonly current: (city: string) => Effect.Effect<number> }>()(
  "test/Weather"
) {}
class Cities extends Context.Service<Cities, ReadonlyArray<string>>()("test/Cities") {}
class Units extends Context.Service<Units, "c" | "f">()("test/Units") {}

class CityNotFound extends Schema.TaggedError<CityNotFound>()("CityNotFound", { city: Schema.String }) {}

const plain = Tool.make("plain", {
  description: "Needs nothing and cannot fail.",
  parameters: Schema.Struct({ a: Schema.Int }),
  success: Schema.Int,
  execute: ({ a }) => Effect.succeed(a)
})

const getWeather = Tool.make("get_weather", {
  description: "Needs a service.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Struct({ temp: Schema.Number }),
  failure: CityNotFound,
  readOnly: true,
  execute: ({ city }) =>
    city === ""
      ? Effect.fail(new CityNotFound({ city }))
      : Weather.use((weather) => Effect.map(weather.current(city), (temp) => ({ temp })))
})

const wait = Tool.make("wait", {
  description: "Its handler comes later.",
  parameters: Schema.Struct({ millis: Schema.Int }),
  success: Schema.Void,
  failure: Schema.Literal("too long")
})

const dynamic = Tool.fromJsonSchema("dynamic", {
  description: "Its types are unknown.",
  parameters: { type: "object" },
  failure: Schema.Unknown,
  execute: (args) => Effect.succeed(args)
})

/** A schema whose decoding needs one service and whose encoding needs another. */
const Known = Schema.String.pipe(
  Schema.decodeTo(Schema.String, {
    decode: SchemaGetter.transformEffect((city: string) => Effect.as(Cities, city)),
    encode: SchemaGetter.transformEffect((city: string) => Effect.as(Units, city))
  })
)

const calls: ReadonlyArray<ToolCall.ToolCall> = []

type ResultOf<O> = O extends { readonly result: infer R } ? R : never
type OutcomeNamed<K extends Toolkit.Any, Name> = Extract<Outcome.Outcome<Toolkit.Tools<K>>, { readonly name: Name }>

describe("the type of a batch", () => {
  it("never fails and needs nothing where no tool needs anything", () => {
    const batch = Batch.run(Toolkit.make(plain), calls)
    expectTypeOf<Effect.Error<typeof batch>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Services<typeof batch>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Services<ReturnType<typeof Batch.run<never>>>>().toEqualTypeOf<never>()
  })

  it("needs exactly what its tools need", () => {
    const one = Batch.run(Toolkit.make(plain, getWeather), calls)
    expectTypeOf<Effect.Error<typeof one>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Services<typeof one>>().toEqualTypeOf<Weather>()
    const both = Batch.run(Toolkit.make(plain, getWeather, wait), calls)
    expectTypeOf<Effect.Services<typeof both>>().toEqualTypeOf<Weather | Tool.Handler<"wait">>()
  })

  it("needs what schemas need: parameters to decode, success and failure to encode", () => {
    const tool = <P extends Schema.Constraint, S extends Schema.Constraint, F extends Schema.Constraint>(
      schemas: { readonly parameters: P; readonly success: S; readonly failure: F }
    ) => Tool.make("t", { description: "", ...schemas, execute: () => Effect.die("unused") })
    const none = Schema.Struct({})
    const parameters = Toolkit.make(tool({ parameters: Schema.Struct({ city: Known }), success: none, failure: none }))
    const success = Toolkit.make(tool({ parameters: none, success: Known, failure: none }))
    const failure = Toolkit.make(tool({ parameters: none, success: none, failure: Known }))
    const needs = <T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>) => Batch.run(toolkit, calls)
    expectTypeOf<Effect.Services<ReturnType<typeof needs<Toolkit.Tools<typeof parameters>>>>>().toEqualTypeOf<Cities>()
    expectTypeOf<Effect.Services<ReturnType<typeof needs<Toolkit.Tools<typeof success>>>>>().toEqualTypeOf<Units>()
    expectTypeOf<Effect.Services<ReturnType<typeof needs<Toolkit.Tools<typeof failure>>>>>().toEqualTypeOf<Units>()
  })

  it("an agent needs a model and what its tools need, and fails as the model does, or without an answer", () => {
    const agent = Agent.run({ toolkit: Toolkit.make(getWeather), prompt: "Go on." })
    expectTypeOf<Effect.Error<typeof agent>>().toEqualTypeOf<ChatModelError.ChatModelError | AgentError.AgentError>()
    expectTypeOf<Effect.Services<typeof agent>>().toEqualTypeOf<ChatModel.ChatModel | Weather>()
    expectTypeOf<Effect.Success<typeof agent>>().toEqualTypeOf<Agent.Ended<typeof getWeather>>()
  })

  it("an agent with an output gives a value of its schema, and needs what the schema does", () => {
    const agent = Agent.run({ toolkit: Toolkit.make(plain), prompt: "Go on.", output: Schema.Struct({ city: Known }) })
    expectTypeOf<Effect.Success<typeof agent>["output"]>().toEqualTypeOf<{ readonly city: string }>()
    expectTypeOf<Effect.Services<typeof agent>>().toEqualTypeOf<ChatModel.ChatModel | Cities>()
    const events = Agent.stream({ toolkit: Toolkit.make(plain), prompt: "Go on.", output: Schema.Int })
    expectTypeOf<Stream.Success<typeof events>>().toEqualTypeOf<Agent.Event<typeof plain, number>>()
  })

  it("a dispatch needs what its tools and its stream need, never fails, and gives the stream's own end", () => {
    const asked = Stream.fromEffect(Effect.andThen(Units, Effect.fail("cut off" as const)))
    const settled = Batch.dispatch(Toolkit.make(getWeather), asked)
    expectTypeOf<Effect.Error<typeof settled>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Services<typeof settled>>().toEqualTypeOf<Weather | Units>()
    expectTypeOf<Effect.Success<typeof settled>>().toEqualTypeOf<Batch.Dispatched<typeof getWeather, "cut off">>()
  })
})

describe("a toolkit", () => {
  type AnyTool = Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>

  const named = <const Name extends string>(name: Name) =>
    Tool.make(name, { description: "", parameters: Schema.Struct({}), success: Schema.Int })

  it("takes tools of different names, of names that are no literals, and of types that are not known yet", () => {
    const sameName = (name: string) => Toolkit.make(named(name), named(`${name}2`), named("b"))
    const single = <T extends AnyTool>(tool: T) => Toolkit.make(tool)
    const pair = <T extends Tool.Any, U extends Tool.Any>(one: T, other: U) => Toolkit.make(one, other, plain)
    const list = <T extends Tool.Any>(tools: ReadonlyArray<T>) => Toolkit.make(...tools)
    const tuple = <T extends ReadonlyArray<Tool.Any>>(tools: T) => Toolkit.make(...tools)
    const byName = <Name extends string>(name: Name) => Toolkit.make(named(name), named("b"))
    const toolkits = [sameName("a"), single(plain), pair(wait, getWeather), list([plain]), tuple([plain]), byName("a")]
    assert.deepStrictEqual(toolkits.map(({ tools }) => tools.length), [3, 1, 3, 1, 1, 2])
    expectTypeOf<Toolkit.Tools<ReturnType<typeof single<typeof plain>>>>().toEqualTypeOf<typeof plain>()
  })

  it("takes no two tools of one name, wherever they stand", () => {
    // @ts-expect-error
    assert.throws(() => Toolkit.make(plain, wait, plain), /"plain"/)
    // @ts-expect-error
    assert.throws(() => Toolkit.make(named("a"), named("a")), /"a"/)
    // @ts-expect-error
    assert.throws(() => Toolkit.make(named("a"), named("b"), named("c"), named("b"), named("c")), /"b"/)
  })
})

describe("the type of an outcome", () => {
  const toolkit = Toolkit.make(plain, getWeather, dynamic)
  type Kit = typeof toolkit

  it("has, once narrowed on its name, the tool's own success and failure", () => {
    expectTypeOf<ResultOf<OutcomeNamed<Kit, "plain">>>().toEqualTypeOf<
      Result.Result<number, CallError.CallError | CallError.ToolFailure<never>>
    >()
    expectTypeOf<ResultOf<OutcomeNamed<Kit, "get_weather">>>().toEqualTypeOf<
      Result.Result<{ readonly temp: number }, CallError.CallError | CallError.ToolFailure<CityNotFound>>
    >()
  })

  it("narrows in code as it does in types", () => {
    const read = (outcome: Outcome.Outcome<Toolkit.Tools<Kit>>) => {
      if (outcome.name === "get_weather" && Result.isSuccess(outcome.result)) {
        expectTypeOf(outcome.result.success.temp).toEqualTypeOf<number>()
      }
      if (outcome.name === "get_weather" && Result.isFailure(outcome.result)) {
        const error = outcome.result.failure
        if (error._tag === "ToolFailure") expectTypeOf(error.failure.city).toEqualTypeOf<string>()
        else expectTypeOf(error.reason).toEqualTypeOf<CallError.Reason>()
      }
      if (outcome.name === "plain" && Result.isSuccess(outcome.result)) {
        expectTypeOf(outcome.result.success).toEqualTypeOf<number>()
        // @ts-expect-error the temperature is another tool's
        void outcome.result.success.temp
      }
      return outcome.name
    }
    expectTypeOf(read).returns.toEqualTypeOf<"plain" | "get_weather" | "dynamic" | undefined>()
  })

  it("has no name where the tool is unknown, and then cannot have succeeded", () => {
    type Unnamed = OutcomeNamed<Kit, undefined>
    expectTypeOf<Unnamed["name"]>().toEqualTypeOf<undefined>()
    expectTypeOf<Unnamed["result"]>().toEqualTypeOf<Result.Result<never, CallError.CallError>>()
    expectTypeOf<Unnamed["call"]["name"]>().toEqualTypeOf<string>()
  })

  it("keeps CallError and ToolFailure apart even where the failure is unknown", () => {
    type Failure = Result.Result.Failure<ResultOf<OutcomeNamed<Kit, "dynamic">>>
    expectTypeOf<Failure>().toEqualTypeOf<CallError.CallError | CallError.ToolFailure<unknown>>()
    const read = (error: Failure) => error._tag === "CallError" ? error.reason : error.failure
    expectTypeOf(read).toBeFunction()
    expectTypeOf<Extract<Failure, { readonly _tag: "CallError" }>>().toEqualTypeOf<CallError.CallError>()
  })

  it("is that of any tool where names are not literal", () => {
    const tools: ReadonlyArray<typeof plain | typeof dynamic> = [plain, dynamic]
    const some = Toolkit.make(...tools)
    expectTypeOf<Toolkit.Tools<typeof some>>().toEqualTypeOf<typeof plain | typeof dynamic>()
    const batch = Batch.run(some, calls)
    expectTypeOf<Effect.Services<typeof batch>>().toEqualTypeOf<never>()
  })

  it("may be handed to what takes any outcome", () => {
    expectTypeOf<Outcome.Outcome<Toolkit.Tools<Kit>>>().toExtend<Outcome.Outcome>()
    expectTypeOf<Batch.Settled<Toolkit.Tools<Kit>>>().toExtend<Batch.Settled<Tool.Any>>()
    expectTypeOf<Kit>().toExtend<Toolkit.Any>()
  })
})

describe("a toolkit of two tools with one name", () => {
  it("does not compile where names are literal, and throws", () => {
    // @ts-expect-error two tools are called plain
    assert.throws(() => Toolkit.make(plain, getWeather, plain))
  })

  it("compiles where a name is not literal, and throws", () => {
    const named = (name: string) => ({ ...plain, name })
    assert.throws(() => Toolkit.make(named("a"), named("a")))
  })
})

describe("a handler", () => {
  const base = { description: "", parameters: Schema.Struct({ city: Schema.String }), success: Schema.Int }

  it("that gives the wrong success does not compile", () => {
    // @ts-expect-error a string is no integer
    Tool.make("t", { ...base, execute: ({ city }) => Effect.succeed(city) })
  })

  it("that fails as it did not declare does not compile", () => {
    // @ts-expect-error no failure is declared
    Tool.make("t", { ...base, execute: ({ city }) => Effect.fail(new CityNotFound({ city })) })
    // @ts-expect-error another failure is declared
    Tool.make("t", { ...base, failure: Schema.String, execute: ({ city }) => Effect.fail(new CityNotFound({ city })) })
  })

  it("that reads a parameter that is not there does not compile", () => {
    // @ts-expect-error there is no country
    Tool.make("t", { ...base, execute: ({ country }) => Effect.succeed(Number(country)) })
  })

  it("that is no Effect does not compile", () => {
    // @ts-expect-error a promise is no Effect
    Tool.make("t", { ...base, execute: () => Promise.resolve(1) })
  })

  it("is typed where it is written with Effect.fn, its parameters too", () => {
    const tool = Tool.make("t", {
      ...base,
      failure: CityNotFound,
      execute: Effect.fn("t")(function*({ city }, call) {
        expectTypeOf(city).toEqualTypeOf<string>()
        expectTypeOf(call).toEqualTypeOf<Tool.Call>()
        if (city === "") return yield* new CityNotFound({ city })
        const weather = yield* Weather
        return (yield* weather.current(city)) + call.attempt
      })
    })
    expectTypeOf<Tool.Requirements<typeof tool>>().toEqualTypeOf<Weather>()
    expectTypeOf(tool.failure).toEqualTypeOf<typeof CityNotFound>()
    expectTypeOf(tool.success).toEqualTypeOf<typeof Schema.Int>()
    const annotated = Tool.make("t", {
      ...base,
      execute: Effect.fn(function*({ city }: { readonly city: string }) {
        return city.length
      })
    })
    const untraced = Tool.make("t", {
      ...base,
      execute: Effect.fnUntraced(
        function*({ city }) {
          expectTypeOf(city).toEqualTypeOf<string>()
          return (yield* Cities).indexOf(city)
        },
        (found, { city }) => city === "" ? Effect.succeed(0) : found
      )
    })
    expectTypeOf<Tool.Requirements<typeof annotated>>().toEqualTypeOf<never>()
    expectTypeOf<Tool.Requirements<typeof untraced>>().toEqualTypeOf<Cities>()
  })

  it("gives the literals that its schemas ask for", () => {
    const success = Schema.Struct({ size: Schema.Literals(["small", "large"]) })
    const sized = Tool.make("t", {
      ...base,
      success,
      failure: Schema.Literals(["no city", "no size"]),
      execute: ({ city }) =>
        city === ""
          ? Effect.suspend(() => Effect.fail(city === "" ? "no city" : "no size"))
          : Effect.map(Cities, () => ({ size: city.length > 4 ? "large" : "small" }))
    })
    expectTypeOf<Tool.Requirements<typeof sized>>().toEqualTypeOf<Cities>()
  })

  it("may come from elsewhere", () => {
    const given: Tool.Execute<typeof base.parameters, typeof base.success, typeof CityNotFound, Units> = () =>
      Effect.succeed(1)
    const tool = Tool.make("t", { ...base, failure: CityNotFound, execute: given })
    expectTypeOf<Tool.Requirements<typeof tool>>().toEqualTypeOf<Units>()
  })

  it("written with Effect.fn does not compile where it gives, fails or takes something else", () => {
    const giving = Effect.fn("giving")(function*({ city }: { readonly city: string }) {
      return city
    })
    const failing = Effect.fn("failing")(function*({ city }: { readonly city: string }) {
      return yield* new CityNotFound({ city })
    })
    const taking = Effect.fn("taking")(function*({ country }: { readonly country: string }) {
      return country.length
    })
    // @ts-expect-error a string is no integer
    Tool.make("t", { ...base, execute: giving })
    // @ts-expect-error no failure is declared
    Tool.make("t", { ...base, execute: failing })
    // @ts-expect-error there is no country
    Tool.make("t", { ...base, execute: taking })
  })

  it("is typed where it throws, dies, or decides", () => {
    const throwing = Tool.make("throwing", {
      ...base,
      execute: () => {
        throw new Error("bug")
      }
    })
    const dying = Tool.make("dying", { ...base, execute: () => Effect.die("bug") })
    const deciding = Tool.make("deciding", {
      ...base,
      failure: CityNotFound,
      execute: ({ city }) => {
        if (city === "") return Effect.fail(new CityNotFound({ city }))
        if (city === "?") return Effect.die("bug")
        return city === "Rome" ? Effect.succeed(1) : Effect.map(Cities, (cities) => cities.length)
      }
    })
    expectTypeOf<Tool.Requirements<typeof throwing>>().toEqualTypeOf<never>()
    expectTypeOf<Tool.Requirements<typeof dying>>().toEqualTypeOf<never>()
    expectTypeOf<Tool.Requirements<typeof deciding>>().toEqualTypeOf<Cities>()
  })

  it("says by the tool's type whether it only reads", () => {
    expectTypeOf(getWeather.readOnly).toEqualTypeOf<true>()
    expectTypeOf(plain.readOnly).toEqualTypeOf<false>()
  })
})

describe("Toolkit.toLayer", () => {
  const toolkit = Toolkit.make(plain, wait)

  it("takes a handler for each tool without one, and no other", () => {
    const layer = Toolkit.toLayer(toolkit, { wait: () => Effect.void })
    expectTypeOf(layer).toEqualTypeOf<Layer.Layer<Tool.Handler<"wait">>>()
    const lost = /^Toolkit\.toLayer: there is no handler for wait: add one, or give the tool `execute`\.$/
    // @ts-expect-error `wait` is missing
    assert.throws(() => Toolkit.toLayer(toolkit, {}), lost)
    // @ts-expect-error a typo is no tool
    assert.throws(() => Toolkit.toLayer(toolkit, { wiat: () => Effect.void }), lost)
    // @ts-expect-error `plain` has a handler of its own
    assert.throws(() => Toolkit.toLayer(toolkit, { wait: () => Effect.void, plain: () => Effect.succeed(1) }), /plain/)
  })

  it("refuses a handler that does not fit its tool", () => {
    // @ts-expect-error it fails as it did not declare
    Toolkit.toLayer(toolkit, { wait: () => Effect.fail("too short") })
    // @ts-expect-error there is no such parameter
    Toolkit.toLayer(toolkit, { wait: ({ seconds }) => Effect.sleep(Number(seconds)) })
  })

  it("infers the parameters of a handler that is written with Effect.fn, and what it needs", () => {
    const layer = Toolkit.toLayer(toolkit, {
      wait: Effect.fn("wait")(function*({ millis }) {
        expectTypeOf(millis).toEqualTypeOf<number>()
        if (millis > 10) return yield* Effect.fail("too long" as const)
        yield* Units
      })
    })
    expectTypeOf(layer).toEqualTypeOf<Layer.Layer<Tool.Handler<"wait">, never, Units>>()
    const stub = Toolkit.toLayer(toolkit, {
      wait: () => {
        throw new Error("not yet")
      }
    })
    expectTypeOf(stub).toEqualTypeOf<Layer.Layer<Tool.Handler<"wait">>>()
  })

  it("asks for what the handlers need, and discharges the tools' need of them", () => {
    const layer = Toolkit.toLayer(toolkit, {
      wait: ({ millis }) => Effect.asVoid(Effect.andThen(Effect.sleep(millis), Units))
    })
    expectTypeOf(layer).toEqualTypeOf<Layer.Layer<Tool.Handler<"wait">, never, Units>>()
    const batch = Effect.provide(Batch.run(toolkit, calls), layer)
    expectTypeOf<Effect.Services<typeof batch>>().toEqualTypeOf<Units>()
  })
})

describe("Toolkit.provide", () => {
  it("discharges what a layer gives, and asks for what the layer needs", () => {
    const layer = Layer.effect(Weather, Effect.map(Cities, () => ({ current: () => Effect.succeed(20) })))
    const toolkit = Toolkit.provide(Toolkit.make(plain, getWeather), layer)
    const batch = Batch.run(toolkit, calls)
    expectTypeOf<Effect.Services<typeof batch>>().toEqualTypeOf<Cities>()
    const closed = Batch.run(Toolkit.provide(toolkit, Layer.succeed(Cities, [])), calls)
    expectTypeOf<Effect.Services<typeof closed>>().toEqualTypeOf<never>()
  })

  it("leaves names and results typed", () => {
    const toolkit = Toolkit.provide(
      Toolkit.make(plain, getWeather),
      Layer.succeed(Weather, { current: () => Effect.succeed(20) })
    )
    expectTypeOf<ResultOf<OutcomeNamed<typeof toolkit, "get_weather">>>().toEqualTypeOf<
      Result.Result<{ readonly temp: number }, CallError.CallError | CallError.ToolFailure<CityNotFound>>
    >()
  })

  it("takes no layer that can fail", () => {
    const layer = Layer.effect(Weather, Effect.fail("no network"))
    // @ts-expect-error nobody would see the failure
    Toolkit.provide(Toolkit.make(getWeather), layer)
  })
})

describe("Toolkit.merge", () => {
  it("needs what both need", () => {
    const toolkit = Toolkit.merge(Toolkit.make(plain), Toolkit.make(getWeather))
    const batch = Batch.run(toolkit, calls)
    expectTypeOf<Effect.Services<typeof batch>>().toEqualTypeOf<Weather>()
  })
})

describe("the public types", () => {
  type IsAny<T> = 0 extends 1 & T ? true : false
  /** The members of `T` that are, give or take `any`; `never` where there are none. */
  type AnyIn<T> = IsAny<T> extends true ? "itself"
    : T extends (...args: infer A) => infer R
      ? IsAny<R> extends true ? "result" : { [K in keyof A]-?: IsAny<A[K]> extends true ? K : never }[number]
    : { [K in keyof T]-?: IsAny<T[K]> extends true ? K : AnyInFunction<T[K]> extends never ? never : K }[keyof T]
  type AnyInFunction<T> = T extends (...args: infer A) => infer R
    ? IsAny<R> extends true ? "result" : { [K in keyof A]-?: IsAny<A[K]> extends true ? K : never }[number]
    : never
  type Kit = Toolkit.Toolkit<typeof plain | typeof getWeather>

  it("the check itself finds an any", () => {
    type Parsed = ReturnType<typeof JSON.parse>
    expectTypeOf<AnyIn<Parsed>>().toEqualTypeOf<"itself">()
    expectTypeOf<AnyIn<{ readonly a: Parsed; readonly b: number }>>().toEqualTypeOf<"a">()
    expectTypeOf<AnyIn<{ readonly f: (a: Parsed) => void }>>().toEqualTypeOf<"f">()
    expectTypeOf<AnyIn<(a: number) => Parsed>>().toEqualTypeOf<"result">()
  })

  it("have no any in them", () => {
    expectTypeOf<AnyIn<typeof Agent>>().toBeNever()
    expectTypeOf<AnyIn<typeof Batch>>().toBeNever()
    expectTypeOf<AnyIn<typeof CallError>>().toBeNever()
    expectTypeOf<AnyIn<typeof ChatModel>>().toBeNever()
    expectTypeOf<AnyIn<typeof ChatModelError>>().toBeNever()
    expectTypeOf<AnyIn<typeof Conversation>>().toBeNever()
    expectTypeOf<AnyIn<typeof Tool>>().toBeNever()
    expectTypeOf<AnyIn<typeof ToolCall>>().toBeNever()
    expectTypeOf<AnyIn<typeof Toolkit>>().toBeNever()
    expectTypeOf<AnyIn<Agent.Options<typeof plain>>>().toBeNever()
    expectTypeOf<AnyIn<Agent.Ended<typeof plain>>>().toBeNever()
    expectTypeOf<AnyIn<Agent.Round<typeof plain>>>().toBeNever()
    expectTypeOf<AnyIn<Batch.Options>>().toBeNever()
    expectTypeOf<AnyIn<Batch.Settled<typeof plain>>>().toBeNever()
    expectTypeOf<AnyIn<Batch.Stray>>().toBeNever()
    expectTypeOf<AnyIn<Outcome.Outcome<Toolkit.Tools<Kit>>>>().toBeNever()
    expectTypeOf<AnyIn<Outcome.Outcome>>().toBeNever()
    expectTypeOf<AnyIn<CallError.CallError>>().toBeNever()
    expectTypeOf<AnyIn<CallError.Reason>>().toBeNever()
    expectTypeOf<AnyIn<CallError.ToolFailure<unknown>>>().toBeNever()
    expectTypeOf<AnyIn<CallError.ModelError["error"]>>().toBeNever()
    expectTypeOf<AnyIn<ChatModel.Request>>().toBeNever()
    expectTypeOf<AnyIn<ChatModel.Turn>>().toBeNever()
    expectTypeOf<AnyIn<Conversation.Conversation>>().toBeNever()
    expectTypeOf<AnyIn<Conversation.Message>>().toBeNever()
    expectTypeOf<AnyIn<Tool.Any>>().toBeNever()
    expectTypeOf<AnyIn<typeof getWeather>>().toBeNever()
    expectTypeOf<AnyIn<typeof dynamic>>().toBeNever()
    expectTypeOf<AnyIn<Tool.Call>>().toBeNever()
    expectTypeOf<AnyIn<ToolCall.ToolCall>>().toBeNever()
    expectTypeOf<AnyIn<Kit>>().toBeNever()
  })
})
