import * as Predicate from "effect/Predicate"
import * as Struct from "effect/Struct"
import { safe } from "../runner/options.ts"
import { isAnySchema } from "../schema/standardSchema.ts"
import { meantBy } from "../tool/mistakes.ts"

/** What is said where an option is missing. */
export const missing = {
  toolkit: "`toolkit` is missing: give what Toolkit.make(...tools) makes",
  prompt: "`prompt` is missing: give what to ask, as text, or a conversation"
} as const

const noOutput = "`output` is no schema: give one, such as Schema.Struct({ city: Schema.String })"

const bounds = Struct.keys(safe)

type Known = "output" | "prompt" | "toolkit" | typeof bounds[number]

/** What is wrong with the options of an agent that plain JavaScript gives; undefined if nothing is seen. */
export const mistakeInOptions = (given: { readonly [name in Known]?: unknown }): string | undefined => {
  const { output, prompt, toolkit } = given
  if (toolkit === undefined) return meantBy(given, "toolkit") ?? missing.toolkit
  if (prompt === undefined) return meantBy(given, "prompt") ?? missing.prompt
  const inside = bounds.find((name) => given[name] !== undefined)
  if (inside !== undefined) {
    return `there is no option \`${inside}\`: write it inside \`batch\`, as in batch: { ${inside} }`
  }
  return output === undefined || isAnySchema(output) ? undefined : noOutput
}

/** Throws where the compiler would have refused the options of an agent. */
export const refuseMisused = (given: unknown): void => {
  if (!Predicate.isObject(given)) throw new TypeError("Agent: give options, such as { toolkit, prompt }.")
  const mistake = mistakeInOptions(given)
  if (mistake !== undefined) throw new TypeError(`Agent: ${mistake}.`)
}
