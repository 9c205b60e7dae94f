/**
 * Tools by name. The toolkit's type knows what every tool of it needs and how it fails.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Hash from "effect/Hash"
import type * as JsonSchema from "effect/JsonSchema"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { isObjectOfTools, refuseNoTool, refuseNoToolkit } from "./internal/refusals.ts"
import { inWords } from "./internal/schema/words.ts"
import { changed } from "./internal/tool/changed.ts"
import { lintTool, type Warning } from "./internal/tool/lint.ts"
import { mistakeOf } from "./internal/tool/mistakes.ts"
import type { WrongHandler } from "./internal/tool/written.ts"
import * as Thrown from "./Thrown.ts"
import * as Tool from "./Tool.ts"

export type { Warning } from "./internal/tool/lint.ts"

/**
 * A set of tools.
 *
 * - `tools`: in the order given
 * - `wireNames`: each tool's name as providers get it, `^[A-Za-z_][A-Za-z0-9_-]{0,63}$`
 * - `byName`: each tool under both of its names
 * - `lax`: in a toolkit made strict, the tools that could not be made strict, and why; empty in others
 */
export interface Toolkit<out T extends Tool.Any> {
  readonly tools: ReadonlyArray<T>
  readonly wireNames: ReadonlyMap<string, string>
  readonly byName: ReadonlyMap<string, T>
  readonly lax: ReadonlyArray<{ readonly tool: string; readonly why: string }>
}

/** A toolkit, whatever its tools. */
export type Any = Toolkit<Tool.Any>

/** The tools of a toolkit, as a union. */
export type Tools<K extends Any> = K["tools"][number]

/**
 * One tool of those that a toolkit is made of.
 *
 * - `_Else`: what to do with a list, which the compiler shows with the name of this type
 */
interface EachTool<_Else extends string = ForLists> extends Tool.Any {}

type ForLists = typeof forLists
const forLists = "write Toolkit.make(...tools) for a list of tools"

/**
 * The places of tools that have a name in common, by that name.
 *
 * - tools of one name come to one key, where `I` is all their places; the compiler's work grows with the number of tools alone
 */
type Repeated<T extends ReadonlyArray<Tool.Any>> = {
  [I in keyof T & `${number}` as NameOf<T[I]>]: Several<I>
}

/** The name of a tool where it is literal. */
type NameOf<T> = T extends { readonly name: infer N extends string } ? string extends N ? never : N : never

/** A union of several types; never for a single one. */
type Several<T, All = T> = T extends unknown ? [All] extends [T] ? never : All : never

/**
 * Adds what no list of tools has where two of them have one name.
 *
 * - the first question is the cheaper one, the second also has an answer inside of generic functions, whose tools are not known
 */
type NoDuplicate<T extends ReadonlyArray<Tool.Any>> = Repeated<T> extends { readonly [name: string]: never } ? unknown
  : [Repeated<T>[keyof Repeated<T>]] extends [never] ? unknown
  : `two tools are called ${NameOf<T[Repeated<T>[keyof Repeated<T>]]>}: rename one of them`

/**
 * Makes a toolkit. Two tools with the same name do not compile if their names are literals, and throw otherwise.
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const ping = Tool.make("ping", {
 *   description: "Answers.",
 *   parameters: Schema.Struct({}),
 *   success: Schema.String,
 *   execute: () => Effect.succeed("pong")
 * })
 * console.log(Toolkit.make(ping).tools.map(({ name }) => name).join()) // => ping
 * ```
 */
export const make = <const T extends ReadonlyArray<EachTool>>(...tools: NoDuplicate<T> & T): Toolkit<T[number]> =>
  fromTools(tools.map(checked))

