/**
 * What `--scenario` of `volley simulate` names: a scenario of the simulator's own, or a file of the user's.
 */
import * as ScenarioJson from "@volley/simulator/ScenarioJson"
import * as Scenarios from "@volley/simulator/Scenarios"
import * as Script from "@volley/simulator/Script"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { readFileSync } from "node:fs"
import * as ModuleFile from "./ModuleFile.ts"
import { get } from "./ModuleFile.ts"
import { scenarioNamed } from "./scenarioNamed.ts"
import { UserError } from "./UserError.ts"

/** Picks the script for a conversation, where there is one. */
export type Scripts = (view: Script.View) => Script.Script | undefined

/** The scripts that a name or a file stands for; those of all the simulator's own scenarios where nothing is named. */
export const scripts = (scenario: string | undefined): Effect.Effect<Scripts, UserError> => {
  if (scenario === undefined) return Effect.succeed(({ prompt }) => Scenarios.byPrompt(prompt)?.script)
  if (scenario.endsWith(".json")) return ofJson(scenario)
  if (/[./\\]/.test(scenario)) return ofModule(scenario)
  return scenarioNamed(scenario).pipe(
    Effect.mapError(({ message }) =>
      unusable(`${message}; a file of your own goes with its ending, as in ./${scenario}.ts`)
    ),
    Effect.map(({ script }) => () => script)
  )
}

const purpose: ModuleFile.Imported = { flag: "--scenario", what: "scenario", works: ".js, .mjs or .json" }

const ofJson = Effect.fnUntraced(function*(file: string): Effect.fn.Return<Scripts, UserError> {
  const text = readFileSync(yield* ModuleFile.pathOf(file, purpose), "utf8")
  const parts = ScenarioJson.parse(text)
  if (Result.isSuccess(parts)) return picking(parts.success)
  const { line, message } = parts.failure
  return yield* unusable(`${file}:${line} is no scenario: ${message}`)
})

const ofModule = Effect.fnUntraced(function*(file: string): Effect.fn.Return<Scripts, UserError> {
  const exported = yield* ModuleFile.load(file, purpose)
  if (isScripts(exported)) return exported
  const parts = (Array.isArray(exported) ? exported : [exported]).map(partOf)
  if (parts.length > 0 && parts.every((part) => part !== undefined)) return picking(parts)
  return yield* unusable(
    exported === undefined
      ? `${file} has no default export: write \`export default { wants: () => […], answer: () => "…" }\``
      : `the default export of ${file} is no scenario: it must be a script, which is { wants, answer }, or { prompt, script }, ` +
        "a list of those, or a function from a View to a script"
  )
})

const picking = (parts: ReadonlyArray<Script.Part>): Scripts => ({ prompt }) => Script.pick(parts, prompt)

const partOf = (value: unknown): Script.Part | undefined => {
  if (isScript(value)) return { script: value }
  const prompt = get(value, "prompt")
  const script = get(value, "script")
  return isScript(script) && (prompt === undefined || typeof prompt === "string") ? { prompt, script } : undefined
}

/** The types of a file's functions are unknown; one that throws is answered with what it throws. */
const isScript = (value: unknown): value is Script.Script =>
  typeof get(value, "wants") === "function" && typeof get(value, "answer") === "function"

const isScripts = (value: unknown): value is Scripts => typeof value === "function"

const unusable = (message: string) => new UserError({ message, exitCode: 2 })
