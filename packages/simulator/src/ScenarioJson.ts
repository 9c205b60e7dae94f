/**
 * Simple scenarios as JSON: turns of calls, then an answer. `docs/scenario.schema.json` is their schema.
 */
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { lineAt, syntaxFault } from "./internal/jsonLines.ts"
import * as SchemaFault from "./internal/schemaFault.ts"
import type { Part, Script, Wanted } from "./Script.ts"

const Call = Schema.Struct({
  name: Schema.String.annotate({ description: "The tool" }),
  arguments: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Json).annotate({ description: "What it is called with; {} when left out" })
  ),
  malformed: Schema.optionalKey(
    Schema.String.annotate({
      description: "What stands in place of the arguments, as it is, on the wires that carry them as text"
    })
  )
}).annotate({ identifier: "Call" })

const Turn = Schema.Struct({
  calls: Schema.Array(Call).annotate({ description: "What the model asks for at once" }).check(Schema.isMinLength(1))
}).annotate({ identifier: "Turn" })

/** One scenario, as it stands in a file. */
const Scenario = Schema.Struct({
  $schema: Schema.optionalKey(Schema.String.annotate({ description: "Where this schema is, for editors" })),
  prompt: Schema.optionalKey(
    Schema.String.annotate({ description: "The first message of the user; any message when left out" })
  ),
  turns: Schema.optionalKey(
    Schema.Array(Turn).annotate({
      description: "One after the other, each when all calls before it have their results"
    })
  ),
  answer: Schema.String.annotate({ description: "What the model says at last" })
}).annotate({ identifier: "Scenario" })

const Scenarios = Schema.Array(Scenario).check(Schema.isMinLength(1))

/** What a file may hold. */
export const File = Schema.Union([Scenario, Scenarios])

export type Scenario = typeof Scenario.Type

/** What is wrong with a file, and in which line, counted from 1. */
export interface Problem {
  readonly line: number
  readonly message: string
}

/**
 * Reads the text of a file.
 *
 * @example
 * ```ts
 * import { ScenarioJson } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const read = ScenarioJson.parse(`{ "prompt": "Hello!", "answer": "Hello." }`)
 * console.log(Result.isSuccess(read) && read.success[0]?.prompt) // => Hello!
 * const wrong = ScenarioJson.parse(`{\n  "prompt": "Hello!"\n}`)
 * console.log(Result.isFailure(wrong) && wrong.failure) // => { line: 1, message: '"answer" is missing' }
 * ```
 */
export const parse = (text: string): Result.Result<ReadonlyArray<Part>, Problem> => {
  const json = Json.parse(text)
  if (Result.isFailure(json)) return Result.fail(syntaxFault(text) ?? { line: 1, message: json.failure })
  const read = Array.isArray(json.success)
    ? decodeAll(json.success)
    : Result.map(decode(json.success), (scenario) => [scenario])
  return Result.mapBoth(read, {
    onFailure: (error) => problemIn(text, SchemaFault.fromError(error)),
    onSuccess: (scenarios) => scenarios.map((scenario) => ({ prompt: scenario.prompt, script: scriptOf(scenario) }))
  })
}

const strict = { onExcessProperty: "error" } as const
const decode = Schema.decodeUnknownResult(Scenario, strict)
const decodeAll = Schema.decodeUnknownResult(Scenarios, strict)

/**
 * Plays a scenario: the calls of a turn are wanted once all calls before them have been seen.
 *
 * @example
 * ```ts
 * import { ScenarioJson } from "@volley/simulator"
 *
 * const script = ScenarioJson.scriptOf({ answer: "18 °C." })
 * console.log(script.wants([]), script.answer([])) // => [] 18 °C.
 * ```
 */
export const scriptOf = ({ answer, turns = [] }: Scenario): Script => ({
  wants: (seen) =>
    turns.filter((_, at) => countIn(turns.slice(0, at)) <= seen.length).flatMap(({ calls }) => calls.map(wanted)),
  answer: () => answer
})

const countIn = (turns: NonNullable<Scenario["turns"]>): number => turns.flatMap(({ calls }) => calls).length

const wanted = ({ arguments: args = {}, ...call }: typeof Call.Type): Wanted => ({ ...call, arguments: args })

const problemIn = (text: string, { kind, message, path }: SchemaFault.SchemaFault): Problem => ({
  line: lineAt(text, path),
  message: kind === "missing"
    ? `"${path.at(-1)}" is missing`
    : kind === "extra"
    ? `"${path.at(-1)}" means nothing here; there may be ${knownAt(path).join(", ")}`
    : path.length === 0
    ? "it has to be an object with an answer, or a list of such objects"
    : `${path.join(".")}: ${message}`
})

/** The keys that may stand beside one that may not. */
const knownAt = (path: SchemaFault.SchemaFault["path"]): ReadonlyArray<string> => {
  const list = path.filter((key) => typeof key === "string").at(-2)
  const { fields } = list === "calls" ? Call : list === "turns" ? Turn : Scenario
  return Object.keys(fields)
}
