/**
 * What an MCP server proposes to say to a model.
 *
 * - there is no timeout but the program's; a question that is interrupted is cancelled at the server
 * - an answer may be as large as the result of a call, and the list has at most 1,000 pages
 */
import { isSpecType } from "@modelcontextprotocol/client"
import * as Content from "@volley/core/Content"
import * as Conversation from "@volley/core/Conversation"
import * as Json from "@volley/core/Json"
import * as Effect from "effect/Effect"
import { saidOf } from "./internal/content.ts"
import * as Lists from "./internal/list.ts"
import type { Server } from "./internal/server.ts"
import { type McpError, of as errorOf, Unusable } from "./McpError.ts"

/** A text that a prompt is made with. */
export interface Argument {
  readonly name: string
  readonly description: string | undefined
  readonly required: boolean
}

/** Something that a server proposes to say. */
export interface Prompt {
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly arguments: ReadonlyArray<Argument>
}

/**
 * Lists the prompts; nothing where the server knows no such list. What is listed and is no prompt is logged, and left out.
 *
 * @example
 * ```ts
 * import { Mcp, Prompt } from "@volley/mcp"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const args = ["-y", "@modelcontextprotocol/server-everything", "stdio"]
 *   const server = yield* Mcp.connect({ name: "demo", command: "npx", args })
 *   const prompts = yield* Prompt.list(server)
 *   const said = yield* Prompt.get(server, "args-prompt", { city: "Bern" }) // for `Conversation.append`
 *   return { names: prompts.map(({ name }) => name), said }
 * })
 * const { names, said } = await Effect.runPromise(Effect.scoped(program))
 * console.log(names.slice(0, 2)) // => [ 'simple-prompt', 'args-prompt' ]
 * console.log(said[0]) // => { role: 'user', text: "What's weather in Bern?" }
 * ```
 */
export const list = (server: Server): Effect.Effect<ReadonlyArray<Prompt>, McpError> =>
  Effect.map(
    Lists.list(server, { method: "prompts/list", key: "prompts", type: "Prompt", is: isSpecType.Prompt }),
    (all) =>
      all.map(({ arguments: args = [], description, name, title }) => ({
        name,
        title,
        description,
        arguments: args.map(({ description, name, required = false }) => ({ name, description, required }))
      }))
  )

/**
 * Gets a prompt as messages, for `Conversation.append`.
 *
 * - images and documents that the person says are `content`; sound, and what the protocol does not know, is described, and so is
 *   all of this that the model is to have said
 *
 * @example
 * ```ts
 * import { Mcp, Prompt } from "@volley/mcp"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const args = ["-y", "@modelcontextprotocol/server-everything", "stdio"]
 *   const server = yield* Mcp.connect({ name: "demo", command: "npx", args })
 *   const prompts = yield* Prompt.list(server)
 *   const said = yield* Prompt.get(server, "args-prompt", { city: "Bern" }) // for `Conversation.append`
 *   return { names: prompts.map(({ name }) => name), said }
 * })
 * const { names, said } = await Effect.runPromise(Effect.scoped(program))
 * console.log(names.slice(0, 2)) // => [ 'simple-prompt', 'args-prompt' ]
 * console.log(said[0]) // => { role: 'user', text: "What's weather in Bern?" }
 * ```
 */
export const get = (
  server: Server,
  name: string,
  args: Readonly<Record<string, string>> = {}
): Effect.Effect<ReadonlyArray<Conversation.User | Conversation.Assistant>, McpError> =>
  Effect.flatMap(server.ask("prompts/get", { name, arguments: args }), (result) => {
    const messages: unknown = Json.isObject(result) ? result["messages"] : undefined
    return Array.isArray(messages) && messages.every(hasRole)
      ? Effect.succeed(messages.map(messageOf))
      : Effect.fail(
        errorOf(server, new Unusable({ message: "the prompt is no list of messages of a user or an assistant" }))
      )
  })

interface Said {
  readonly role: "user" | "assistant"
  readonly content?: unknown
}

const hasRole = (message: unknown): message is Said =>
  Json.isObject(message) && (message["role"] === "user" || message["role"] === "assistant")

/** The protocol has one block in a message; some servers send a list of them. */
const messageOf = ({ content, role }: Said): Conversation.User | Conversation.Assistant => {
  const said = (Array.isArray(content) ? content : [content]).flatMap(saidOf)
  const [only, ...more] = said
  if (role === "assistant") return { role, text: Content.textOf(said), calls: [] }
  return Conversation.user(only?.type === "text" && more.length === 0 ? only.text : said)
}
