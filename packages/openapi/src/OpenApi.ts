/**
 * The operations of OpenAPI documents, as toolkits.
 */
import * as Toolkit from "@volley/core/Toolkit"
import * as Checks from "@volley/json-schema/Checks"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import { type Parse, read } from "./internal/document.ts"
import type { Node } from "./internal/node.ts"
import { isNamed, type Operation, operationsIn, type Source, told } from "./internal/operations.ts"
import type { OpenApiTool, Options } from "./internal/options.ts"
import { type Ground, type Plan, planOf } from "./internal/plan.ts"
import { schemasOf } from "./internal/schemas.ts"
import { schemesFor, schemesIn, secretsOf } from "./internal/security.ts"
import { type Send, sending } from "./internal/send.ts"
import { baseOf } from "./internal/servers.ts"
import { toolOf } from "./internal/tools.ts"
import { NoServer, NotFound, OpenApiError, type Reason, TooMany, UnknownSchemes, Unreadable } from "./OpenApiError.ts"

export type { Operation } from "./internal/operations.ts"
export type { Call, OpenApiTool, Options } from "./internal/options.ts"
export type { Auth, Credential } from "./internal/security.ts"

/**
 * The tools of a document.
 *
 * - `leftOut`: operations that were asked for and are not in the toolkit, and why
 * - `operations`: all operations of the document, asked for or not
 */
export interface Tools {
  readonly toolkit: Toolkit.Toolkit<OpenApiTool>
  readonly leftOut: ReadonlyArray<{ readonly operation: string; readonly why: string }>
  readonly operations: ReadonlyArray<Operation>
}

/**
 * Makes tools of the operations of a document: an object, or the text of one as JSON or YAML.
 *
 * - the tools use the `HttpClient` that is provided to this function
 *
 * @example
 * ```ts
 * import { Batch, ToolCall } from "@volley/core"
 * import { OpenApi } from "@volley/openapi"
 * import { Effect } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const document = {
 *   openapi: "3.1.0",
 *   servers: [{ url: "https://api.pets.example/v1" }],
 *   paths: {
 *     "/pets/{id}": {
 *       parameters: [{ name: "id", in: "path", required: true, schema: { type: "integer" } }],
 *       get: { operationId: "getPet", summary: "One pet." }
 *     }
 *   }
 * }
 * const fetch = async (input: RequestInfo | URL) => Response.json({ asked: String(input) }) // stands in for the server
 *
 * const program = Effect.gen(function*() {
 *   const { toolkit } = yield* OpenApi.toolkit(document)
 *   const call = ToolCall.make({ id: "call_1", name: "getPet", arguments: { id: 7 } })
 *   return (yield* Batch.run(toolkit, [call])).outcomes[0]?.encoded
 * })
 * const asked = program.pipe(Effect.provide(FetchHttpClient.layer), Effect.provideService(FetchHttpClient.Fetch, fetch))
 * console.log(await Effect.runPromise(asked)) // => {"asked":"https://api.pets.example/v1/pets/7"}
 * ```
 */
export const toolkit = Effect.fnUntraced(function*(
  document: unknown,
  options: Options = {}
): Effect.fn.Return<Tools, OpenApiError, HttpClient.HttpClient> {
  const root = yield* read(document, options.parse)
  const { operations, wanted } = yield* chosen(root, options)
  const { auth = {} } = options
  const schemes = yield* fallible(() => schemesIn(root))
  const unknown = Object.keys(auth).filter((name) => !schemes.has(name))
  if (unknown.length > 0) return yield* failed(new UnknownSchemes({ schemes: unknown, known: [...schemes.keys()] }))
  const place = baseOf(root, options.baseUrl, options.url)
  if ("why" in place) return yield* failed(new NoServer(place))
  const send = yield* sending(options, ({ operation }) => schemesFor(root, operation.node, schemes, auth))
  const ground: Ground = { document: root, base: place.base, schemas: schemasOf(root), secrets: secretsOf(schemes) }
  const made = yield* fallible(() => toolsOf(wanted, ground, options, send))
  return { ...made, operations: operations.map(told) }
})

/**
 * Lists the operations of a document, for example to choose some of them.
 *
 * @example
 * ```ts
 * import { OpenApi } from "@volley/openapi"
 * import { Effect } from "effect"
 *
 * const operations = await Effect.runPromise(OpenApi.operations(`
 * openapi: 3.1.0
 * paths:
 *   /pets:
 *     get: { operationId: listPets }
 *     post: { operationId: addPet }
 * `))
 * console.log(operations.map(({ method, name }) => `${method} ${name}`)) // => [ 'GET listPets', 'POST addPet' ]
 * ```
 */
export const operations = (
  document: unknown,
  options: { readonly parse?: Parse | undefined } = {}
): Effect.Effect<ReadonlyArray<Operation>, OpenApiError> =>
  Effect.flatMap(read(document, options.parse), (root) => fallible(() => operationsIn(root).map(told)))

const chosen = Effect.fnUntraced(function*(root: Node, { include, maxTools = 64 }: Options) {
  const operations = yield* fallible(() => operationsIn(root))
  const names = typeof include === "function" || include === undefined ? [] : include
  const missing = names.filter((name) => !operations.some((one) => isNamed(name, one)))
  if (missing.length > 0) return yield* failed(new NotFound({ names: missing }))
  const wanted = operations.filter((one) => {
    if (include === undefined) return true
    return typeof include === "function" ? include(told(one)) : include.some((name) => isNamed(name, one))
  })
  if (wanted.length > maxTools) return yield* failed(new TooMany({ operations: wanted.length, maxTools }))
  return { operations, wanted }
})

/** What is wrong with one operation costs that one; that a document is not whole is known by its first reference elsewhere. */
const toolsOf = (wanted: ReadonlyArray<Source>, ground: Ground, options: Options, send: Send) => {
  const checks = Checks.make(options.trustPatterns)
  const tools: Array<OpenApiTool> = []
  const leftOut: Array<Tools["leftOut"][number]> = []
  for (const operation of wanted) {
    try {
      const plan: Plan = planOf(ground, operation)
      tools.push(toolOf(plan, options, checks, send))
    } catch (error) {
      if (error instanceof OpenApiError) throw error
      leftOut.push({ operation: operation.name, why: error instanceof Error ? error.message : String(error) })
    }
  }
  return { toolkit: Toolkit.make(...tools), leftOut }
}

/** Documents are read by functions that throw, those of the library for JSON Schemas among them. */
const fallible = <A>(read: () => A): Effect.Effect<A, OpenApiError> =>
  Effect.try({
    try: read,
    catch: (error) =>
      error instanceof OpenApiError
        ? error
        : new OpenApiError({
          reason: new Unreadable({ message: error instanceof Error ? error.message : String(error) })
        })
  })

const failed = (reason: Reason) => Effect.fail(new OpenApiError({ reason }))
