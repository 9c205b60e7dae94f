/**
 * Checks values by functions that are compiled from their JSON Schemas.
 */
import * as Json from "@volley/core/Json"
import type { Patterns } from "@volley/core/Tool"
import { Ajv, type Options } from "ajv"
import { Ajv2019 } from "ajv/dist/2019.js"
import { Ajv2020 } from "ajv/dist/2020.js"
import type { ChecksOf } from "./check.ts"
import { draftOf, maps, type Node, rewritten } from "./unfolded.ts"

/**
 * Makes checks of JSON Schemas, of each draft by its own rules; throws for one that cannot be checked.
 *
 * - what a schema that contains itself asks for may double with each level of a value: a check that follows more than
 *   `maxSteps` references, or matches too much text by large patterns, is given up, and says so
 */
export const checksOf: ChecksOf = (patterns) => {
  const engines = new Map<Engine, InstanceType<Engine>>()
  const steps: Steps = { left: 0, matches: 0 }
  return (schema) => {
    const draft = engineFor(draftOf(schema))
    const engine = engines.get(draft) ?? engineOf(draft, patterns, steps)
    engines.set(draft, engine)
    let breadth = 0
    const stepping = rewritten(schema, (node) => {
      breadth += breadthOf(node)
      return references.some((one) => one in node) ? { ...node, [step]: true } : node
    })
    if (breadth > maxBreadth) throw new Error("its JSON Schema has more parts side by side than can be compiled")
    const validate = engine.compile(stepping)
    return (value) => {
      steps.left = maxSteps
      steps.matches = maxMatches
      try {
        return validate(value) ? undefined : engine.errorsText(validate.errors?.slice(0, 20))
      } catch (error) {
        if (error instanceof RangeError) return `to check it takes too long: ${error.message}`
        throw error
      }
    }
  }
}

/** What a check may still do. */
interface Steps {
  left: number
  matches: number
}

const maxSteps = 50_000

/** Parts of patterns that may be tried at characters of texts: seconds. */
const maxMatches = 200_000_000

/** What stands side by side is compiled one in the other, in time and text that grow with the square of how many that are. */
const maxBreadth = 1_000_000

const breadthOf = (node: Node): number =>
  [
    Object.keys(node),
    ...[...maps].map((key) => Object.keys(node[key] ?? {})),
    ...["allOf", "anyOf", "oneOf", "prefixItems", "items"].map((key) => node[key]).filter(Array.isArray)
  ]
    .reduce((sum, { length }) => sum + length ** 2, 0)

const step = "volley-step"

const references = ["$ref", "$dynamicRef", "$recursiveRef"]

type Engine = typeof Ajv | typeof Ajv2019 | typeof Ajv2020

const engineFor = (named: unknown): Engine => {
  const draft = drafts.find(([names]) => names.some((name) => typeof named === "string" && named.includes(name)))
  if (draft === undefined) throw new Error(`its JSON Schema is of ${JSON.stringify(named)}, which is not known here`)
  return draft[1]
}

const drafts: ReadonlyArray<readonly [names: ReadonlyArray<string>, engine: Engine]> = [
  [["2020-12"], Ajv2020],
  [["2019-09"], Ajv2019],
  [["draft-07", "draft-06"], Ajv]
]

/** Formats tell a model what is wanted, as the draft of 2020 has it, and refuse nothing. */
const engineOf = (Engine: Engine, patterns: Patterns, steps: Steps): InstanceType<Engine> => {
  // It tells patterns apart by their text, and would match by the first one for all of them.
  const pattern = (source: string) => {
    const made = patterns(source)
    const size = "size" in made && typeof made.size === "number" ? made.size : 0
    const test = (text: string): boolean => {
      steps.matches -= size * text.length
      if (steps.matches < 0) throw new RangeError("its patterns are too large for texts of this length")
      return made.test(text)
    }
    return { test, toString: () => source }
  }
  const regExp = Object.assign(pattern, { code: "pattern" })
  const options: Options = {
    strict: false,
    validateFormats: false,
    validateSchema: false,
    allErrors: false,
    code: { regExp, optimize: false }
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