/** A tool that was given; throws where the compiler would have refused it. */
const checked = <T>(tool: T, index: number): T => {
  if (Array.isArray(tool)) throw new TypeError(`Toolkit.make: ${forLists}.`)
  const where = `Toolkit.make: argument ${index + 1}`
  if (isObjectOfTools(tool)) {
    throw new TypeError(`${where} is an object of tools: write Toolkit.make(...Object.values(tools)).`)
  }
  refuseNoTool(where, tool)
  return tool
}

/** The tools of a toolkit that was given. */
const toolsOf = <T>(toolkit: { readonly tools: ReadonlyArray<T> }, where: string): ReadonlyArray<T> => {
  refuseNoToolkit(where, toolkit)
  return toolkit.tools
}

/**
 * Puts two toolkits together; throws if both have a tool of the same name.
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 *
 * const toolOf = <const Name extends string>(name: Name) =>
 *   Tool.fromFunction(name, { description: "Answers.", parameters: { type: "object" }, execute: async () => name })
 *
 * const both = Toolkit.merge(Toolkit.make(toolOf("ping")), Toolkit.make(toolOf("pong")))
 * console.log(both.tools.map(({ name }) => name).join()) // => ping,pong
 * ```
 */
export const merge = <A extends Tool.Any, B extends Tool.Any>(self: Toolkit<A>, that: Toolkit<B>): Toolkit<A | B> =>
  fromTools<A | B>(
    [...toolsOf(self, "Toolkit.merge: argument 1"), ...toolsOf(that, "Toolkit.merge: argument 2")],
    [...self.lax, ...that.lax]
  )

const fromTools = <T extends Tool.Any>(tools: ReadonlyArray<T>, lax: Toolkit<T>["lax"] = []): Toolkit<T> => {
  const names = new Set<string>()
  for (const { name } of tools) {
    if (names.has(name)) throw new Error(`Toolkit: two tools are called "${name}"; rename one of them.`)
    names.add(name)
  }
  const wireNames = nameForWires(names)
  const byName = new Map(tools.map((tool) => [wireNames.get(tool.name) ?? tool.name, tool]))
  for (const tool of tools) byName.set(tool.name, tool)
  return { tools, wireNames, byName, lax }
}

const accepted = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/

/** Names that providers accept stay as they are; the others are spelled for the wire, apart from every other name. */
const nameForWires = (names: ReadonlySet<string>): ReadonlyMap<string, string> => {
  const wireNames = new Map<string, string>()
  const taken = new Set(Array.from(names).filter((name) => accepted.test(name)))
  for (const name of names) {
    const wireName = accepted.test(name) ? name : spell(name, taken)
    taken.add(wireName)
    wireNames.set(name, wireName)
  }
  return wireNames
}

const spell = (name: string, taken: ReadonlySet<string>): string => {
  const plain = name.replace(/[^A-Za-z0-9_-]/g, "_").replace(/^(?![A-Za-z_])/, "_")
  if (plain.length <= 64 && !taken.has(plain)) return plain
  const mark = (Hash.string(name) >>> 0).toString(36)
  const marked = (n: number): string => {
    const tail = n === 0 ? `_${mark}` : `_${mark}_${n}`
    return plain.slice(0, 64 - tail.length) + tail
  }
  let n = 0
  while (taken.has(marked(n))) n++
  return marked(n)
}

/**
 * Lists what the tools leave unsaid: for the model, what an input is and where it comes from; for the runner, what the
 * calls of a tool touch that is not read-only.
 *
 * - an input counts as explained if the tool's description names it, or its JSON Schema describes it, in nested objects
 *   too
 * - it guesses by words, for tests and for readers: an empty list is no proof, and no behaviour depends on it
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 *
 * const pay = Tool.fromFunction("pay", {
 *   description: "Pays a bill.",
 *   parameters: { type: "object", properties: { euros: { type: "number" } } },
 *   execute: async () => "paid"
 * })
 * for (const { message } of Toolkit.lint(Toolkit.make(pay))) console.log(message.split(":")[0])
 * // => Nothing says what its calls touch
 * // => Nothing says what "euros" is
 * ```
 */
