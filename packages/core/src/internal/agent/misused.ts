import * as Predicate from "effect/Predicate"
import { names as ofBatches } from "../runner/options.ts"
import { isAnySchema } from "../schema/standardSchema.ts"
import { meantBy, misspelt } from "../tool/mistakes.ts"
import { names } from "./options.ts"

/** What is said where an option is missing. */
export const missing = {
  toolkit: "`toolkit` is missing: give what Toolkit.make(...tools) makes",
  prompt: "`prompt` is missing: give what to ask, as text, or a conversation"
} as const

const noOutput = "`output` is no schema: give one, such as Schema.Struct({ city: Schema.String })"

const noRunner = "`runner` is no runner: give what `yield* Batch.make(options)` gives"

type Known = "batch" | "output" | "prompt" | "toolkit" | "runner" | typeof ofBatches[number]

/** What is wrong with the options of an agent; undefined if nothing is seen. `more` are options that it has besides. */
export const mistakeInOptions = (
  given: { readonly [name in Known]?: unknown },
  more: ReadonlyArray<string> = []
): string | undefined => {
  const { batch, output, prompt, runner, toolkit } = given
  const misnamed = misspelt(given, [...names, ...more]) ?? misspelt(Object(batch), ofBatches)
  if (misnamed !== undefined) return misnamed
  if (toolkit === undefined) return meantBy(given, "toolkit") ?? missing.toolkit
  if (prompt === undefined) return meantBy(given, "prompt") ?? missing.prompt
  const inside = ofBatches.find((name) => given[name] !== undefined)
  if (inside !== undefined) {
    return `there is no option \`${inside}\`: write it inside \`batch\`, as in batch: { ${inside} }`
  }
  if (runner !== undefined && !Predicate.hasProperty(runner, "dispatch")) return noRunner
  return output === undefined || isAnySchema(output) ? undefined : noOutput
}

/** Throws where the compiler would have refused the options of an agent. */
export const refuseMisused = (given: unknown): void => {
  if (!Predicate.isObject(given)) throw new TypeError("Agent: give options, such as { toolkit, prompt }.")
  const mistake = mistakeInOptions(given)
  if (mistake !== undefined) throw new TypeError(`Agent: ${mistake}.`)
}
