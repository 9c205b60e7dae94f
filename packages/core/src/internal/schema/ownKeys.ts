import { identity } from "effect/Function"
import type * as JsonSchema from "effect/JsonSchema"
import type * as SchemaAST from "effect/SchemaAST"
import { chainOf, partsOf } from "./chain.ts"
import { keysIn } from "./node.ts"

/**
 * Gives what takes the prototypes off plain objects, for schemas with a property that every object inherits, such as
 * `constructor`: schemas take that for given otherwise. Gives values back as they are for all other schemas.
 */
export const ownKeysOf = (ast: SchemaAST.AST): (value: unknown) => unknown =>
  namesInherited(ast, new Set()) ? bare : identity

/** The same, by a JSON Schema. */
export const ownKeysIn = (jsonSchema: JsonSchema.JsonSchema): (value: unknown) => unknown =>
  keysIn(jsonSchema).some((key) => key in Object.prototype) ? bare : identity

const namesInherited = (ast: SchemaAST.AST, seen: Set<SchemaAST.AST>): boolean =>
  chainOf(ast).some((one) => {
    if (seen.has(one)) return false
    seen.add(one)
    const inherits = one._tag === "Objects" && one.propertySignatures.some(({ name }) => name in Object.prototype)
    return inherits || partsOf(one).some((part) => namesInherited(part, seen))
  })

const bare = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  const own: Record<string, unknown> = Object.create(null)
  for (const [key, part] of Object.entries(value)) own[key] = bare(part)
  return own
}
