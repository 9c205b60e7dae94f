import * as Predicate from "effect/Predicate"
import { distanceOf } from "../nearest.ts"
import type { Node } from "../schema/node.ts"

/** What is wrong with a tool: what the compiler shows of it, and what is thrown where no compiler looked. */
export const mistakes = {
  description: "`description` is missing: say what the tool does, which inputs it needs and where they come from",
  parameters: "`parameters` is missing: give a schema of the arguments, such as Schema.Struct({ city: Schema.String })",
  success: "`success` is missing: give a schema of the result, such as Schema.String, or Schema.Void",
  execute: "`execute` is missing, or no function: give one that takes the parameters of a call"
} as const

/** What is wrong with a handler, behind its name. */
export const handlerMistakes = {
  promise: "gives a promise: make this tool with Tool.fromFunction, which takes async functions",
  generator: "is a generator: write it as Effect.fn(function*(parameters) { ... })",
  plain: "gives no Effect: write Effect.succeed(value), or make this tool with Tool.fromFunction",
  sync: "gives no promise: write it as an async function",
  effect: "gives an Effect: make this tool with Tool.make",
  gives: "gives something else than `success` says: change one of the two; a literal may need `as const`",
  fails: "fails with something else than `failure` says: add that error to `failure`, or catch it"
} as const

/**
 * What a way to make tools takes.
 *
 * - `needs`: options that have to be there
 * - `isSchema`: what it takes for a schema
 * - `giving`: what `execute` gives
 */
export interface Form {
  readonly options: ReadonlyArray<string>
  readonly needs: ReadonlyArray<"description" | "parameters" | "success" | "execute">
  readonly isSchema: (value: unknown) => boolean
  readonly giving: "effect" | "promise"
}

/** Throws for a tool without a name, or whose name stands in its definition, as it does in other libraries. */
export const refuseUnnamed = (name: unknown, definition: unknown): void => {
  if (typeof name === "string" && name !== "" && Predicate.isObject(definition)) return
  throw new Error(`A tool needs a name and then a definition: write ("get_weather", { description, parameters, ... }).`)
}

/** The first mistake in a definition as plain JavaScript may give it; undefined where there is none. */
export const mistakeIn = (definition: Node, form: Form): string | undefined =>
  misspelt(definition, form.options)
    ?? form.needs.filter((name) => definition[name] === undefined).map((name) => mistakes[name])[0]
    ?? (typeof definition["description"] === "string" ? undefined : mistakes.description)
    ?? ["parameters", "success", "failure"].filter((name) => isNoSchema(name, definition[name], form))
      .map((name) => noSchema(name, definition[name]))[0]
    ?? (definition["execute"] === undefined ? undefined : mistakeOf("`execute`", definition["execute"], form.giving))

const isNoSchema = (name: string, given: unknown, { giving, isSchema }: Form): boolean =>
  given !== undefined && !isSchema(given) && !(name === "failure" && giving === "promise" && given === "message")

/** Schemas of zod, valibot and others say who made them (Standard Schema). */
const noSchema = (name: string, value: unknown): string => {
  const standard = Predicate.hasProperty(value, "~standard") ? value["~standard"] : undefined
  return Predicate.hasProperty(standard, "vendor") && typeof standard.vendor === "string"
    ? `\`${name}\` is a schema of ${standard.vendor}: make this tool with Tool.fromFunction, or Tool.fromStandardSchema`
    : `\`${name}\` is no schema: give one, such as Schema.Struct({ city: Schema.String })`
}

/** What a handler shows of being wrong before it is called. */
export const mistakeOf = (name: string, handler: unknown, giving: Form["giving"]): string | undefined => {
  if (typeof handler !== "function") return mistakes.execute
  const kind = Object.prototype.toString.call(handler)
  if (kind.includes("Generator")) return `${name} ${handlerMistakes.generator}`
  return giving === "effect" && kind === "[object AsyncFunction]" ? `${name} ${handlerMistakes.promise}` : undefined
}

/** An option that is nearly one there is; others are left alone, since definitions are often made of wider objects. */
export const misspelt = (definition: object, options: ReadonlyArray<string>): string | undefined => {
  for (const given of Object.keys(definition)) {
    if (options.includes(given)) continue
    const meant = options.find((option) =>
      !(option in definition) && distanceOf(given.toLowerCase(), option.toLowerCase()) <= 2
    )
    if (meant !== undefined) return `there is no option \`${given}\`: write \`${meant}\``
  }
  return undefined
}

/** What a handler gave in place of an Effect. */
export const notAnEffect = (given: unknown): string =>
  typeof given === "object" && given !== null && "then" in given
    ? handlerMistakes.promise
    : handlerMistakes.plain
