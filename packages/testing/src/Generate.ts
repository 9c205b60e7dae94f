/**
 * Random cases on Effect's own `Arbitrary`: they are plain data, and shrink to small ones.
 */
import { type Conversation, Given, type Plan, type Tool, ToolCall, type Toolkit } from "@volley/core"
import * as Arbitrary from "effect/Arbitrary"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import * as GraphCase from "./GraphCase.ts"
import { pipelineOf, stepOf } from "./GraphRunner.ts"
import { oneOf, upTo } from "./internal/choices.ts"
import { codecOf } from "./internal/codecOf.ts"
import { refuseOdd } from "./internal/weights.ts"
import * as LineCase from "./LineCase.ts"

export { oneOf, sometimes, upTo } from "./internal/choices.ts"

/**
 * Draws one of several names, by their weights; shrinks towards the first.
 *
 * @example
 * ```ts
 * import { Generate } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const coin = Generate.weighted<"heads" | "tails">("heads", { heads: 1, tails: 0 }) // never tails
 * console.log(await Effect.runPromise(Arbitrary.sampleEffect(coin, { count: 3, seed: 1 })))
 * // => [ 'heads', 'heads', 'heads' ]
 * ```
 */
export const weighted = <Name extends string>(
  first: Name,
  weights: { readonly [_ in Name]?: number }
): Arbitrary.Arbitrary<Name> => {
  const isName = (name: string): name is Name => name in weights
  const rest = Object.keys(weights).filter(isName).filter((name) => name !== first)
  return oneOf(
    first,
    ...[first, ...rest].flatMap((name) =>
      Array.from({ length: (weights[name] ?? 0) - (name === first ? 1 : 0) }, () => name)
    )
  )
}

/** What can be wrong with the arguments of a call. */
export type ArgumentFault = "malformedJson" | "missingField" | "wrongType"

/** What can be wrong with a call; `none` is nothing. */
export type Fault = "none" | ArgumentFault | "unknownTool" | "truncated" | "repeatedId" | "missingId"

/** How often a call has each fault, as whole numbers; a fault that is left out never happens. */
export type Weights = { readonly [_ in Fault]?: number }

/** Nothing but valid calls with ids of their own. */
export const valid: Weights = { none: 1 }

/** Half of the calls are valid, the others have each fault equally often. */
export const faulty: Weights = {
  none: 7,
  malformedJson: 1,
  missingField: 1,
  wrongType: 1,
  unknownTool: 1,
  truncated: 1,
  repeatedId: 1,
  missingId: 1
}

/**
 * Arguments that a tool takes, as JSON, drawn from the schema of its parameters, or from its JSON Schema where that was
 * given by hand.
 *
 * - errors: throws if the schema says too little to draw from it
 *
 * @example
 * ```ts
 * import { Tool } from "@volley/core"
 * import { Generate } from "@volley/testing"
 * import { Arbitrary, Effect, Schema } from "effect"
 *
 * const move = Tool.make("move", {
 *   description: "Moves. `direction` comes from the user.",
 *   parameters: Schema.Struct({ direction: Schema.Literal("north") }),
 *   success: Schema.Void,
 *   execute: () => Effect.void
 * })
 * console.log(await Effect.runPromise(Arbitrary.sampleEffect(Generate.args(move), { count: 1, seed: 1 })))
 * // => [ { direction: 'north' } ]
 * ```
 */
export const args = (tool: Tool.Any): Arbitrary.Arbitrary<Schema.Json> => {
  const codec = codecOf(tool.parameters)
  if (tool.raw === undefined) {
    return Arbitrary.filterMap(Arbitrary.schema(tool.parameters), (value) => Schema.encodeUnknownResult(codec)(value))
  }
  const document = JsonSchema.fromSchemaDraft2020_12(tool.jsonSchema)
  const described = codecOf(SchemaRepresentation.fromJsonSchemaDocument(document, { patterns: "apply" }))
  return Arbitrary.filterMap(Arbitrary.schema(described), (value) =>
    Result.filterOrFail(
      Schema.encodeUnknownResult(described)(value),
      (json) => takes(tool, json),
      () => "the tool does not take it"
    ))
}

/**
 * Arguments of a tool with a fault that the tool must find; malformed JSON if they cannot have that fault.
 *
 * @example
 * ```ts
 * import { Tool } from "@volley/core"
 * import { Generate } from "@volley/testing"
 * import { Arbitrary, Effect, Schema } from "effect"
 *
 * const move = Tool.make("move", {
 *   description: "Moves. `direction` comes from the user.",
 *   parameters: Schema.Struct({ direction: Schema.Literal("north") }),
 *   success: Schema.Void,
 *   execute: () => Effect.void
 * })
 * const faulty = Generate.faultyArgs(move, "missingField")
 * console.log(await Effect.runPromise(Arbitrary.sampleEffect(faulty, { count: 1, seed: 1 }))) // => [ {} ]
 * ```
 */
