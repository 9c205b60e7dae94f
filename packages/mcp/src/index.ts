/** MCP servers for Volley. */
export * as Mcp from "./Mcp.ts"
export * as McpError from "./McpError.ts"
export * as Prompt from "./Prompt.ts"
export * as Resource from "./Resource.ts"
