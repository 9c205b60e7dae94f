/**
 * What a program says to a server that uses no client.
 */
import { Effect } from "effect"
import { once } from "node:events"
import { type IncomingHttpHeaders, request } from "node:http"
import { text } from "node:stream/consumers"

/** What begins a session of an older client. */
export const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "by hand", version: "1.0.0" } }
}

interface Said {
  readonly body?: string
  readonly headers?: IncomingHttpHeaders
  readonly method?: string
}

/** Posts to a server, whatever it says of itself. */
export const post = (url: string, { body = JSON.stringify(initialize), headers = {}, method = "POST" }: Said = {}) =>
  Effect.promise(async () => {
    const sent = request(url, {
      method,
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers }
    }).end(body)
    const [response] = await once(sent, "response")
    return { status: response.statusCode, headers: response.headers, body: await text(response) }
  })

/** Calls a tool in version 2026-07-28, by a client that can ask somebody. */
export const callTool = (url: string, name: string, params: object) =>
  post(url, {
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: {
        name,
        ...params,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } }
        }
      }
    }),
    headers: { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name }
  })