export const lint = (toolkit: Any): ReadonlyArray<Warning> => toolkit.tools.flatMap(lintTool)

type Unhandled<T extends Tool.Any> = T extends Tool.Any ?
  Tool.Handler<T["name"]> extends Tool.Requirements<T> ? T : never
  : never

type Named<T, N> = Extract<T, { readonly name: N }>

/**
 * One handler for every tool that was made without `execute`.
 *
 * - takes those that give something else, and none, so that the compiler can say by `Complete` and `Fitting` what is wrong
 */
type Written<T extends Tool.Any> = {
  readonly [N in Unhandled<T>["name"]]?: (
    parameters: Named<T, N>["parameters"]["Type"],
    call: Tool.Call
  ) => Effect.Effect<Named<T, N>["success"]["Type"], Named<T, N>["failure"]["Type"], unknown> | Something
}

type Something = object | string | number | bigint | boolean | symbol | null | undefined

/** What no handlers are where one is missing. */
type Complete<Names extends string, H> = [Names] extends [keyof H] ? unknown
  : `there is no handler for ${Exclude<Names, keyof H>}: add one, or give the tool \`execute\``

/** Each handler as it is, where it has a tool that it fits, and else with what is wrong with it. */
type Fitting<T extends Tool.Any, H> = {
  readonly [N in Exclude<keyof H, never>]: [H[N]] extends [(...args: never) => infer X]
    ? N extends T["name"] ? FittingOne<Named<T, N>, H[N], X>
    : `no tool without \`execute\` is called ${N & string}: take the handler out, or correct its name`
    : H[N]
}

type FittingOne<T extends Tool.Any, Handler, X> = [X] extends
  [Effect.Effect<T["success"]["Type"], T["failure"]["Type"], unknown>] ? Handler
  : WrongHandler<`the handler of ${T["name"]}`, T["parameters"], T["success"], T["failure"], X>

type HandlerServices<H> = {
  [N in keyof H]: H[N] extends (...args: never) => infer X ? Effect.Services<X> : never
}[keyof H]

/**
 * Gives handlers to the tools made without `execute`; the services of the handlers are taken once, when the layer is
 * built.
 *
 * - throws if a tool has no handler, or a handler has no tool
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const getWeather = Tool.make("get_weather", {
 *   description: "Current weather of a city. `city` comes from the user.",
 *   parameters: Schema.Struct({ city: Schema.String }),
 *   success: Schema.Finite
 * })
 * const toolkit = Toolkit.make(getWeather)
 * const handlers = Toolkit.toLayer(toolkit, { get_weather: ({ city }) => Effect.succeed(city.length) })
 *
 * const call = ToolCall.make({ id: "call_1", name: "get_weather", arguments: { city: "Tokyo" } })
 * const { outcomes } = await Effect.runPromise(Effect.provide(Batch.run(toolkit, [call]), handlers))
 * console.log(outcomes[0]?.encoded) // => 5
 * ```
 */
export function toLayer<T extends Tool.Any, const H extends Written<T>>(
  toolkit: Toolkit<T>,
  handlers: Complete<Unhandled<T>["name"], H> & H & Fitting<Unhandled<T>, H>
): Layer.Layer<Tool.Handler<Unhandled<T>["name"]>, never, HandlerServices<H>>
export function toLayer(
  toolkit: Any,
  handlers: {
    readonly [name: string]: (parameters: unknown, call: Tool.Call) => Effect.Effect<unknown, unknown, unknown>
  }
): Layer.Layer<never, never, unknown> {
  checkHandlers(toolkit, handlers)
  return Layer.effectContext(Effect.contextWith((services: Context.Context<unknown>) => {
    let context = Context.empty()
    for (const [name, handler] of Object.entries(handlers)) {
      context = Context.add(
        context,
        Tool.handlerKey(name),
        (parameters, call) => Effect.provideContext(Effect.suspend(() => handler(parameters, call)), services)
      )
    }
    return Effect.succeed(context)
  }))
}

