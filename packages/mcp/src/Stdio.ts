/**
 * MCP servers that are programs, for bundles that run on Node without being told so: there, `Mcp` takes no `command`.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { connectBy } from "./internal/connect.ts"
import type { Command, Server } from "./internal/server.ts"
import { start } from "./internal/stdio.ts"
import type { McpError } from "./McpError.ts"

/**
 * Starts a server's program and lists its tools, as `Mcp.connect` does on Node.
 *
 * @example
 * ```ts
 * import * as Stdio from "@volley/mcp/Stdio"
 * import { Effect } from "effect"
 *
 * const program = Effect.flip(Stdio.connect({ name: "absent", command: "no-such-server" }))
 * console.log((await Effect.runPromise(Effect.scoped(program))).message)
 * // => MCP server "absent": it cannot be started: spawn no-such-server ENOENT
 * ```
 */
export const connect: (options: Command) => Effect.Effect<Server, McpError, Scope.Scope> = connectBy<Command>(start)
