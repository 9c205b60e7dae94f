/**
 * What a tool is, and how its requests are made, as far as the document says it.
 */
import type * as JsonSchema from "effect/JsonSchema"
import { type Body, bodyOf } from "./body.ts"
import { entriesOf, type Node, nodeOf, resolve } from "./node.ts"
import type { Source } from "./operations.ts"
import { type Parameter, parametersOf, type Secret } from "./parameters.ts"
import type { Schemas } from "./schemas.ts"
import { baseFor } from "./servers.ts"

/**
 * An operation that can be a tool.
 *
 * - `base`: what its path stands behind
 * - `accept`: what its answers may be
 * - `jsonSchema`: of the arguments: the parameters by their keys, and `body`
 */
export interface Plan {
  readonly operation: Source
  readonly base: string
  readonly description: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly body: Body | undefined
  readonly accept: string
  readonly jsonSchema: JsonSchema.JsonSchema
}

/** What all operations of a document are planned with. */
export interface Ground {
  readonly document: Node
  readonly schemas: Schemas
  readonly secrets: ReadonlyArray<Secret>
  readonly base: string
}

/** Plans an operation; throws where it cannot be a tool, with the reason. */
export const planOf = ({ base, document, schemas, secrets }: Ground, operation: Source): Plan => {
  const { method, node, path } = operation
  if (method === "TRACE") throw new Error("its method is TRACE, which no client sends")
  if (!path.startsWith("/")) throw new Error("its path does not begin with a slash")
  const parameters = parametersOf(document, operation, schemas, secrets)
  const body = sendable(method, bodyOf(document, node, schemas))
  return {
    operation,
    base: baseFor(operation, base),
    description: descriptionOf(operation),
    parameters,
    body,
    accept: acceptOf(document, node),
    jsonSchema: schemas.closed(argumentsOf(parameters, body))
  }
}

const sendable = (method: string, body: Body | undefined): Body | undefined => {
  if (method !== "GET" && method !== "HEAD") return body
  if (body?.required === true) throw new Error(`its method is ${method}, with a body, which no client sends`)
  return undefined
}

const argumentsOf = (parameters: ReadonlyArray<Parameter>, body: Body | undefined): JsonSchema.JsonSchema => {
  const properties = [
    ...parameters.map(({ key, schema }) => [key, schema] as const),
    ...(body === undefined ? [] : [["body", body.schema] as const])
  ]
  const required = [
    ...parameters.filter(({ required }) => required).map(({ key }) => key),
    ...(body?.required === true ? ["body"] : [])
  ]
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    additionalProperties: false
  }
}

/** Some documents have pages of text for an operation, of which the first lines say what it is for. */
const descriptionOf = ({ deprecated, method, node, path, summary }: Source): string => {
  const { description } = node
  const said = [deprecated ? "Deprecated." : "", summary, typeof description === "string" ? description : ""]
    .map((text = "") => text.trim()).filter((text) => text !== "").join("\n")
  return said === "" ? `${method} ${path}` : said.length > longest ? `${said.slice(0, longest)} …` : said
}

const longest = 1024

/** JSON before all else, for a program and a model alike. */
const acceptOf = (document: Node, { responses }: Node): string => {
  const good = entriesOf(responses).filter(([status]) => /^(?:2|default)/i.test(status))
  const types = new Set(good.flatMap(([, response]) => Object.keys(nodeOf(resolve(document, response)["content"]))))
  const json = [...types].filter((type) => /[/+]json\b/i.test(type))
  const chosen = json.length > 0 ? json : [...types]
  return chosen.length === 0 || chosen.some((type) => !isPlain(type)) ? "*/*" : chosen.join(", ")
}

const isPlain = (type: string): boolean => /^[\w.+*-]+\/[\w.+*-]+(?: *; *[\w.-]+=[\w.-]+)*$/.test(type)
