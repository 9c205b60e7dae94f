/**
 * Plays what Volley does on the runtime that runs it, without a network, and gives a line per check: the same lines everywhere.
 */
import {
  Agent,
  Batch,
  type ChatModel,
  Content,
  Conversation,
  Pipeline,
  Plan,
  Tool,
  ToolCall,
  Toolkit
} from "@volley/core"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { mcp } from "./mcp.ts"
import { openapi } from "./openapi.ts"
import { serverOf, wires } from "./wires.ts"

class NoSuchSensor extends Schema.TaggedError<NoSuchSensor>()("NoSuchSensor", { number: Schema.Int }) {}

const readSensor = Tool.make("read_sensor", {
  description: "What a sensor measures now. `number` comes from the user, 1 to 10.",
  parameters: Schema.Struct({ number: Schema.Int }),
  success: Schema.Struct({ number: Schema.Int, value: Schema.Finite }),
  failure: NoSuchSensor,
  readOnly: true,
  execute: ({ number }) =>
    number > 10 ? new NoSuchSensor({ number }) : Effect.succeed({ number, value: number * number })
})

const picture = Tool.make("picture", {
  description: "A picture of a sensor.",
  parameters: Schema.Struct({}),
  success: Schema.Uint8Array,
  content: (bytes) => [Content.image("image/png", bytes)],
  execute: () => Effect.succeed(new TextEncoder().encode("°"))
})

const toolkit = Toolkit.make(readSensor, picture)

const callsOf = (...calls: ReadonlyArray<readonly [name: string, args: Schema.Json]>) =>
  calls.map(([name, args], index) => ToolCall.make({ id: `call_${index}`, name, arguments: args, index }))

const batch = Effect.gen(function*() {
  const calls = callsOf(["read_sensor", { number: 3 }], ["read_sensor", { number: 11 }], ["read_sensor", {
    number: "x"
  }], [
    "raed_sensor",
    {}
  ], ["picture", {}])
  const { outcomes } = yield* Batch.run(toolkit, calls)
  return `${outcomes.map(({ encoded }) => encoded).join(" | ")} as ${JSON.stringify(outcomes.at(-1)?.media)}`
})

const timeout = Effect.gen(function*() {
  const aborted: Array<unknown> = []
  const slow = Tool.fromFunction("slow", {
    description: "Never ends.",
    parameters: Schema.Struct({}),
    success: Schema.Void,
    timeout: "20 millis",
    execute: (_, signal) =>
      new Promise<void>((_, reject) => {
        signal.addEventListener("abort", () => {
          aborted.push(signal.aborted)
          reject(signal.reason)
        })
      })
  })
  const { outcomes } = yield* Batch.run(Toolkit.make(slow), callsOf(["slow", {}]))
  return `${outcomes.map(({ encoded }) => encoded).join()} aborted ${aborted.join()}`
})

const pipeline = Effect.gen(function*() {
  const graph = Pipeline.make((call) => {
    const first = call(readSensor, { number: 2 })
    const second = call(readSensor, { number: first.pipe(Pipeline.map(({ value }) => value)) })
    return { first, second }
  })
  const { steps } = yield* Pipeline.run(graph)
  return `${steps.first.encoded} ${steps.second.encoded}`
})

const plan = Effect.gen(function*() {
  const steps = [
    { id: "a", tool: "read_sensor", arguments: { number: 3 } },
    { id: "b", tool: "read_sensor", arguments: { number: { $ref: "a/value" } } }
  ]
  const { outcomes } = yield* Batch.run(Toolkit.make(Plan.tool(toolkit)), callsOf(["plan", { steps }]))
  return outcomes.map(({ encoded }) => encoded).join()
})

const ids = Effect.gen(function*() {
  const { runId } = Conversation.make("Hi")
  let key = ""
  const keyed = Tool.make("keyed", {
    description: "Notes its key.",
    parameters: Schema.Struct({}),
    success: Schema.Void,
    execute: (_, call) => Effect.sync(() => void (key = call.idempotencyKey))
  })
  yield* Batch.run(Toolkit.make(keyed), callsOf(["keyed", {}]), { runId: "run_1" })
  const isUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(runId)
  return `a run id is a UUID: ${isUuid}, key ${key}`
})

