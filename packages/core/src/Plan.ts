/**
 * A graph of calls that a model writes as the one argument of one call, so that calls which need each other's results take
 * one turn instead of several.
 */
import * as Effect from "effect/Effect"
import * as JsonPointer from "effect/JsonPointer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { InvalidArguments } from "./CallError.ts"
import * as Content from "./Content.ts"
import type { Expansion } from "./internal/graph/expansion.ts"
import { fit } from "./internal/runner/fit.ts"
import type { Node } from "./internal/runner/line.ts"
import { byteLength } from "./internal/text.ts"
import type { Outcome } from "./Outcome.ts"
import * as Tool from "./Tool.ts"
import * as Toolkit from "./Toolkit.ts"

/** One step of a plan. */
export const Step = Schema.Struct({
  id: Schema.String,
  tool: Schema.String,
  arguments: Schema.Record(Schema.String, Schema.Json)
})
type Step = typeof Step.Type

/** What a model writes. */
export const Plan = Schema.Struct({ steps: Schema.Array(Step) })

export interface Options {
  /** The name of the tool; `plan`. */
  readonly name?: string | undefined
  /** Steps of one plan; 32. */
  readonly maxSteps?: number | undefined
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
 * - a part of `arguments` may be `{ "$ref": "step" }` or `{ "$ref": "step/pointer" }`: the result of an earlier step, or
 *   what a JSON Pointer (RFC 6901) finds in it
 * - the steps are checked before any of them runs; then each is a call of the same run as the plan, under the same limits
 * - the answer holds every step's outcome, in plan order: `{ "steps": [{ "id", "ok" }, { "id", "error" }] }`; images and
 *   documents that steps show are shown with it
 */
export function tool<T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>, options?: Options): PlanTool<T>
export function tool(toolkit: Toolkit.Any, { maxSteps = 32, name = "plan" }: Options = {}): Tool.Any {
  return {
    ...Tool.make(name, {
      description: describe(toolkit),
      parameters: Plan,
      success: Schema.Unknown,
      execute: () => Effect.die("a plan is not executed")
    }),
    recode: undefined,
    expand: (args, call) =>
      Effect.flatMap(decode(args), ({ steps }) =>
        Effect.map(check(toolkit, steps, maxSteps), (): Expansion => ({
          toolkit,
          nodes: steps.map((step, index) => nodeOf(step, index, steps, call.id)),
          assemble: (outcomes, maxBytes, answers) => Result.succeed(answerOf(steps, outcomes, maxBytes, answers))
        })))
  }
}

const describe = (toolkit: Toolkit.Any): string =>
  "Runs calls that need each other's results, all in one turn. Each step has an id, a tool and that tool's arguments; " +
  "anywhere in the arguments, {\"$ref\":\"ID\"} stands for the result of an earlier step and {\"$ref\":\"ID/a/0\"} for a " +
  `part of it. Steps that need nothing of each other run at once. Tools: ${
    Array.from(toolkit.wireNames.values()).join(", ")
  }.`

const decode = (args: unknown): Effect.Effect<typeof Plan.Type, InvalidArguments> =>
  Effect.mapError(Schema.decodeUnknownEffect(Plan, { errors: "all" })(args), Tool.invalidArguments)

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
  steps: ReadonlyArray<Step>,
  maxSteps: number
): Effect.Effect<void, InvalidArguments, unknown> =>
  Effect.gen(function*() {
    if (steps.length > maxSteps) {
      return yield* invalid([{ path: "steps", message: `${steps.length} steps are too many: at most ${maxSteps}` }])
    }
    const issues = yield* Effect.forEach(steps, (step, index) => issuesOf(toolkit, steps, step, index))
    if (issues.flat().length > 0) return yield* invalid(issues.flat())
  })

const invalid = (issues: ReadonlyArray<Issue>) => Effect.fail(new InvalidArguments({ issues }))