/** Throws where the compiler would have refused handlers, in its words. */
const checkHandlers = (toolkit: Any, handlers: object): void => {
  const tools = toolsOf(toolkit, "Toolkit.toLayer: argument 1")
  const awaited = tools.filter(({ handler }) => handler.isAwaited).map(({ name }) => name)
  if (!Predicate.isObject(handlers)) {
    throw new TypeError("Toolkit.toLayer: argument 2 is no object: give one with a handler for each tool.")
  }
  const missing = awaited.find((name) => !Object.hasOwn(handlers, name))
  const mistake = missing === undefined
    ? Object.entries(handlers).flatMap(([name, handler]) =>
      awaited.includes(name) ? mistakeOf(`the handler of ${name}`, handler, "effect") ?? [] : noTool(name)
    )[0]
    : `there is no handler for ${missing}: add one, or give the tool \`execute\``
  if (mistake !== undefined) throw new Error(`Toolkit.toLayer: ${mistake}.`)
}

const noTool = (name: string) =>
  `no tool without \`execute\` is called ${name}: take the handler out, or correct its name`

/** Tool `T` once a layer has given it `ROut` and asked for `RIn` in its place. */
export type Provided<T extends Tool.Any, ROut, RIn> = T extends
  Tool.Tool<infer N, infer P, infer S, infer F, infer R, infer RO> ? Tool.Tool<N, P, S, F, Exclude<R, ROut> | RIn, RO>
  : never

/**
 * Provides the tools with what they need, by a layer.
 *
 * - the layer is built once a run, when the first call needs it, and released when the run has ended; if it should live
 *   longer, provide it to the program instead
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Context, Layer, Schema } from "effect"
 *
 * class Weather extends Context.Service<Weather, { readonly celsius: (city: string) => number }>()("Weather") {}
 *
 * const getWeather = Tool.make("get_weather", {
 *   description: "Current weather of a city. `city` comes from the user.",
 *   parameters: Schema.Struct({ city: Schema.String }),
 *   success: Schema.Finite,
 *   execute: ({ city }) => Weather.useSync(({ celsius }) => celsius(city))
 * })
 * const toolkit = Toolkit.provide(Toolkit.make(getWeather), Layer.succeed(Weather, { celsius: () => 18 }))
 * const call = ToolCall.make({ id: "call_1", name: "get_weather", arguments: { city: "Tokyo" } })
 * const { outcomes } = await Batch.runPromise(toolkit, [call]) // it needs nothing more
 * console.log(outcomes[0]?.encoded) // => 18
 * ```
 */
export function provide<T extends Tool.Any, ROut, RIn>(
  toolkit: Toolkit<T>,
  layer: Layer.Layer<ROut, never, RIn>
): Toolkit<Provided<T, ROut, RIn>>
export function provide(toolkit: Any, layer: Layer.Layer<unknown, never, unknown>): Any {
  const tools = toolsOf(toolkit, "Toolkit.provide: argument 1")
  if (!Layer.isLayer(layer)) throw new TypeError("Toolkit.provide: argument 2 is no layer.")
  const provided = { layer }
  return fromTools(
    tools.map((tool) => changed(tool, (own) => ({ provided: [...own.provided, provided] }))),
    toolkit.lax
  )
}

/**
 * A provider's strict mode.
 *
 * - `write`: the codec and the JSON Schema in which it wants parameters; throws where it cannot write them
 * - `close`: the same for a JSON Schema that was given as it is, by which arguments are still checked; tools with one stay
 *   lax where it is left out
 * - `refuse`: why it does not take a JSON Schema in spite of that; asked once for every tool, in order
 */
