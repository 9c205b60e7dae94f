/**
 * A graph of calls that a model writes as the one argument of one call, so that calls which need each other's results take
 * one turn instead of several.
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as JsonPointer from "effect/JsonPointer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { CallError, DependencyFailed, InvalidArguments, type Reason, Uncertain, Undecided } from "./CallError.ts"
import * as Content from "./Content.ts"
import { isOver } from "./internal/exit.ts"
import { composite } from "./internal/graph/graph.ts"
import { nearest } from "./internal/nearest.ts"
import { refuseNoToolkit } from "./internal/refusals.ts"
import { Enclosing } from "./internal/runner/enclosing.ts"
import { fit } from "./internal/runner/fit.ts"
import { byteLength, errorText } from "./internal/text.ts"
import type * as Tool from "./Tool.ts"
import type * as Toolkit from "./Toolkit.ts"

/** One step of a plan. */
export const Step = Schema.Struct({
  id: Schema.String,
  tool: Schema.String,
  arguments: Schema.Record(Schema.String, Schema.Json)
})
type Step = typeof Step.Type

/** What a model writes. */
export const Plan = Schema.Struct({ steps: Schema.Array(Step) })

/** The name of the tool that runs plans, and the limits of a plan. */
export interface Options {
  /** The name of the tool; `plan`. */
  readonly name?: string | undefined
  /** Steps of one plan; 32. */
  readonly maxSteps?: number | undefined
  /**
   * How long a whole plan may take: such as `"1 minute"`, or a number of milliseconds. No limit by default, since its
   * steps have timeouts of their own.
   */
  readonly timeout?: Duration.Input | undefined
}

/** The tool that runs plans. */
export type PlanTool<T extends Tool.Any> = Tool.Tool<
  string,
  typeof Plan,
  typeof Schema.Unknown,
  typeof Schema.Never,
  Tool.Requirements<T>
>

/**
 * Makes the tool that runs plans over a toolkit; put it beside the tools that it runs, whose parameters it does not repeat.
 *
 * - a part of `arguments` may be `{ "$ref": "step" }` or `{ "$ref": "step/pointer" }`: the result of an earlier step,
 *   or the part of it that a JSON Pointer (RFC 6901) finds
 * - all steps are checked before any of them runs; then each is a call of the same run as the plan, under the same
 *   limits
 * - the answer holds every step's outcome, in plan order: `{ "steps": [{ "id", "ok" }, { "id", "error" }] }`; images
 *   and documents of steps are shown with it
 *
 * @example
 * ```ts
 * import { Batch, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const add = Tool.make("add", {
 *   description: "Adds two numbers, which come from the user.",
 *   parameters: Schema.Struct({ a: Schema.Finite, b: Schema.Finite }),
 *   success: Schema.Struct({ sum: Schema.Finite }),
 *   execute: ({ a, b }) => Effect.succeed({ sum: a + b })
 * })
 *
 * const toolkit = Toolkit.make(add, Plan.tool(Toolkit.make(add)))
 * const steps = [ // what a model writes as the arguments of one call
 *   { id: "three", tool: "add", arguments: { a: 1, b: 2 } },
 *   { id: "six", tool: "add", arguments: { a: { $ref: "three/sum" }, b: 3 } }
 * ]
 * const call = ToolCall.make({ id: "call_1", name: "plan", arguments: { steps } })
 * const { outcomes } = await Effect.runPromise(Batch.run(toolkit, [call]))
 * console.log(outcomes[0]?.encoded) // => {"steps":[{"id":"three","ok":{"sum":3}},{"id":"six","ok":{"sum":6}}]}
 * ```
 */
