import { assert, describe, it } from "@effect/vitest"
import { Tool, Toolkit } from "@volley/core"
import { OpenAiChat } from "@volley/openai"
import { Effect, type JsonSchema } from "effect"

const text = { type: "string" }

const object = (
  properties: object,
  required: ReadonlyArray<string> = [],
  more: object = {}
): JsonSchema.JsonSchema => ({
  type: "object",
  properties,
  required,
  ...more
})

/** Schemas as the generators of public servers write them. */
const written: Readonly<Record<string, JsonSchema.JsonSchema>> = {
  nothing: { type: "object", properties: {} },
  titled: object({ owner: { title: "Owner", ...text }, repo: { title: "Repo", ...text } }, ["owner", "repo"], {
    title: "get_repoArguments"
  }),
  orNull: object({
    limit: { anyOf: [{ type: "integer" }, { type: "null" }], default: null, title: "Limit" },
    query: { ...text, title: "Query" }
  }, ["query"]),
  defaults: object({ page: { type: "number", default: 1, minimum: 1 }, perPage: { type: "number", maximum: 100 } }),
  choices: object({ state: { ...text, enum: ["open", "closed", "all"], description: "Which issues" } }),
  draft07: object({ path: { ...text, minLength: 1 } }, ["path"], {
    $schema: "http://json-schema.org/draft-07/schema#",
    additionalProperties: false
  }),
  nested: object({ edits: { type: "array", minItems: 1, items: object({ from: text, to: text }, ["from"]) } }, [
    "edits"
  ]),
  reference: object({ sort: { $ref: "#/$defs/Sort", description: "How to sort" } }, [], {
    $defs: { Sort: { enum: ["asc", "desc"], title: "Sort", type: "string" } }
  }),
  oldReference: object({ sort: { allOf: [{ $ref: "#/definitions/Sort" }], default: "asc" } }, [], {
    definitions: { Sort: { enum: ["asc", "desc"] } }
  }),
  recursive: object({ block: { $ref: "#/$defs/Block" } }, ["block"], {
    $defs: { Block: object({ text, children: { type: "array", items: { $ref: "#/$defs/Block" } } }, ["text"]) }
  }),
  formats: object({ url: { ...text, format: "uri" }, at: { ...text, format: "date-time" } }, ["url"]),
  ranges: object({ n: { type: "integer", exclusiveMinimum: 0, maximum: 9007199254740991, default: 5 } }),
  oneOf: object({ to: { oneOf: [object({ email: text }, ["email"]), object({ phone: text }, ["phone"])] } }, ["to"]),
  types: object({ id: { type: ["string", "integer"] } }, ["id"]),
  unique: object({ labels: { type: "array", items: text, uniqueItems: true } }),
  constant: object({ type: { const: "page" }, id: text }, ["type", "id"])
}

/** Those that no closed object says. */
const open: Readonly<Record<string, JsonSchema.JsonSchema>> = {
  unsaid: { type: "object" },
  record: object({ headers: { type: "object", additionalProperties: text } }),
  anything: object({ body: {} }),
  free: object({ filter: { type: "object" } })
}

const strict = (schemas: typeof written) =>
  OpenAiChat.strict(Toolkit.make(
    ...Object.entries(schemas).map(([name, parameters]) =>
      Tool.fromJsonSchema(name, {
        description: name,
        parameters,
        validate: () => undefined,
        execute: (args) => Effect.succeed(args)
      })
    )
  ))

describe("OpenAiChat.strict of JSON Schemas that were given", () => {
  it("takes those that closed objects can say", () => {
    const { lax, tools } = strict(written)
    assert.deepStrictEqual(lax, [])
    assert.isTrue(tools.every((tool) => tool.strict))
  })

  it("leaves the others as they are, and says why", () => {
    assert.deepStrictEqual(strict(open).lax, [
      { tool: "unsaid", why: "\"\" may have other keys" },
      { tool: "record", why: "\"headers\" may have other keys" },
      { tool: "anything", why: "\"body\" has no type" },
      { tool: "free", why: "\"filter\" may have other keys" }
    ])
  })
})
