// One line that says how far every call is, drawn while the agent runs.
import { AnthropicMessages } from "@volley/anthropic"
import { Agent, Tool, Toolkit } from "@volley/core"
import { Simulator } from "@volley/simulator"
import { Effect, Redacted, Schema, Stream } from "effect"

const copy = Tool.make("copy", {
  description: "Copies a file. `file` comes from the user.",
  parameters: Schema.Struct({ file: Schema.String }),
  success: Schema.String,
  readOnly: true,
  execute: ({ file }, call) =>
    Effect.as(
      Effect.forEach([25, 50, 75, 100], (percent) =>
        Effect.andThen(Effect.sleep(20), call.progress(`${file} ${percent} %`))),
      file
    )
})

const files = ["a.txt", "b.txt", "c.txt"]

/** A model that takes 30 ms for each call it writes. */
const simulator = Simulator.serve({
  script: () => ({
    wants: () => files.map((file) => ({ name: "copy", arguments: { file } })),
    answer: (seen) => `Copied ${seen.map(({ result }) => result).join(", ")}.`
  }),
  pace: () => 30
})

/** In a terminal, the line takes the place of the one before it. */
const draw = (line: string) =>
  Effect.sync(() => process.stdout.write(process.stdout.isTTY ? `\r\u001B[2K${line}` : `${line}\n`))

const main = Effect.gen(function*() {
  const { anthropic } = yield* simulator
  const model = AnthropicMessages.layer({
    model: "claude-opus-5-5",
    apiKey: Redacted.make("simulated"),
    baseUrl: anthropic
  })
  const far = new Map<string, string>()
  const events = Agent.stream({ toolkit: Toolkit.make(copy), prompt: `Copy ${files.join(", ")}.` })
  yield* Stream.runForEach(Stream.provide(events, model), (event) => {
    if (event._tag === "Answer") return Effect.sync(() => console.log(`\n${event.ended.answer}`))
    if (event._tag !== "CallProgress") return Effect.void
    far.set(event.call.id, String(event.progress))
    return draw([...far.values()].join(" | "))
  })
})

await Effect.runPromise(Effect.scoped(main))
// => a.txt 100 % | b.txt 100 % | c.txt 100 %
// => Copied "a.txt", "b.txt", "c.txt".
