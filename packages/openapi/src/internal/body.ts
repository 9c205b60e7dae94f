import * as Json from "@volley/core/Json"
import type * as JsonSchema from "effect/JsonSchema"
import { entriesOf, isThere, listOf, type Node, nodeOf, resolve, textOf } from "./node.ts"
import type { Schemas } from "./schemas.ts"
import type { Style } from "./style.ts"

/** How the value of a body is written. */
export type Kind = "json" | "form" | "multipart" | "text" | "binary"

/**
 * The body of a request.
 *
 * - `fields`: how fields of a form are written, where the document says so
 * - `files`: fields of a multipart body that are files, whether given as text or as documents
 */
export interface Body {
  readonly kind: Kind
  readonly mediaType: string
  readonly required: boolean
  readonly schema: JsonSchema.JsonSchema | boolean
  readonly fields: ReadonlyMap<string, Field>
  readonly files: ReadonlySet<string>
}

/** How a field is written; one without a style is text, or JSON where it is more than that. */
export interface Field {
  readonly style: Style | undefined
  readonly mediaType: string | undefined
}

/** The body of an operation, in the form that is the easiest for a model; throws where none can be written. */
export const bodyOf = (document: Node, node: Node, schemas: Schemas): Body | undefined => {
  if (!isThere(node["requestBody"])) return undefined
  const body = resolve(document, node["requestBody"])
  const contents = entriesOf(body["content"])
  const [chosen] = kinds.flatMap(([kind, mark]) =>
    contents.filter(([type]) => mark.test(type)).map(([mediaType, content]) => ({ kind, mediaType, content }))
  )
  if (chosen === undefined) {
    throw new Error(`its body is ${contents.map(([type]) => type).join(", ") || "of no type"}`)
  }
  const { content, kind, mediaType } = chosen
  const { encoding, schema = {} } = nodeOf(content)
  return {
    kind,
    mediaType,
    required: body["required"] === true,
    fields: fieldsOf(document, encoding),
    ...shapeOf(document, kind, schema, schemas)
  }
}

/** What a model is asked for, and which parts of that are files. */
const shapeOf = (document: Node, kind: Kind, schema: unknown, schemas: Schemas): Pick<Body, "schema" | "files"> => {
  if (kind === "multipart") return withFiles(document, schema, schemas)
  return { schema: kind === "binary" ? file(nodeOf(schema)) : schemas.of(schema), files: new Set() }
}

/** From the easiest for a model to the hardest. Kubernetes and others say that they take anything, and take JSON. */
const kinds: ReadonlyArray<readonly [Kind, RegExp]> = [
  ["json", /^[^;]*[/+]json\b/i],
  ["form", /^application\/x-www-form-urlencoded\b/i],
  ["multipart", /^multipart\/form-data\b/i],
  ["json", /^\*\/\*/],
  ["text", /^text\//i],
  ["binary", /^(?:application\/octet-stream|image\/|audio\/|video\/|application\/(?:pdf|zip|gzip|x-tar)\b)/i]
]

const fieldsOf = (document: Node, encoding: unknown): ReadonlyMap<string, Field> =>
  new Map(
    entriesOf(encoding).map(([name, value]) => {
      const { allowReserved, contentType, explode, style } = resolve(document, value)
      const isStyled = style !== undefined || explode !== undefined || allowReserved !== undefined
      const called = textOf(style) ?? "form"
      const isExploded = typeof explode === "boolean" ? explode : called === "form"
      return [name, {
        style: isStyled ? { name, style: called, explode: isExploded, reserved: allowReserved === true } : undefined,
        mediaType: textOf(contentType)?.split(",")[0]
      }]
    })
  )

/** What a model gives where a file is wanted: a text, or bytes as base64 in the form of a document. */
const file = ({ description }: Node): JsonSchema.JsonSchema => ({
  ...(typeof description === "string" && { description }),
  anyOf: [
    { type: "string", description: "The text of the file" },
    {
      type: "object",
      properties: {
        type: { enum: ["document", "image"] },
        mediaType: { type: "string", description: "such as image/png" },
        data: { type: "string", description: "The bytes as base64" },
        name: { type: "string" }
      },
      required: ["mediaType", "data"],
      additionalProperties: false
    }
  ]
})

/** The schema of a multipart body, with files in the places of bytes. */
const withFiles = (document: Node, schema: unknown, schemas: Schemas): Pick<Body, "schema" | "files"> => {
  const files = new Set<string>()
  const field = (name: string, value: unknown, own: JsonSchema.JsonSchema | boolean) => {
    const target = resolve(document, value)
    const isList = target["type"] === "array" && isBytes(resolve(document, target["items"]))
    if (!isList && !isBytes(target)) return own
    files.add(name)
    return isList && typeof own !== "boolean" ? { ...described(own), type: "array", items: file({}) } : file(target)
  }
  // Alternatives of alternatives, each by reference, may be too many to read.
  let left = 1000
  const inside = (value: unknown): JsonSchema.JsonSchema | boolean => {
    const target = resolve(document, value)
    const own = schemas.of(target)
    if (typeof own === "boolean" || --left < 0) return own
    const properties = nodeOf(own["properties"])
    const alternatives = ["allOf", "anyOf", "oneOf"].filter((key) => Array.isArray(target[key]))
    return {
      ...own,
      ...(Json.isObject(own["properties"]) && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, part]) =>
            [name, field(name, nodeOf(target["properties"])[name], schemaOf(part))] as const
          )
        )
      }),
      ...Object.fromEntries(alternatives.map((key) => [key, listOf(target[key]).map((one) => inside(one))]))
    }
  }
  return { schema: inside(schema), files }
}

const schemaOf = (part: unknown): JsonSchema.JsonSchema | boolean =>
  typeof part === "boolean" ? part : { ...nodeOf(part) }

const described = ({ description }: JsonSchema.JsonSchema) => description === undefined ? {} : { description }

/** 3.1 has bytes where a media type is said and no encoding; a text in base64 is a text. */
const isBytes = ({ contentEncoding, contentMediaType, format, type }: Node): boolean =>
  (type === "string" && format === "binary") ||
  (contentMediaType !== undefined && contentEncoding === undefined && (type === undefined || type === "string"))