export function tool<T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>, options?: Options): PlanTool<T>
export function tool(toolkit: Toolkit.Any, { maxSteps = 32, name = "plan", timeout }: Options = {}): Tool.Any {
  refuseNoToolkit("Plan.tool: argument 1", toolkit)
  const definition = { description: describe(toolkit), parameters: Plan, success: Schema.Unknown, timeout }
  const planned = composite(name, definition, ({ steps }, call) => {
    const plan = read(steps)
    return Effect.as(check(toolkit, plan, maxSteps), {
      toolkit,
      nodes: plan.steps.map((step, index) => nodeOf(plan, step, index, call.id)),
      assemble: (outcomes, maxBytes) =>
        Effect.sync(() => answerOf(steps, outcomes.map((outcome) => inPlan(call.id, outcome)), maxBytes))
    })
  })
  return { ...planned, recode: undefined }
}

const describe = (toolkit: Toolkit.Any): string =>
  "Runs calls that need each other's results, all in one turn. Each step has an id, a tool and that tool's arguments; " +
  "anywhere in the arguments, {\"$ref\":\"ID\"} stands for the result of an earlier step and {\"$ref\":\"ID/a/0\"} for a " +
  `part of it. Steps that need nothing of each other run at once. Tools: ${namesOf(toolkit).join(", ")}.`

const namesOf = (toolkit: Toolkit.Any): ReadonlyArray<string> => Array.from(toolkit.wireNames.values())

const offer = (toolkit: Toolkit.Any, name: string): string => {
  const names = namesOf(toolkit)
  const near = nearest(name, names)
  return near.length < names.length
    ? `of the ${names.length} that there are, these are most like it: ${near.join(", ")}`
    : `there are ${near.join(", ")}`
}

/** A plan whose references were found; `first` has where each id stands first. */
interface Read {
  readonly steps: ReadonlyArray<Step & { readonly refs: ReadonlyArray<Reference> }>
  readonly first: ReadonlyMap<string, number>
}

const read = (steps: ReadonlyArray<Step>): Read => ({
  steps: steps.map((step) => ({ ...step, refs: references(step.arguments) })),
  first: new Map(steps.map(({ id }, index) => [id, index] as const).toReversed())
})

interface Reference {
  readonly path: ReadonlyArray<string>
  readonly step: string
  readonly pointer: ReadonlyArray<string>
}

/** The references inside a value, and where they stand. */
const references = (value: Schema.Json, path: ReadonlyArray<string> = []): ReadonlyArray<Reference> => {
  if (typeof value !== "object" || value === null) return []
  const target = targetOf(value)
  if (target !== undefined) return [{ path, ...target }]
  return Object.entries(value).flatMap(([key, inside]) => references(inside, [...path, key]))
}

