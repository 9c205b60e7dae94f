import type * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import { checkOf } from "../schema/jsonSchema.ts"
import { isNode } from "../schema/node.ts"
import type { Patterns } from "../schema/patterns.ts"
import * as Standard from "../schema/standardSchema.ts"
import type { AnyDefinition } from "./definition.ts"
import type { PromiseForm } from "./handler.ts"
import { fieldOf, type Form, mistakeIn, refuseUnnamed } from "./mistakes.ts"
import { byClass, byMessage, type FunctionOption, Thrown } from "./promised.ts"
import type { Option } from "./written.ts"

/** A definition, of which plain JavaScript may have left out anything. */
export type Unchecked<D> = { readonly [K in keyof D]?: D[K] | undefined }

const options = {
  description: true,
  parameters: true,
  success: true,
  failure: true,
  readOnly: true,
  idempotent: true,
  repeat: true,
  timeout: true,
  access: true,
  limits: true,
  approval: true,
  content: true,
  jsonSchema: true,
  execute: true
} as const satisfies Readonly<Record<Option, true>>

const ofFunctions = { ...options, catch: true } as const satisfies Readonly<Record<FunctionOption, true>>

/** What `Tool.make` takes. */
export const effectForm: Form = {
  options: Object.keys(options),
  needs: ["description", "parameters", "success"],
  isSchema: Schema.isSchema,
  giving: "effect"
}

const promiseForm: Form = {
  options: Object.keys(ofFunctions),
  needs: ["description", "parameters", "execute"],
  isSchema: (value) => Standard.isAnySchema(value) || (isNode(value) && fieldOf(value) === undefined),
  giving: "promise"
}

const wholeForm: Form = { ...effectForm, needs: [...effectForm.needs, "execute"] }

/** What `Tool.fromStandardSchema` takes. */
export const standardForm: Form = { ...wholeForm, isSchema: Standard.isAnySchema }

/** What `Tool.fromJsonSchema` takes. */
export const jsonForm: Form = {
  ...wholeForm,
  options: [...effectForm.options, "validate", "patterns"],
  needs: ["description", "parameters", "execute"],
  isParameters: (value) => isNode(value) && (!Standard.isAnySchema(value) || Standard.isWritten(value))
}

/** What `Pipeline.tool` takes. */
export const pipelineForm: Form = {
  ...effectForm,
  options: [...effectForm.options, "build"],
  needs: [...effectForm.needs, "build"]
}

/** Throws where the compiler would have refused a definition; what a form needs is there in one that passes. */
export function refuseMistaken<D extends object>(
  name: string,
  definition: Unchecked<D>,
  form: Form
): asserts definition is D & Unchecked<D> {
  refuseUnnamed(name, definition)
  // All but Tool.fromFunction, whose function may be a method of a class, keep a definition's own properties alone.
  const mistake = mistakeIn(form.giving === "promise" ? definition : { ...definition }, form)
  if (mistake !== undefined) throw new Error(`Tool "${name}": ${mistake}.`)
}

/** A definition as `Tool.fromFunction` takes it, whatever its types. */
export interface AnyFunctionDefinition
  extends Omit<AnyDefinition, "parameters" | "success" | "failure" | "execute">, PromiseForm
{
  readonly parameters: Standard.Described
  readonly success?: Standard.Described | undefined
  readonly failure?: Standard.Described | "message" | undefined
}

/** What `Tool.fromFunction` was given, in the form of `Tool.make`; throws where the compiler would have refused it. */
export const ofFunction = (name: string, definition: Unchecked<AnyFunctionDefinition>): AnyDefinition => {
  refuseMistaken<AnyFunctionDefinition>(name, definition, promiseForm)
  const { catch: caught, description, execute, failure, parameters, success, ...rest } = definition
  const schemaOf = (given: Standard.Described) => Standard.isAnySchema(given) ? given : byJsonSchema(name, given)
  return {
    ...rest,
    ...Standard.schemasOf(name, {
      parameters: schemaOf(parameters),
      success: schemaOf(success ?? Schema.Unknown),
      jsonSchema: rest.jsonSchema ?? (Standard.isAnySchema(parameters) ? undefined : parameters)
    }),
    description,
    ...failingOf(failure === "message" ? failure : schemaOf(failure ?? Schema.Never), execute, caught)
  }
}

/** How a function fails: with messages, with what `catch` makes, or with what it throws of a class that is declared. */
const failingOf = (
  failure: Standard.AnySchema | "message",
  execute: PromiseForm["execute"],
  caught: PromiseForm["catch"]
): Pick<AnyDefinition, "failure" | "promise"> => {
  if (failure === "message") return { failure: Thrown, promise: { execute, catch: caught ?? byMessage } }
  const schema = Standard.written(failure)
  return { failure: schema, promise: { execute, catch: caught ?? byClass(schema) } }
}

/** JSON that a JSON Schema takes, checked by that or by a function of one's own. */
export const byJsonSchema = (
  name: string,
  jsonSchema: JsonSchema.JsonSchema,
  validate?: (args: Schema.Json) => string | undefined,
  patterns?: Patterns
): Schema.Codec<Schema.Json> => Schema.Json.check(Schema.makeFilter(validate ?? checkOf(name, jsonSchema, patterns)))