/** An agent on one wire: its turns, the answer, what it cost, and what the second request said of the call. */
const agent = (wire: typeof wires[number], make: "layer" | "layerClient", streaming: boolean) =>
  Effect.suspend(() => {
    const asked: Array<string> = []
    const model = wire[make](serverOf(wire, (body) => asked.push(body)))
    return Agent.run({ toolkit, prompt: "What does sensor 7 measure?", streaming }).pipe(
      Effect.map(({ answer, usage }) =>
        `${answer} ${asked.length} requests, ${usage.input} tokens in, result sent ${asked[1]?.includes("49") === true}`
      ),
      Effect.provide(model)
    )
  })

/** A request that its server never answers ends with its agent. */
const interrupted = (wire: typeof wires[number]) =>
  Effect.gen(function*() {
    const ended: Array<string> = []
    const silent: typeof globalThis.fetch = (input, init) => {
      const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
      return new Promise((_, reject) => {
        signal?.addEventListener("abort", () => {
          ended.push("aborted")
          reject(signal.reason)
        })
      })
    }
    const end = yield* Agent.run({ toolkit, prompt: "Hi" }).pipe(
      Effect.provide(wire.layerClient(silent)),
      Effect.timeoutOption("50 millis")
    )
    return `${end._tag} ${ended.join()}`
  })

/** A client that is not made: its address is none, or it stands in a page where its SDK wants none. */
const unmade = (wire: typeof wires[number]) => {
  const fetch = () => Promise.reject(new TypeError("asked all the same"))
  const model = isPage && wire.isForServers ? wire.layer(fetch) : wire.layer(fetch, "nowhere")
  return failing(model)
}

/** What a refusal and a network that is down become. */
const failures = (wire: typeof wires[number]) =>
  Effect.forEach(
    [
      () => Promise.resolve(Response.json({ error: { message: "No.", code: 400 } }, { status: 400 })),
      () => Promise.reject(new TypeError("fetch failed"))
    ],
    (fetch) => failing(wire.layerClient(fetch))
  ).pipe(Effect.map((ends) => ends.join(", ")))

const failing = (model: Layer.Layer<ChatModel.ChatModel>) =>
  Agent.run({ toolkit, prompt: "Hi" }).pipe(
    Effect.provide(model),
    Effect.match({ onFailure: (error) => `${error._tag} ${error.reason._tag}`, onSuccess: ({ answer }) => answer })
  )

/** In a page, where no key is safe, some official clients are not made; a client of one's own may be told that all is well. */
const isPage = "document" in globalThis

const checks: ReadonlyArray<readonly [name: string, play: Effect.Effect<string, unknown>]> = [
  ["batch", batch],
  ["timeout", timeout],
  ["pipeline", pipeline],
  ["plan", plan],
  ["ids", ids],
  ...wires.flatMap((wire) =>
    ["plain", "streamed"].flatMap((how) => [
      [
        `${wire.name}, ${how}`,
        agent(wire, isPage && wire.isForServers ? "layerClient" : "layer", how === "streamed")
      ] as const,
      [`${wire.name}, ${how}, own client`, agent(wire, "layerClient", how === "streamed")] as const
    ])
  ),
  ...wires.map((wire) => [`${wire.name}, interrupted`, interrupted(wire)] as const),
  ...wires.map((wire) => [`${wire.name}, failures`, failures(wire)] as const),
  ...wires.map((wire) => [`${wire.name}, unmade`, unmade(wire)] as const),
  ["MCP over HTTP", mcp],
  ["OpenAPI", openapi]
]

/** Plays all checks, one behind the other; what fails or dies says why in its line. */
export const lines = (): Promise<ReadonlyArray<string>> =>
  Effect.runPromise(Effect.forEach(checks, ([name, play]) =>
    play.pipe(
      Effect.catchCause((cause) => Effect.succeed(`failed: ${String(cause)}`)),
      Effect.map((said) => `${name}: ${said}`)
    )))