const targetOf = (value: object): Omit<Reference, "path"> | undefined => {
  const entries = Object.entries(value)
  const [key, ref]: ReadonlyArray<unknown> = entries[0] ?? []
  if (entries.length !== 1 || key !== "$ref" || typeof ref !== "string") return undefined
  const [step = "", ...pointer] = ref.replace(/^#\/?/, "").split("/")
  return { step, pointer: pointer.map(JsonPointer.unescapeToken) }
}

type Issue = InvalidArguments["issues"][number]

/** All that is wrong with a plan, with the mend; nothing of it runs then. */
const check = (
  toolkit: Toolkit.Any,
  plan: Read,
  maxSteps: number
): Effect.Effect<void, InvalidArguments, unknown> => {
  const { length } = plan.steps
  if (length > maxSteps) {
    return invalid([{ path: "steps", message: `${length} steps are too many: at most ${maxSteps}` }])
  }
  return Effect.flatMap(
    Effect.forEach(plan.steps, (_, index) => issuesOf(toolkit, plan, index)),
    (issues) => issues.flat().length > 0 ? invalid(issues.flat()) : Effect.void
  )
}

const invalid = (issues: ReadonlyArray<Issue>) => Effect.fail(new InvalidArguments({ issues }))

const issuesOf = (
  toolkit: Toolkit.Any,
  { first, steps }: Read,
  index: number
): Effect.Effect<ReadonlyArray<Issue>, never, unknown> => {
  const { arguments: args, id, refs, tool: name } = steps[index]!
  const at = (message: string, path: ReadonlyArray<string> = []): Issue => ({
    path: [`steps.${index}`, ...path].join("."),
    message: `step "${id}": ${message}`
  })
  const twice = first.get(id) === index ? [] : [at("another step has this id; give each its own", ["id"])]
  const tool = toolkit.byName.get(name)
  if (tool === undefined) {
    return Effect.succeed([...twice, at(`there is no tool "${name}"; ${offer(toolkit, name)}`, ["tool"])])
  }
  const earlier = steps.slice(Math.max(0, index - 32), index).map(({ id }) => id).join(", ")
  const astray = refs.flatMap(({ path, step }) => {
    const place = first.get(step)
    if (place !== undefined && place < index) return []
    const why = place === undefined
      ? `does not exist; earlier steps: ${earlier || "none"}`
      : "comes later or is the step itself; put it before"
    return at(`"$ref" names "${step}", which ${why}`, ["arguments", ...path])
  })
  const unsaid = id === "" || id.includes("/") ? [at("an id has one letter or more, and no \"/\"", ["id"])] : []
  return Effect.map(misfitsOf(tool, args), (misfits) => [
    ...unsaid,
    ...twice,
    ...astray,
    ...misfits.filter(known(refs)).map(({ message, path }) =>
      at(message, path === "" ? ["arguments"] : ["arguments", path])
    )
  ])
}

/** What is wrong with the arguments of a step, with its references taken as they stand. */
const misfitsOf = (tool: Tool.Any, args: Schema.Json): Effect.Effect<ReadonlyArray<Issue>, never, unknown> => {
  const decoded = tool.decode(args)
  const issues = { onFailure: ({ issues }: InvalidArguments) => issues, onSuccess: () => [] }
  return Effect.match(isOver(decoded) || tool.provided.length === 0 ? decoded : provided(tool, decoded), issues)
}

/** With the layers that the run of the plan builds for the step. */
const provided = <A, E>({ provided }: Tool.Any, effect: Effect.Effect<A, E, unknown>): Effect.Effect<A, E, unknown> =>
  Effect.flatMap(Enclosing, (inside) => {
    if (inside === undefined) return effect
    const { job } = inside
    const context = Effect.callback<Context.Context<unknown>>((resume) =>
      job.run.layers.provide(provided, job.context ?? job.run.context, resume)
    )
    return Effect.flatMap(context, (context) => Effect.provideContext(effect, context))
  })

/**
 * Tells the issues that count already. What stands at, over or under a reference can only be judged when its value is
 * there; and so can what stands beside one inside an argument, which may be one of several forms.
 */
const known = (refs: ReadonlyArray<Reference>): (issue: Issue) => boolean => {
  const places = refs.map(({ path }) => path.join("."))
  return ({ path }) => {
    const dot = path.lastIndexOf(".")
    const around = dot < 0 ? path : path.slice(0, dot)
    return !places.some((place) => isAtOrIn(place, path) || isAtOrIn(place, around) || isAtOrIn(path, place))
  }
}

const isAtOrIn = (path: string, place: string): boolean =>
  place === "" || path === place || path.startsWith(`${place}.`)

type Outcomes = Parameters<Tool.Expansion["assemble"]>[0]

/** A failure as the model wrote the plan: steps that it names have the ids that they have there. */
const inPlan = (planId: string, outcome: Outcomes[number]): Outcomes[number] => {
  const { call, result } = outcome
  const failure = Result.isFailure(result) ? result.failure : undefined
  if (failure?._tag !== "CallError") return outcome
  const reason = renamed(failure.reason, (id) => id.startsWith(`${planId}/`) ? id.slice(planId.length + 1) : id)
  if (reason === failure.reason) return outcome
  const named = new CallError({ callId: call.id, tool: failure.tool, reason })
  return { ...outcome, result: Result.fail(named), encoded: errorText(named, byteLength(outcome.encoded)) }
}

const renamed = (reason: Reason, nameOf: (callId: string) => string): Reason => {
  switch (reason._tag) {
    case "DependencyFailed":
      return new DependencyFailed({ root: nameOf(reason.root), type: reason.type })
    case "Uncertain":
      return new Uncertain({ after: nameOf(reason.after) })
    case "Undecided":
      return reason.after === undefined ? reason : new Undecided({ after: nameOf(reason.after) })
    default:
      return reason
  }
}

/** The outcomes of the steps, in plan order; where they are too long together, the longest become texts that were cut. */
const answerOf = (steps: ReadonlyArray<Step>, outcomes: Outcomes, maxBytes: number): Tool.Answer<unknown> => {
  const whole = outcomes.map(({ json = null }) => JSON.stringify(json))
  let budget = maxBytes
  let json = shown(steps, outcomes, whole)
  while (byteLength(JSON.stringify(json)) > maxBytes && budget > 1) {
    budget = Math.floor(budget * 0.8)
    json = shown(steps, fit(outcomes, budget), whole)
  }
  const media = outcomes.flatMap((outcome) => outcome.media ?? [])
  return media.length === 0
    ? { value: json, json }
    : { value: json, json, content: [Content.text(JSON.stringify(json)), ...media] }
}

const shown = (steps: ReadonlyArray<Step>, outcomes: Outcomes, whole: ReadonlyArray<string>) => ({
  steps: outcomes.map(({ encoded, json = null, media, result }, index): Schema.Json => {
    const id = steps[index]?.id ?? ""
    if (Result.isFailure(result)) return { id, ...JSON.parse(encoded) }
    const ok = whole[index] === encoded ? json : encoded
    return media === undefined ? { id, ok } : { id, ok, media: media.map(Content.label) }
  })
})

const nodeOf = ({ first }: Read, step: Read["steps"][number], index: number, planId: string): Tool.Node => {
  const needed = Array.from(new Set(step.refs.map((ref) => ref.step)))
  return {
    call: { id: `${planId}/${step.id}`, name: step.tool, arguments: step.arguments, index, status: "complete" },
    needs: needed.map((id) => first.get(id) ?? 0),
    resolve: (answers) =>
      Effect.fromResult(fill(step.arguments, new Map(needed.map((id, n) => [id, answers[n]?.json ?? null]))))
  }
}

/** Puts results in the place of references. */
const fill = (
  value: Schema.Json,
  results: ReadonlyMap<string, Schema.Json>
): Result.Result<Schema.Json, InvalidArguments> => {
  if (typeof value !== "object" || value === null) return Result.succeed(value)
  const target = targetOf(value)
  if (target !== undefined) return find(results.get(target.step) ?? null, target)
  const filled = Object.entries(value).map(([key, inside]) =>
    Result.map(fill(inside, results), (json) => [key, json] as const)
  )
  return Result.map(
    Result.all(filled),
    (entries) => Array.isArray(value) ? entries.map(([, json]) => json) : Object.fromEntries(entries)
  )
}

/** Of a list, a pointer names an item and nothing else. */
const isKey = (json: Schema.Json | undefined, key: string): json is Schema.JsonObject =>
  typeof json === "object" && json !== null && Object.hasOwn(json, key) &&
  (!Array.isArray(json) || /^(0|[1-9][0-9]*)$/.test(key))

const find = (
  json: Schema.Json,
  { pointer, step }: Omit<Reference, "path">
): Result.Result<Schema.Json, InvalidArguments> => {
  let found: Schema.Json | undefined = json
  for (const [depth, key] of pointer.entries()) {
    found = isKey(found, key) ? Reflect.get(found, key) : undefined
    if (found === undefined) {
      const path = pointer.slice(0, depth + 1).join("/")
      return Result.fail(
        new InvalidArguments({
          issues: [{ path: "arguments", message: `the result of step "${step}" has nothing at "/${path}"` }]
        })
      )
    }
  }
  return Result.succeed(found)
}
