import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { distanceOf } from "../nearest.ts"
import { isNode, type Node } from "../schema/node.ts"
import * as Standard from "../schema/standardSchema.ts"
import { flag, isFunction, misshapen, type Shape } from "../shapes.ts"

/** What is wrong with a tool: what the compiler shows of it, and what is thrown where no compiler looked. */
export const mistakes = {
  description: "`description` is missing: say what the tool does, which inputs it needs and where they come from",
  parameters: "`parameters` is missing: give a schema of the arguments, such as Schema.Struct({ city: Schema.String })",
  success: "`success` is missing: give a schema of the result, such as Schema.String, or Schema.Void",
  execute: "`execute` is missing, or no function: give one that takes the parameters of a call",
  build: "`build` is missing, or no function: give one that declares calls, and returns what answers"
} as const

const noJsonSchema =
  "`parameters` is missing, or no JSON Schema: give one, such as { type: \"object\", properties: { city: { type: \"string\" } } }"

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

/** What is wrong with how a function fails. */
export const failureMistakes = {
  undeclared: "makes failures, and nothing says which: give a schema of them as `failure`",
  waits: "gives a promise: make the failure at once, without async and await",
  catches: "gives something else than `failure` says: change one of the two",
  unmade: "nothing makes a failure: give `catch`, which makes one of what was thrown, or an error class as `failure`"
} as const

/**
 * What a way to make tools takes.
 *
 * - `needs`: options that have to be there
 * - `isSchema`: what it takes for a schema; `isParameters`, for one of parameters, where those are a JSON Schema
 * - `giving`: what `execute` gives
 */