export const faultyArgs = (tool: Tool.Any, fault: ArgumentFault): Arbitrary.Arbitrary<unknown> =>
  Arbitrary.map(Arbitrary.all([args(tool), upTo(99)]), ([json, nth]) => spoil(tool, json, fault, nth))

/** True unless the tool refuses the arguments, as far as one can tell without waiting for its schema. */
const takes = (tool: Tool.Any, json: unknown): boolean => {
  const exit = Effect.runSyncExitWith(noServices)(tool.decode(json))
  return Exit.isSuccess(exit) || Exit.hasDies(exit)
}

const noServices = Context.makeUnsafe<unknown>(new Map())

const fieldsOf = (json: Schema.Json): ReadonlyArray<readonly [name: string, value: Schema.Json]> =>
  typeof json === "object" && json !== null && !Array.isArray(json) ? Object.entries(json) : []

const strangers = [null, 0.5, "?", true, [], {}] as const

/** Of all the ways in which the arguments can have the fault, one that the tool refuses. */
const spoil = (tool: Tool.Any, json: Schema.Json, fault: ArgumentFault, nth: number): unknown => {
  const fields = fieldsOf(json)
  const ways = fault === "missingField"
    ? fields.map(([name]) => Object.fromEntries(fields.filter(([other]) => other !== name)))
    : fault === "wrongType"
    ? fields.flatMap(([name]) => strangers.map((value) => Object.fromEntries([...fields, [name, value]])))
    : []
  const refused = ways.filter((way) => !takes(tool, way))
  return refused[nth % refused.length] ?? JSON.stringify(json).slice(0, -1)
}

/** A call that was drawn, and what is wrong with it. */
export interface Drawn {
  readonly call: ToolCall.ToolCall
  readonly fault: Fault
}

/** Which calls are drawn, and how many. */
export interface CallsOptions {
  /** `valid` when left out. */
  readonly faults?: Weights | undefined
  /** 0. */
  readonly minLength?: number | undefined
  /** 8. */
  readonly maxLength?: number | undefined
}

/**
 * Calls of a toolkit, as `calls` draws them, each with what is wrong with it; tools that run plans are left out.
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { Generate } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => 1
 * })
 * const drawn = Generate.drawn(Toolkit.make(ping), { faults: { unknownTool: 1 }, minLength: 1, maxLength: 1 })
 * const [turn] = await Effect.runPromise(Arbitrary.sampleEffect(drawn, { count: 1, seed: 1 }))
 * console.log(turn?.[0]?.fault) // => unknownTool
 * ```
 */
export const drawn = (
  toolkit: Toolkit.Any,
  { faults = valid, maxLength = 8, minLength = 0 }: CallsOptions = {}
): Arbitrary.Arbitrary<ReadonlyArray<Drawn>> => {
  refuseOdd("Generate", faults, faulty)
  const tools = Given.toolkit("Generate", toolkit).filter(({ expand }) => expand === undefined)
    .map((tool) => ({ tool, json: args(tool) }))
  const [first, ...rest] = tools
  if (first === undefined) return Arbitrary.Constant([])
  // Made once and not for each call, since making one takes longer than drawing from it.
  const ofAny = {
    fault: weighted<Fault>("none", faults),
    nth: upTo(99),
    asText: oneOf(false, true),
    alike: oneOf(true, false)
  }
  const asked = Arbitrary.flatMap(
    oneOf(first, ...rest),
    ({ json, tool }) => Arbitrary.all({ tool: Arbitrary.Constant(tool), json, ...ofAny })
  )
  return Arbitrary.map(Arbitrary.array(asked, { minLength, maxLength }), (all) => {
    const seen = new Map<string, Schema.Json>()
    return all.map(({ alike, asText, fault, json, nth, tool }, index): Drawn => {
      const own = alike ? sharing(tool, json, seen) : json
      for (const [field, value] of fieldsOf(own)) seen.set(field, value)
      const value = isArgumentFault(fault) ? spoil(tool, own, fault, nth) : asText ? JSON.stringify(own) : own
      const id = fault === "repeatedId" ? "again" : fault === "missingId" ? "" : `call_${index + 1}`
      const name = fault === "unknownTool" ? "no_such_tool" : tool.name
      const call = ToolCall.make({ id, name, arguments: value, index })
      return { fault, call: fault === "truncated" ? { ...call, status: "truncated" } : call }
    })
  })
}