export interface StrictMode {
  readonly write: (parameters: Schema.Constraint) => {
    readonly codec: Schema.Constraint
    readonly jsonSchema: JsonSchema.JsonSchema
  }
  readonly close?: ((jsonSchema: JsonSchema.JsonSchema) => JsonSchema.JsonSchema) | undefined
  readonly refuse: (jsonSchema: JsonSchema.JsonSchema) => string | undefined
}

/**
 * Writes every tool as a provider's strict mode wants it; those for which that fails stay as they are, in `lax`.
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const ping = Tool.make("ping", {
 *   description: "Answers. `times` comes from the user.",
 *   parameters: Schema.Struct({ times: Schema.Int }),
 *   success: Schema.String,
 *   execute: ({ times }) => Effect.succeed("pong ".repeat(times))
 * })
 * // `OpenAiChat.strict` and its like do this with the mode of their provider; this one refuses everything.
 * const strict = Toolkit.strict(Toolkit.make(ping), {
 *   write: (codec) => ({ codec, jsonSchema: { type: "object" } }),
 *   refuse: () => "it takes none"
 * })
 * console.log(strict.lax) // => [ { tool: 'ping', why: 'it takes none' } ]
 * ```
 */
export function strict<T extends Tool.Any>(toolkit: Toolkit<T>, mode: StrictMode): Toolkit<T>
export function strict(toolkit: Any, mode: StrictMode): Any {
  refuseNoToolkit("What is to be made strict", toolkit)
  const lax: Array<Any["lax"][number]> = []
  const tools = toolkit.tools.map((tool) =>
    Result.getOrElse(strictTool(tool, mode), (why) => {
      lax.push({ tool: tool.name, why })
      return tool
    })
  )
  return fromTools(tools, lax)
}

const strictTool = (tool: Tool.Any, mode: StrictMode): Result.Result<Tool.Any, string> => {
  const { recode } = tool
  if (recode === undefined) return Result.fail(asGiven)
  return Result.flatMap(strictForm(tool, mode), ({ codec, jsonSchema }) => {
    const why = mode.refuse(jsonSchema)
    return why === undefined ? Result.succeed(recode(codec, jsonSchema)) : Result.fail(why)
  })
}

const asGiven = "its JSON Schema was given as it is"

const strictForm = (
  { jsonSchema: own, parameters, raw }: Tool.Any,
  { close, write }: StrictMode
): Result.Result<ReturnType<StrictMode["write"]>, string> => {
  if (raw !== undefined && close === undefined) return Result.fail(asGiven)
  const codec = Schema.toCodecJson(parameters)
  const takesNothing = JSON.stringify(own["properties"]) === "{}" && own["additionalProperties"] === false
  if (takesNothing && raw === undefined) return Result.succeed({ codec, jsonSchema: { ...own, required: [] } })
  return Result.try({
    try: () => raw === undefined ? toldBy(write(parameters)) : { codec, jsonSchema: close?.(raw) ?? raw },
    catch: Thrown.messageOf
  })
}

/** What the provider's own form does not say either is told in words. */
const toldBy = ({ codec, jsonSchema }: ReturnType<StrictMode["write"]>): ReturnType<StrictMode["write"]> => ({
  codec,
  jsonSchema: inWords(codec.ast, jsonSchema)
})

/**
 * Gives what logs, once a toolkit, which of its tools could not be made strict.
 *
 * @example
 * ```ts
 * import { Toolkit } from "@volley/core"
 * import { Effect } from "effect"
 *
 * const warn = Toolkit.laxWarnings() // keeps in mind of which toolkits it has warned
 * console.log(await Effect.runPromise(Effect.as(warn(Toolkit.make()), "nothing to say"))) // => nothing to say
 * ```
 */
export const laxWarnings = (): (toolkit: Any) => Effect.Effect<void> => {
  const told = new WeakSet<Any>()
  return (toolkit) => {
    if (told.has(toolkit) || toolkit.lax.length === 0) return Effect.void
    told.add(toolkit)
    return Effect.logWarning("Tools that strict mode cannot take are sent as they are", toolkit.lax)
  }
}
