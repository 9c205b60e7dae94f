// A server of MCP that answers each call a hundred times with ids that were never sent, and then with its own.
import { createInterface } from "node:readline"

const echo = { name: "echo", inputSchema: { type: "object", properties: { message: { type: "string" } } } }

const send = (message: object) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)

const answer = (message: string) => ({ content: [{ type: "text", text: message }] })

interface Params {
  readonly protocolVersion?: string
  readonly arguments?: { readonly message?: string }
}

const resultOf = (method: string, params: Params): object | undefined => {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: "liar", version: "1" }
      }
    case "tools/list":
      return { tools: [echo] }
    case "tools/call":
      for (let at = 0; at < 100; at++) send({ id: at % 2 === 0 ? 1e9 + at : `other ${at}`, result: answer("a lie") })
      return answer(`Echo: ${params.arguments?.message}`)
    default:
      return undefined
  }
}

for await (const line of createInterface(process.stdin)) {
  const { id, method, params = {} }: { readonly id?: number; readonly method: string; readonly params?: Params } = JSON
    .parse(line)
  const result = resultOf(method, params)
  if (result !== undefined) send({ id, result })
}
