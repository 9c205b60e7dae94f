/**
 * Checks values by functions that are compiled from their JSON Schemas.
 */
import * as Json from "@volley/core/Json"
import type { Patterns } from "@volley/core/Tool"
import { Ajv, type Options } from "ajv"
import { Ajv2019 } from "ajv/dist/2019.js"
import { Ajv2020 } from "ajv/dist/2020.js"
import type * as JsonSchema from "effect/JsonSchema"
import type { ChecksOf } from "./check.ts"
import { rewritten } from "./unfolded.ts"

/**
 * Makes checks of JSON Schemas, of each draft by its own rules; throws for one that cannot be checked.
 *
 * - what a schema that contains itself asks for may double with each level of a value: a check that follows more than
 *   `maxSteps` references is given up, and says so
 */
export const checksOf: ChecksOf = (patterns) => {
  const engines = new Map<Engine, InstanceType<Engine>>()
  const steps = { left: 0 }
  return (schema) => {
    const draft = draftOf(schema)
    const engine = engines.get(draft) ?? engineOf(draft, patterns, steps)
    engines.set(draft, engine)
    const validate = engine.compile(
      rewritten(schema, (node) => references.some((one) => one in node) ? { ...node, [step]: true } : node)
    )
    return (value) => {
      steps.left = maxSteps
      try {
        return validate(value) ? undefined : engine.errorsText(validate.errors?.slice(0, 20))
      } catch (error) {
        if (error instanceof RangeError) return `to check it takes too long: ${error.message}`
        throw error
      }
    }
  }
}

const maxSteps = 50_000

const step = "volley-step"

const references = ["$ref", "$dynamicRef", "$recursiveRef"]

type Engine = typeof Ajv | typeof Ajv2019 | typeof Ajv2020

const draftOf = ({ $schema = "2020-12" }: JsonSchema.JsonSchema): Engine => {
  const draft = drafts.find(([names]) => names.some((name) => String($schema).includes(name)))
  if (draft === undefined) throw new Error(`its JSON Schema is of ${JSON.stringify($schema)}, which nobody here knows`)
  return draft[1]
}

const drafts: ReadonlyArray<readonly [names: ReadonlyArray<string>, engine: Engine]> = [
  [["2020-12"], Ajv2020],
  [["2019-09"], Ajv2019],
  [["draft-07", "draft-06"], Ajv]
]

/** Formats tell a model what is wanted, as the draft of 2020 has it, and refuse nothing. */
const engineOf = (Engine: Engine, patterns: Patterns, steps: { left: number }): InstanceType<Engine> => {
  // It tells patterns apart by their text, and would match by the first one for all of them.
  const pattern = (source: string) => {
    const made = patterns(source)
    return { test: (text: string) => made.test(text), toString: () => source }
  }
  const regExp = Object.assign(pattern, { code: "pattern" })
  const options: Options = {
    strict: false,
    validateFormats: false,
    validateSchema: false,
    allErrors: false,
    code: { regExp }
  }
  const engine = new Engine(options)
  // Its own compares each item with each other one.
  engine.removeKeyword("uniqueItems")
  engine.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    error: { message: "must NOT have duplicate items" },
    validate: (isUnique: boolean, items: ReadonlyArray<unknown>) =>
      !isUnique || new Set(items.map(Json.canonical)).size === items.length
  })
  engine.addKeyword({
    keyword: step,
    before: engine.getKeyword("$dynamicRef") === false ? "$ref" : "$dynamicRef",
    validate: () => {
      if (--steps.left < 0) throw new RangeError(`more than ${maxSteps} references are followed`)
      return true
    }
  })
  return engine
}
