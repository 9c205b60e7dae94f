import type { CallToolResult, Tool as Definition } from "@modelcontextprotocol/client"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { Reason } from "../McpError.ts"
import type { Connection } from "./connection.ts"

/** Calls a tool of a server. */
export type Calling = (definition: Definition, args: Schema.JsonObject) => Effect.Effect<CallToolResult, Reason>

/** Calls the tools of a server. */
export const calling = (connection: Connection): Calling => (definition, args) => {
  // What comes back is checked by whoever calls, as what goes out is.
  const toolDefinition = { ...definition, outputSchema: undefined }
  return connection.ask((client, limits) =>
    client.callTool({ name: definition.name, arguments: args }, { ...limits, toolDefinition })
  )
}
