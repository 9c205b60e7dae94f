/**
 * What an MCP server has to read: files, records, pages.
 *
 * - there is no timeout but the program's; a question that is interrupted is cancelled at the server
 * - an answer may be as large as the result of a call, and a list has at most 1,000 pages
 */
import { isSpecType } from "@modelcontextprotocol/client"
import type { Content } from "@volley/core/Content"
import * as Json from "@volley/core/Json"
import * as Effect from "effect/Effect"
import { readOf } from "./internal/content.ts"
import * as Lists from "./internal/list.ts"
import type { Server } from "./internal/server.ts"
import { type McpError, of as errorOf, Unusable } from "./McpError.ts"

/** Something to read; `size` in bytes. If a server gives no `name`, it is the title, or else the URI. */
export interface Resource {
  readonly uri: string
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly mediaType?: string | undefined
  readonly size?: number | undefined
}

/**
 * Things to read whose addresses are made of a template (RFC 6570); `UriTemplate` of the official client fills it. If a server
 * gives no `name`, it is the title, or else the template.
 */
export interface Template {
  readonly uriTemplate: string
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly mediaType?: string | undefined
}

/**
 * Lists what there is; nothing where the server knows no such list. What is listed and is no resource is logged, and left out.
 *
 * @example
 * ```ts
 * import { Mcp, Resource } from "@volley/mcp"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const args = ["-y", "@modelcontextprotocol/server-everything", "stdio"]
 *   const server = yield* Mcp.connect({ name: "demo", command: "npx", args })
 *   const [page] = yield* Resource.list(server)
 *   const content = yield* Resource.read(server, page?.uri ?? "")
 *   const [template] = yield* Resource.templates(server)
 *   return { page, content, template }
 * })
 * const { content, page, template } = await Effect.runPromise(Effect.scoped(program))
 * console.log(page?.name, content.map(({ type }) => type)) // => architecture.md [ 'text' ]
 * console.log(template?.uriTemplate) // => demo://resource/dynamic/text/{resourceId}
 * ```
 */
export const list = (server: Server): Effect.Effect<ReadonlyArray<Resource>, McpError> =>
  Effect.map(
    Lists.list(server, {
      method: "resources/list",
      key: "resources",
      type: "Resource",
      is: isSpecType.Resource,
      address: "uri"
    }),
    (all) =>
      all.map(({ description, mimeType: mediaType, name, size, title, uri }) => ({
        uri,
        name,
        title,
        description,
        mediaType,
        size
      }))
  )

/**
 * Lists the templates; nothing where the server knows no such list.
 *
 * @example
 * ```ts
 * import { Mcp, Resource } from "@volley/mcp"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const args = ["-y", "@modelcontextprotocol/server-everything", "stdio"]
 *   const server = yield* Mcp.connect({ name: "demo", command: "npx", args })
 *   const [page] = yield* Resource.list(server)
 *   const content = yield* Resource.read(server, page?.uri ?? "")
 *   const [template] = yield* Resource.templates(server)
 *   return { page, content, template }
 * })
 * const { content, page, template } = await Effect.runPromise(Effect.scoped(program))
 * console.log(page?.name, content.map(({ type }) => type)) // => architecture.md [ 'text' ]
 * console.log(template?.uriTemplate) // => demo://resource/dynamic/text/{resourceId}
 * ```
 */
export const templates = (server: Server): Effect.Effect<ReadonlyArray<Template>, McpError> =>
  Effect.map(
    Lists.list(server, {
      method: "resources/templates/list",
      key: "resourceTemplates",
      type: "ResourceTemplate",
      is: isSpecType.ResourceTemplate,
      address: "uriTemplate"
    }),
    (all) =>
      all.map(({ description, mimeType: mediaType, name, title, uriTemplate }) => ({
        uriTemplate,
        name,
        title,
        description,
        mediaType
      }))
  )

/**
 * Reads a resource, of which there may be several parts.
 *
 * - texts are as they are, images and documents with their data; what is neither is described
 *
 * @example
 * ```ts
 * import { Mcp, Resource } from "@volley/mcp"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const args = ["-y", "@modelcontextprotocol/server-everything", "stdio"]
 *   const server = yield* Mcp.connect({ name: "demo", command: "npx", args })
 *   const [page] = yield* Resource.list(server)
 *   const content = yield* Resource.read(server, page?.uri ?? "")
 *   const [template] = yield* Resource.templates(server)
 *   return { page, content, template }
 * })
 * const { content, page, template } = await Effect.runPromise(Effect.scoped(program))
 * console.log(page?.name, content.map(({ type }) => type)) // => architecture.md [ 'text' ]
 * console.log(template?.uriTemplate) // => demo://resource/dynamic/text/{resourceId}
 * ```
 */
export const read = (server: Server, uri: string): Effect.Effect<ReadonlyArray<Content>, McpError> =>
  Effect.flatMap(server.ask("resources/read", { uri }), (result) => {
    const parts = Json.isObject(result) ? result["contents"] : undefined
    return Array.isArray(parts)
      ? Effect.succeed(parts.map(readOf))
      : Effect.fail(errorOf(server, new Unusable({ message: "what it has read has no `contents`" })))
  })
