// The toolkit under load, as a process: at most 64 calls at a time; prints its URL.
import { Tool, Toolkit } from "@volley/core"
import * as Server from "@volley/mcp/Server"
import { Effect, Schema } from "effect"

const none = Schema.Struct({})
let running = 0
let peak = 0

const toolkit = Toolkit.make(
  Tool.make("echo", {
    description: "Gives back a number.",
    parameters: Schema.Struct({ n: Schema.Int }),
    success: Schema.Struct({ n: Schema.Int }),
    readOnly: true,
    execute: ({ n }) => Effect.succeed({ n })
  }),
  Tool.make("busy", {
    description: "Gives back a number after a while.",
    parameters: Schema.Struct({ n: Schema.Int }),
    success: Schema.Struct({ n: Schema.Int }),
    readOnly: true,
    execute: ({ n }) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          running++
          peak = Math.max(peak, running)
        }),
        () => Effect.as(Effect.sleep("20 millis"), { n }),
        () => Effect.sync(() => running--)
      )
  }),
  Tool.make("figures", {
    description: "How many calls ran at once, and the bytes of memory in use.",
    parameters: none,
    success: Schema.Struct({ peak: Schema.Int, heap: Schema.Int }),
    execute: () =>
      Effect.sync(() => {
        globalThis.gc?.()
        return { peak, heap: process.memoryUsage().heapUsed }
      })
  })
)

const server = Server.serveHttp(toolkit, { name: "load", batch: { concurrency: 64 } })
await Effect.runPromise(
  Effect.scoped(Effect.andThen(server, ({ url }) => Effect.andThen(Effect.sync(() => console.log(url)), Effect.never)))
)