const issuesOf = (
  toolkit: Toolkit.Any,
  steps: ReadonlyArray<Step>,
  step: Step,
  index: number
): Effect.Effect<ReadonlyArray<Issue>, never, unknown> => {
  const at = (message: string, path: ReadonlyArray<string> = []): Issue => ({
    path: [`steps.${index}`, ...path].join("."),
    message: `step "${step.id}": ${message}`
  })
  const earlier = steps.slice(0, index).map(({ id }) => id)
  const twice = earlier.includes(step.id) ? [at("another step has this id; give each its own", ["id"])] : []
  const tool = toolkit.byName.get(step.tool)
  if (tool === undefined) {
    const names = Array.from(toolkit.wireNames.values()).join(", ")
    return Effect.succeed([...twice, at(`there is no tool "${step.tool}"; there are ${names}`, ["tool"])])
  }
  const refs = references(step.arguments)
  const astray = refs.filter((ref) => !earlier.includes(ref.step)).map((ref) => {
    const later = steps.some(({ id }) => id === ref.step)
    const why = later
      ? "comes later or is the step itself; put it before"
      : `does not exist; earlier steps: ${earlier.join(", ") || "none"}`
    return at(`"$ref" names "${ref.step}", which ${why}`, ["arguments", ...ref.path])
  })
  const unsaid = step.id === "" || step.id.includes("/")
    ? [at("an id has one letter or more, and no \"/\"", ["id"])]
    : []
  return Effect.map(
    Effect.match(tool.call(step.arguments, () => Effect.void), {
      onFailure: ({ issues }) => issues.filter(({ path }) => !refs.some((ref) => touches(path, ref.path.join(".")))),
      onSuccess: () => []
    }),
    (misfits) => [
      ...unsaid,
      ...twice,
      ...astray,
      ...misfits.map(({ message, path }) => at(message, path === "" ? ["arguments"] : ["arguments", path]))
    ]
  )
}

/**
 * What stands at, over or under a reference can only be judged when its value is there; and so can what stands beside one
 * inside an argument, which may be one of several forms.
 */
const touches = (path: string, reference: string): boolean => {
  const parent = path.split(".").slice(0, -1).join(".")
  return path === "" || reference === "" || isUnder(path, reference) || isUnder(reference, path) ||
    (parent !== "" && isUnder(reference, parent))
}

const isUnder = (path: string, over: string): boolean => `${path}.`.startsWith(`${over}.`)

/** The outcomes of the steps, in plan order; where they are too long together, the longest become texts that were cut. */
const answerOf = (
  steps: ReadonlyArray<Step>,
  outcomes: ReadonlyArray<Outcome>,
  maxBytes: number,
  answers: ReadonlyArray<Tool.Answer<unknown> | undefined>
): Tool.Answer<unknown> => {
  let budget = maxBytes
  let json = shown(steps, outcomes, answers)
  while (byteLength(JSON.stringify(json)) > maxBytes && budget > 1) {
    budget = Math.floor(budget * 0.8)
    json = shown(steps, fit(outcomes, budget), answers)
  }
  const media = outcomes.flatMap((outcome) => outcome.media ?? [])
  return media.length === 0
    ? { value: json, json }
    : { value: json, json, content: [Content.text(JSON.stringify(json)), ...media] }
}

const shown = (
  steps: ReadonlyArray<Step>,
  outcomes: ReadonlyArray<Outcome>,
  answers: ReadonlyArray<Tool.Answer<unknown> | undefined>
) => ({
  steps: outcomes.map(({ encoded, media, result }, index): Schema.Json => {
    const id = steps[index]?.id ?? ""
    if (Result.isFailure(result)) return { id, ...JSON.parse(encoded) }
    const answer = answers[index]?.json ?? null
    const ok = JSON.stringify(answer) === encoded ? answer : encoded
    return media === undefined ? { id, ok } : { id, ok, media: media.map(Content.label) }
  })
})

const nodeOf = (step: Step, index: number, steps: ReadonlyArray<Step>, planId: string): Node => {
  const needed = Array.from(new Set(references(step.arguments).map((ref) => ref.step)))
  return {
    call: { id: `${planId}/${step.id}`, name: step.tool, arguments: step.arguments, index, status: "complete" },
    needs: needed.map((id) => steps.findIndex((other) => other.id === id)),
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
