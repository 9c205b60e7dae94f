// The first tool: a model's call comes in, its answer goes out.
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Schema } from "effect"

const greet = Tool.make("greet", {
  description: "Greets somebody. `name` comes from the user.",
  parameters: Schema.Struct({ name: Schema.String }),
  success: Schema.String,
  execute: ({ name }) => Effect.succeed(`Hello, ${name}!`)
})

const call = ToolCall.make({ id: "call_1", name: "greet", arguments: "{\"name\":\"Ada\"}" })
const { outcomes } = await Effect.runPromise(Batch.run(Toolkit.make(greet), [call]))
console.log(outcomes[0]?.call.id, outcomes[0]?.encoded) // => call_1 "Hello, Ada!"
