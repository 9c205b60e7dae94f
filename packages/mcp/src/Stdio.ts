/**
 * MCP servers that are programs, for bundles that run on Node without being told so: there, `Mcp` takes no `command`.
 */
import { connectBy } from "./internal/connect.ts"
import type { Command } from "./internal/server.ts"
import { start } from "./internal/stdio.ts"

/** Starts a server's program and lists its tools, as `Mcp.connect` does on Node. */
export const connect = connectBy<Command>(start)