export interface Form {
  readonly options: ReadonlyArray<string>
  readonly needs: ReadonlyArray<keyof typeof mistakes>
  readonly isSchema: (value: unknown) => boolean
  readonly isParameters?: (value: unknown) => boolean
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
    ?? form.needs.filter((name) => definition[name] === undefined)
      .map((name) => name === "parameters" && form.isParameters ? noJsonSchema : mistakes[name])[0]
    ?? (typeof definition["description"] === "string" ? undefined : mistakes.description)
    ?? ["parameters", "success", "failure"].filter((name) => isNoSchema(name, definition[name], form))
      .map((name) => noSchema(name, definition[name], form))[0]
    ?? misshapen(definition, shapes)
    ?? (form.giving === "promise" ? noFailing(definition) : undefined)
    ?? (definition["execute"] === undefined ? undefined : mistakeOf("`execute`", definition["execute"], form.giving))

/** What other libraries call an option; words that mean something else in a wider object are not among them. */
const elsewhere: { readonly [name: string]: ReadonlyArray<string> } = {
  parameters: ["inputSchema", "input_schema", "input", "schema", "args"],
  success: ["outputSchema", "output_schema", "output"],
  execute: ["handler", "run", "func", "invoke", "call", "function"],
  toolkit: ["tools"],
  prompt: ["messages", "conversation", "input", "query", "question"],
  approval: ["needsApproval", "toolApproval"],
  content: ["toModelOutput"],
  system: ["instructions"],
  output: ["outputSchema", "outputType", "responseFormat"],
  signal: ["abortSignal"],
  concurrency: ["maxConcurrency", "toolCallConcurrency"],
  maxRounds: ["maxSteps", "maxTurns", "recursionLimit", "stopWhen"],
  retry: ["retries"],
  maxRetries: ["retries"]
}

const instead = (given: string, meant: string): string => `there is no option \`${given}\`: write \`${meant}\``

/** What is wrong with how a function fails: `failure` and `catch` go together, but for messages and classes of errors. */
const noFailing = ({ catch: caught, failure }: Node): string | undefined => {
  if (failure === undefined) {
    return caught === undefined ? undefined : `\`catch\` ${failureMistakes.undeclared}`
  }
  return caught !== undefined || failure === "message" || Schema.isSchema(failure)
    ? undefined
    : failureMistakes.unmade
}

/** True for a list of objects that all have `key`, and for a function, which may give one. */
const isListOf = (key: string) => (value: unknown): boolean =>
  isFunction(value) || (Array.isArray(value) && value.every((one) => Predicate.hasProperty(one, key)))

/** What is wrong with other options where they are not of their shape. */
export const shapes: ReadonlyArray<Shape> = [
  flag("readOnly"),
  flag("idempotent"),
  [
    "access",
    isListOf("mode"),
    "`access` is no list of accesses: write [Access.read(\"orders\")], or a function that gives a list"
  ],
  [
    "limits",
    isListOf("_tag"),
    "`limits` is no list of limits: write [Limits.concurrency(2)], or a function that gives a list"
  ],
  [
    "approval",
    (value) => value === "always" || isFunction(value),
    "`approval` is neither \"always\" nor a function: leave it out where no call needs approval"
  ],
  ["content", isFunction, "`content` is no function: give one that takes a result"],
  ["validate", isFunction, "`validate` is no function: give one that takes the arguments"],
  ["catch", isFunction, "`catch` is no function: give one that takes what was thrown"],
  ["build", isFunction, mistakes.build]
]

const isNoSchema = (name: string, given: unknown, { giving, isParameters, isSchema }: Form): boolean => {
  if (given === undefined || (name === "failure" && giving === "promise" && given === "message")) return false
  return !(name === "parameters" && isParameters ? isParameters(given) : isSchema(given))
}

/** Schemas of zod, valibot and others say who made them (Standard Schema). */
export const noSchema = (name: string, value: unknown, { isParameters }: Pick<Form, "isParameters"> = {}): string => {
  if (value === "message") {
    return "`failure: \"message\"` is for Tool.fromFunction: give a schema of the failures, or Schema.String"
  }
  const field = fieldOf(value)
  if (field !== undefined) {
    const whole = Schema.isSchema(field) ? "Schema.Struct({ ... })" : "z.object({ ... })"
    return `\`${name}\` is no schema, but an object of schemas: write ${whole}, or the same of your library`
  }
  const standard = Predicate.hasProperty(value, "~standard") ? value["~standard"] : undefined
  return Predicate.hasProperty(standard, "vendor") && typeof standard.vendor === "string"
    ? `\`${name}\` is a schema of ${standard.vendor}: make this tool with Tool.fromFunction, or Tool.fromStandardSchema`
    : name === "parameters" && isParameters
    ? noJsonSchema
    : `\`${name}\` is no schema: give one, such as Schema.Struct({ city: Schema.String })`
}

/** A schema inside of what is none itself, as some libraries take the fields of an object. */
export const fieldOf = (value: unknown): Standard.AnySchema | undefined =>
  isNode(value) && !Standard.isAnySchema(value) ? Object.values(value).find(isField) : undefined

const isField = (value: unknown): value is Standard.AnySchema =>
  Standard.isAnySchema(value) && !Standard.isWritten(value)

/** What a handler shows of being wrong before it is called. */
export const mistakeOf = (name: string, handler: unknown, giving: Form["giving"]): string | undefined => {
  if (typeof handler !== "function") return mistakes.execute
  const kind = Object.prototype.toString.call(handler)
  if (kind.includes("Generator")) return `${name} ${handlerMistakes.generator}`
  return giving === "effect" && kind === "[object AsyncFunction]" ? `${name} ${handlerMistakes.promise}` : undefined
}

/**
 * An option that is nearly one there is, or that another library calls so; others are left alone, since definitions are
 * often made of wider objects.
 */
export const misspelt = (definition: object, options: ReadonlyArray<string>): string | undefined => {
  for (const given of Object.keys(definition)) {
    if (options.includes(given)) continue
    const meant = options.find((option) => Reflect.get(definition, option) === undefined && isMeant(given, option))
    if (meant !== undefined) return instead(given, meant)
  }
  return undefined
}

const isMeant = (given: string, option: string): boolean =>
  elsewhere[option]?.includes(given) === true || distanceOf(given.toLowerCase(), option.toLowerCase()) <= 2

/** What a handler gave in place of an Effect. */
export const notAnEffect = (given: unknown): string =>
  typeof given === "object" && given !== null && "then" in given
    ? handlerMistakes.promise
    : handlerMistakes.plain
