/**
 * Arguments drawn from the JSON Schema of a tool.
 */
import { Json, type Tool } from "@volley/core"
import { Generate } from "@volley/testing"
import { Arbitrary, Effect, Exit } from "effect"

type Node = Readonly<Record<string, unknown>>

/** Draws some arguments, the same each time; none where the schema says too much to draw from it. */
export const argsOf = Effect.fnUntraced(function*(tool: Tool.Any, count: number) {
  for (const isWhole of [false, true]) {
    const jsonSchema = narrowed(tool.jsonSchema, isWhole)
    const drawn = Effect.suspend(() =>
      Arbitrary.sampleEffect(Generate.args({ ...tool, jsonSchema }), { count, seed: 7, size: 4 })
    )
    const exit = yield* Effect.exit(drawn)
    if (Exit.isSuccess(exit)) return exit.value
  }
  return []
})

/** The judges differ in what an empty text or a date is; and what is drawn is to be what the schema names. */
const narrowed = (schema: Node, isWhole: boolean): Node => {
  const { additionalProperties, format, ...all } = schema
  const rest: Node = isWhole ? all : Object.fromEntries(Object.entries(all).filter(([key]) => !compound.has(key)))
  const part = (key: string, value: unknown): unknown =>
    ["enum", "const", "default", "required"].includes(key)
      ? value
      : Array.isArray(value)
      ? value.map((one) => Json.isObject(one) ? narrowed(one, isWhole) : one)
      : !Json.isObject(value)
      ? value
      : key === "properties" || key === "$defs"
      ? Object.fromEntries(
        Object.entries(value).map(([name, one]) => [name, Json.isObject(one) ? narrowed(one, isWhole) : one])
      )
      : narrowed(value, isWhole)
  const same = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, part(key, value)]))
  return {
    ...same,
    ...textOf({ ...rest, format }),
    ...(rest["properties"] === undefined && additionalProperties !== undefined && { additionalProperties }),
    ...(rest["properties"] !== undefined && !isWhole && { additionalProperties: false })
  }
}

const compound = new Set(["allOf", "anyOf", "not", "oneOf"])

const formats: Readonly<Record<string, string>> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T12:00:00.000Z",
  email: "ann@example.com",
  uuid: "123e4567-e89b-42d3-a456-426614174000",
  uri: "https://example.com/a?b=c"
}

const textOf = ({ enum: all, format, maxLength, pattern, type }: Node) => {
  if (type !== "string" || all !== undefined || pattern !== undefined) return {}
  const known = typeof format === "string" ? formats[format] : undefined
  if (known !== undefined) return { enum: [known] }
  return { enum: ["a", "B c", "é/?&=#%+", "7"].filter((text) => text.length <= Number(maxLength ?? 99)) }
}