const isArgumentFault = (fault: Fault): fault is ArgumentFault =>
  fault === "malformedJson" || fault === "missingField" || fault === "wrongType"

/** The same arguments about the same things as those before, where the tool takes them: calls that meet find more. */
const sharing = (tool: Tool.Any, json: Schema.Json, seen: ReadonlyMap<string, Schema.Json>): Schema.Json => {
  const shared = Object.fromEntries(fieldsOf(json).map(([field, value]) => [field, seen.get(field) ?? value]))
  return takes(tool, shared) ? shared : json
}

/**
 * Calls of a toolkit, valid or with faults by weight, some of them about the same things as those before.
 *
 * @example
 * ```ts
 * import { Batch, Tool, Toolkit } from "@volley/core"
 * import { Generate } from "@volley/testing"
 * import { Arbitrary, Effect, Schema } from "effect"
 *
 * const double = Tool.make("double", {
 *   description: "Doubles a number.",
 *   parameters: Schema.Struct({ n: Schema.Int }),
 *   success: Schema.Int,
 *   execute: ({ n }) => Effect.succeed(n * 2)
 * })
 * const toolkit = Toolkit.make(double)
 *
 * // For `it.effect.prop`: as many outcomes as calls, whatever is wrong with them.
 * const calls = Generate.calls(toolkit, { faults: Generate.faulty })
 * const checked = Arbitrary.checkEffect(
 *   calls,
 *   (calls) => Effect.map(Batch.run(toolkit, calls), ({ outcomes }) => outcomes.length === calls.length),
 *   { seed: 1 }
 * )
 * console.log((await Effect.runPromise(checked))._tag) // => Passed
 * ```
 */
export const calls = (
  toolkit: Toolkit.Any,
  options?: CallsOptions
): Arbitrary.Arbitrary<ReadonlyArray<ToolCall.ToolCall>> =>
  Arbitrary.map(drawn(toolkit, options), (all) => all.map(({ call }) => call))

/**
 * Conversations that keep the laws: a question, some rounds of calls of a toolkit with their results, and an answer.
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { Generate } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => 1
 * })
 * const conversations = Generate.conversations(Toolkit.make(ping), { maxRounds: 1 })
 * const [one] = await Effect.runPromise(Arbitrary.sampleEffect(conversations, { count: 1, seed: 1 }))
 * console.log(one?.messages[0]?.role, one?.messages.at(-1)?.role) // => user assistant
 * ```
 */
export const conversations = (
  toolkit: Toolkit.Any,
  { maxRounds = 4 }: { readonly maxRounds?: number } = {}
): Arbitrary.Arbitrary<Conversation.Conversation> => {
  const text = oneOf("", "fine", "äöü 🙂", "a\nb")
  const round = Arbitrary.all({
    text,
    calls: Arbitrary.filter(calls(toolkit, { maxLength: 4 }), ({ length }) => length > 0),
    answers: Arbitrary.array(Arbitrary.all({ text, isError: oneOf(false, true) }), { minLength: 4, maxLength: 4 })
  })
  const rounds = Arbitrary.array(round, { maxLength: maxRounds })
  return Arbitrary.map(Arbitrary.all({ prompt: text, rounds, answer: text }), ({ answer, prompt, rounds }) => ({
    runId: "run",
    messages: [
      { role: "user", text: prompt },
      ...rounds.flatMap(({ answers, calls, text }, at): ReadonlyArray<Conversation.Message> => {
        const own = calls.map((call) => ({ ...call, id: `round_${at + 1}_${call.id}` }))
        const results = own.map(({ id, name }, index) => ({ callId: id, name, ...answers[index] ?? silence }))
        return [{ role: "assistant", text, calls: own }, { role: "tool", results }]
      }),
      { role: "assistant", text: answer, calls: [] }
    ]
  }))
}

const silence = { text: "", isError: false }

/** Toolkits of four tools with accesses and limits, which take as long as their calls tell them to. */
export const toolkits: Arbitrary.Arbitrary<ReturnType<typeof LineCase.toolkitOf>> = Arbitrary.map(
  LineCase.cases,
  LineCase.toolkitOf
)

/** Pipelines of up to 200 steps, of the tools of `GraphRunner`. */
export const pipelines: Arbitrary.Arbitrary<ReturnType<typeof pipelineOf>> = Arbitrary.map(GraphCase.cases, pipelineOf)

/** Plans of up to 200 steps, as a model writes them, of the tools of `GraphRunner`. */
export const plans: Arbitrary.Arbitrary<typeof Plan.Plan.Type> = Arbitrary.map(GraphCase.cases, ({ nodes }) => ({
  steps: nodes.map(stepOf)
}))
