/**
 * MCP servers that are programs, for bundles that run on Node without being told so: there, `Mcp` takes no `command`.
 */
import { connectBy } from "./internal/connect.ts"
import type { Command } from "./internal/server.ts"
import { start } from "./internal/stdio.ts"

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
export const connect = connectBy<Command>(start)
