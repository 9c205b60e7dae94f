// The tools of an MCP server beside one of your own, in one turn: the server is started, called and ended.
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Mcp } from "@volley/mcp"
import { Effect, Schema } from "effect"
import { fileURLToPath } from "node:url"

const countWords = Tool.make("count_words", {
  description: "How many words a text has.",
  parameters: Schema.Struct({ text: Schema.String }),
  success: Schema.Int,
  readOnly: true,
  execute: ({ text }) => Effect.succeed(text.split(/\s+/).length)
})

const main = Effect.gen(function*() {
  const files = yield* Mcp.connect({
    name: "files",
    command: process.execPath,
    args: [
      fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-filesystem/dist/index.js")),
      fileURLToPath(new URL("support", import.meta.url))
    ],
    trustHints: true // its readOnlyHint and idempotentHint count
  })
  const toolkit = Toolkit.merge(files.toolkit, Toolkit.make(countWords))
  const wanted = [
    ["files_read_text_file", { path: "terms.txt" }],
    ["files_read_text_file", { path: "/etc/passwd" }],
    ["files_read_text_file", { path: 7 }],
    ["count_words", { text: "three short words" }]
  ] as const
  const { outcomes } = yield* Batch.run(
    toolkit,
    wanted.map(([name, args], index) => ToolCall.make({ id: `call_${index + 1}`, name, arguments: args, index }))
  )
  for (const { call, encoded } of outcomes) console.log(call.id, encoded.slice(0, 40))
})

await Effect.runPromise(Effect.scoped(main))
// => call_1 Free returns within 30 days.
// => call_2 {"error":{"type":"McpToolFailed","messag
// => call_3 {"error":{"type":"InvalidArguments","mes
// => call_4 3
