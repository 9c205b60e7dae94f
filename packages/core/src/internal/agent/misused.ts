import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { isConversation } from "../refusals.ts"
import { known, mistakeInBatch, names as ofBatches, ofPromises, ofTools } from "../runner/options.ts"
import { isAnySchema } from "../schema/standardSchema.ts"
import { callable, either, flag, misplaced, misshapen, type Shape, text } from "../shapes.ts"
import { misspelt } from "../tool/mistakes.ts"
import { names } from "./options.ts"

/** What is said where an option is missing. */
export const missing = {
  toolkit: "`toolkit` is missing: give what Toolkit.make(...tools) makes",
  prompt: "`prompt` is missing: give what to ask, as text, or a conversation"
} as const

const isRates = (value: unknown): boolean =>
  Predicate.hasProperty(value, "input") && Predicate.hasProperty(value, "output")

const shapes: ReadonlyArray<Shape> = [
  ofTools,
  [
    "prompt",
    (value) => typeof value === "string" || Array.isArray(value) || isConversation(value),
    "`prompt` is neither text, nor a list of content, nor a conversation: write \"Hi!\", or take `conversation` of how an "
    + "agent ended"
  ],
  text("system", "\"Answer briefly.\""),
  text("name", "\"support\""),
  [
    "pricing",
    (value) => Predicate.isObject(value) && Object.values(value).every(isRates),
    "`pricing` has no rates by model: write { \"gpt-x\": { input: 2, output: 8 } }, for a million tokens"
  ],
  either("atLimit", "answer", "fail"),
  ["startedAt", Predicate.isNumber, "`startedAt` is no number: write Date.now()"],
  [
    "spent",
    (value) => Predicate.hasProperty(value, "usage"),
    "`spent` is not what an agent spent: give what an AgentRecorder was told"
  ],
  flag("askTogether"),
  flag("streaming"),
  flag("parallelToolCalls"),
  callable("onInterrupt", "(left) => store(left.conversation)"),
  ["batch", Predicate.isObject, "`batch` is no object: write { concurrency: 4 }"],
  [
    "runner",
    (value) => Predicate.hasProperty(value, "dispatch"),
    "`runner` is no runner: give what `yield* Batch.make(options)` gives"
  ],
  ["output", isAnySchema, "`output` is no schema: give one, such as Schema.Struct({ city: Schema.String })"]
]

/** Those of an agent that is run as an Effect. */
const ofEffects: ReadonlyArray<Shape> = [
  misplaced(
    "model",
    "`model` is for promises: a model comes as a Layer, as in Effect.provide(Agent.run(options), layer)"
  ),
  ...ofPromises,
  ["steer", Effect.isEffect, "`steer` is no Effect: write Effect.sync(() => [\"Faster!\"])"]
]

type Known = "batch" | "prompt" | "toolkit" | typeof ofBatches[number]

/**
 * What is wrong with the options of an agent; undefined if nothing is seen.
 *
 * - `more`: options that it has besides; `own`, what others have to be by how it is run
 */
export const mistakeInOptions = (
  given: { readonly [name in Known]?: unknown },
  more: ReadonlyArray<string> = [],
  own: ReadonlyArray<Shape> = ofEffects
): string | undefined => {
  const { batch, prompt, toolkit } = given
  const misnamed = misspelt(given, [...names, ...more, ...known])
  if (misnamed !== undefined) return misnamed
  if (toolkit === undefined) return missing.toolkit
  if (prompt === undefined) return missing.prompt
  const inside = ofBatches.find((name) => given[name] !== undefined)
  if (inside !== undefined) {
    return `there is no option \`${inside}\`: write it inside \`batch\`, as in batch: { ${inside} }`
  }
  return misshapen(given, shapes) ?? misshapen(given, own) ?? mistakeInBatch(Object(batch))
}

/** Throws where the compiler would have refused the options of an agent. */
export const refuseMisused = (given: unknown): void => {
  if (!Predicate.isObject(given)) throw new TypeError("Agent: give options, such as { toolkit, prompt }.")
  const mistake = mistakeInOptions(given)
  if (mistake !== undefined) throw new TypeError(`Agent: ${mistake}.`)
}
