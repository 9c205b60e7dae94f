// The same tool on the official server, as a process; prints its URL.
import { toNodeHandler } from "@modelcontextprotocol/node"
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server"
import { createServer } from "node:http"
import { z } from "zod"

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "load", version: "1.0.0" })
  server.registerTool(
    "echo",
    {
      description: "Gives back a number.",
      inputSchema: z.object({ n: z.int() }),
      outputSchema: z.object({ n: z.int() }),
      annotations: { readOnlyHint: true }
    },
    async ({ n }) => ({ content: [{ type: "text", text: JSON.stringify({ n }) }], structuredContent: { n } })
  )
  return server
})
const listener = createServer(toNodeHandler(handler))
listener.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${listener.address().port}/mcp`))
