import * as Schema from "effect/Schema"
import * as SchemaRepresentation from "effect/SchemaRepresentation"

/** Makes of the source of a pattern what tells which texts match it; throws for a pattern that it does not take. */
export type Patterns = (source: string) => { readonly test: (text: string) => boolean }

/** A schema that came of a JSON Schema, with its patterns matched by another engine than that of the language. */
export const withPatterns = (schema: Schema.Top, patterns: Patterns): Schema.Top =>
  SchemaRepresentation.fromRepresentation(SchemaRepresentation.toRepresentation(schema.ast), {
    revivers: [matching(patterns), ...others]
  })

const matching = (patterns: Patterns) =>
  SchemaRepresentation.makeReviverFilter(
    SchemaRepresentation.isPatternReviver.id,
    SchemaRepresentation.isPatternReviver.payloadSchema,
    ({ annotations, payload }) => {
      const pattern = patterns(payload.source)
      return Schema.makeFilter((text: string) => pattern.test(text), {
        expected: `a string matching the RegExp ${payload.source}`,
        ...annotations
      })
    }
  )

/** What else a JSON Schema can ask for. */
const others = [
  SchemaRepresentation.isFiniteReviver,
  SchemaRepresentation.isIntReviver,
  SchemaRepresentation.isGreaterThanReviver,
  SchemaRepresentation.isGreaterThanOrEqualToReviver,
  SchemaRepresentation.isLessThanReviver,
  SchemaRepresentation.isLessThanOrEqualToReviver,
  SchemaRepresentation.isMultipleOfReviver,
  SchemaRepresentation.isMinLengthReviver,
  SchemaRepresentation.isMaxLengthReviver,
  SchemaRepresentation.isMinCodePointsReviver,
  SchemaRepresentation.isMaxCodePointsReviver,
  SchemaRepresentation.isMinPropertiesReviver,
  SchemaRepresentation.isMaxPropertiesReviver,
  SchemaRepresentation.isPropertyNamesReviver,
  SchemaRepresentation.isUniqueReviver,
  SchemaRepresentation.JsonReviver
]
