import { assert, describe, it } from "@effect/vitest"
import { type Tool, Toolkit } from "@volley/core"
import Ajv from "ajv/dist/2020.js"
import { Context, Effect, Exit, JsonSchema, Schema, SchemaRepresentation } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { arkTypeTool, effectTool, ofArkType, ofEffect, ofValibot, ofZod, valibotTool, zodTool } from "./libraries.ts"
import { build, type Library, type Shape, shape } from "./shapes.ts"

/** How many random schemas there are of each of four libraries; `npm run laws` asks for more. */
const runs = Math.ceil(Number(process.env["LAWS_CASES"] ?? 1000) / 4)

const ajv = new Ajv.default({ strict: false, validateFormats: false })

const isNode = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Values that a JSON Schema takes, some of them changed a little; by another implementation than that which made them. */
const taken = (jsonSchema: JsonSchema.JsonSchema, seed: number): ReadonlyArray<unknown> => {
  const document = JsonSchema.fromSchemaDraft2020_12(jsonSchema)
  const described = SchemaRepresentation.fromJsonSchemaDocument(document, { patterns: "apply" })
  const drawn = Arbitrary.sampleEffect(Arbitrary.schema(described), { count: 4, seed, size: 4 })
  const values = Exit.match(Effect.runSyncExit(drawn), { onFailure: () => [], onSuccess: (some) => some })
  const takes = ajv.compile(jsonSchema)
  return values.flatMap((value) => [value, ...changed(value, 0).slice(0, 16)])
    .map((value): unknown => JSON.parse(JSON.stringify(value)))
    .filter((value) => takes(value) && isPlain(value))
}

/** JavaScript counts some characters of a text twice; and no model writes numbers that are beyond all measure. */
const isPlain = (value: unknown): boolean =>
  JSON.stringify(value).length < 10_000 && !/[\ud800-\udfff]|\\ud|e\+\d\d|-?\d{16}/.test(JSON.stringify(value))

const changed = (value: unknown, depth: number): ReadonlyArray<unknown> => {
  if (depth > 4) return []
  if (typeof value === "string") return ["", value.slice(1), `${value}a`, value.toUpperCase(), "2026-02-30"]
  if (typeof value === "number") return [value + 1, value - 1, 0]
  if (Array.isArray(value)) {
    const inside = value.flatMap((item, at) => changed(item, depth + 1).slice(0, 3).map((one) => value.with(at, one)))
    return [[], value.slice(1), [...value, ...value.slice(0, 1)], ...inside.slice(0, 12)]
  }
  if (!isNode(value)) return []
  const entries = Object.entries(value)
  return entries.flatMap(([key, part]) => [
    Object.fromEntries(entries.filter(([other]) => other !== key)),
    ...changed(part, depth + 1).slice(0, 8).map((one) => ({ ...value, [key]: one }))
  ])
}

const noServices = Context.makeUnsafe<unknown>(new Map())

const issuesOf = (tool: Tool.Any, value: unknown) => {
  const exit = Effect.runSyncExitWith(noServices)(Effect.flip(tool.decode(value)))
  return Exit.isSuccess(exit) ? exit.value.issues : []
}

/** True where a JSON Schema has words on the way to a place. */
const isSaid = (root: JsonSchema.JsonSchema, path: ReadonlyArray<string>): boolean => {
  const look = (schema: unknown, [key, ...rest]: ReadonlyArray<string>, refs: number): boolean => {
    if (!isNode(schema) || refs > 50) return false
    if (typeof schema["description"] === "string") return true
    const { $defs, $ref, additionalProperties, anyOf, items, oneOf, prefixItems, properties } = schema
    const definitions: unknown = $defs ?? root["$defs"]
    const forms: ReadonlyArray<unknown> = [
      ...[anyOf, oneOf].flatMap((some) => Array.isArray(some) ? some : []),
      ...(typeof $ref === "string"
        ? [$ref === "#" ? root : isNode(definitions) ? definitions[$ref.replace("#/$defs/", "")] : undefined]
        : [])
    ]
    if (forms.some((form) => look(form, key === undefined ? [] : [key, ...rest], refs + 1))) return true
    if (key === undefined) return false
    const next = isNode(properties) && Object.hasOwn(properties, key)
      ? [properties[key]]
      : [additionalProperties, items, ...(Array.isArray(prefixItems) ? prefixItems : [])]
    return next.some((one) => look(one, rest, refs))
  }
  return look(root, path, 0)
}

/** True where a warning names the place of an issue, or one inside: some libraries say nothing of the forms of a union. */
const isNamed = (warnings: ReadonlyArray<Toolkit.Warning>, path: string): boolean =>
  warnings.some(({ message, parameter = "" }) => {
    if (!message.startsWith("Nothing says what else")) return false
    const pattern = parameter.split(/(\.\*|\[\])/)
      .map((part) => part === ".*" ? "\\..*" : part === "[]" ? "\\.\\d+" : part.replace(/\./g, "\\."))
    const isInside = path !== "" && /^[.[]/.test(parameter.slice(placeOf(path).length))
      && parameter.startsWith(placeOf(path))
    return isInside || new RegExp(`^${pattern.join("")}$`, "s").test(path)
  })

/** A path of an issue as lint writes it, of lists. */
const placeOf = (path: string): string => path.replace(/\.\d+(?=\.|$)/g, "[]")

const made = <S>(library: Library<S>, toolOf: (value: S) => Tool.Any, shape: Shape): Tool.Any | undefined => {
  try {
    return toolOf(build(library, shape))
  } catch {
    // Not every library writes everything as JSON Schema: such a tool is not made at all.
    return undefined
  }
}

/** What a tool refuses that its model could not know of. */
const secretsOf = (tool: Tool.Any, seed: number): ReadonlyArray<string> => {
  const secrets = taken(tool.jsonSchema, seed).flatMap((value) =>
    issuesOf(tool, value).filter(({ path }) => !isSaid(tool.jsonSchema, path === "" ? [] : path.split(".")))
      .map((issue) => ({ ...issue, value }))
  )
  if (secrets.length === 0) return []
  const warnings = Toolkit.lint(Toolkit.make(tool))
  return secrets.filter(({ path }) => !isNamed(warnings, path))
    .map(({ message, path, value }) => `${JSON.stringify(value)} at "${path}": ${message}`)
}

const holds = <S>(name: string, library: Library<S>, toolOf: (value: S) => Tool.Any): void => {
  let count = 0
  it.prop(name, { shape, seed: Schema.Int }, ({ seed, shape }) => {
    const tool = made(library, toolOf, shape)
    if (tool === undefined) return
    count += 1
    assert.deepStrictEqual(secretsOf(tool, seed), [], JSON.stringify(tool.jsonSchema))
  }, { arbitrary: { runs, seed: 13, maxShrinks: 100 } })
  it(`${name}, for a third of them at least`, () => {
    assert.isAtLeast(count, runs / 3)
  })
}

describe("what a model is shown is what a tool takes, or words or `Toolkit.lint` say where it is not", () => {
  holds("with schemas of Effect", ofEffect, effectTool)
  holds("with schemas of zod", ofZod, zodTool)
  holds("with schemas of valibot", ofValibot, valibotTool)
  holds("with schemas of arktype", ofArkType, arkTypeTool)
})
