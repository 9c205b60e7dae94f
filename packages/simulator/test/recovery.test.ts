/**
 * A conversation that was left anywhere goes on with any server.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Conversation, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Result, Schema, Stream } from "effect"
import type { Script } from "../src/Script.ts"
import { reach, simulated } from "./ChatModelSuite.ts"
import { type Spoken, wires } from "./fieldWires.ts"

const stored = Schema.fromJsonString(Schema.toCodecJson(Conversation.Conversation))

/** The Layer of a wire, whose strict server plays a script. */
const reached = Effect.fnUntraced(function*({ provider, key }: Spoken, script: Script) {
  const { fetch } = yield* simulated({ script: () => script })
  const acceptsId = (id: string) => key !== "anthropic" || !/^toolu_\d+$/.test(id)
  const { name: origin, layerOf, model = reach.model } = provider
  const options = { ...reach, model, maxRetries: 0, fetch, origin, acceptsId }
  return layerOf(options)
})

const parameters = Schema.Struct({ to: Schema.String })

/** Tools that keep a list of what they were called for, and of what they came to. */
const office = () => {
  const started: Array<string> = []
  const tool = <const Name extends string>(name: Name, readOnly: boolean) =>
    Tool.make(name, {
      description: `The tool ${name}.`,
      parameters,
      success: Schema.String,
      readOnly,
      execute: Effect.fnUntraced(function*({ to }: typeof parameters.Type, call: Tool.Call) {
        started.push(`${name} ${to}`)
        yield* call.progress("begun")
        yield* Effect.yieldNow
        yield* call.progress("done")
        return `${name} ${to}`
      })
    })
  return { started, toolkit: Toolkit.make(tool("look", true), tool("pay", false)) }
}

const script: Script = {
  wants: (seen) => [
    { name: "look", arguments: { to: "Ann" } },
    { name: "pay", arguments: { to: "Ann" } },
    ...seen.length < 2 ? [] : [{ name: "pay", arguments: { to: "Bob" } }]
  ],
  answer: (seen) => `I saw ${seen.length}.`
}

const texts = ({ messages }: Conversation.Conversation): ReadonlyArray<string> =>
  messages.flatMap((message) => message.role === "tool" ? message.results.map(({ text }) => text) : [])

const prompt = Conversation.make("Pay.", { system: "Be brief." })

/** Kills a run once it has told so many events; gives what it left as JSON, what had started and what was told to be settled, and whether it had answered. */
const killed = Effect.fnUntraced(function*(spoken: Spoken, streaming: boolean, after: number) {
  const { started, toolkit } = office()
  const layer = yield* reached(spoken, script)
  let left = yield* Schema.encodeEffect(stored)(prompt)
  const settled: Array<string> = []
  const agent = Agent.stream({
    toolkit,
    prompt,
    streaming,
    onInterrupt: ({ conversation }) =>
      Effect.map(Effect.orDie(Schema.encodeEffect(stored)(conversation)), (json) => void (left = json))
  })
  let isWhole = false
  yield* agent.pipe(
    Stream.take(after),
    Stream.runForEach((event) =>
      Effect.sync(() => {
        if (event._tag === "Answer") isWhole = true
        if (event._tag === "CallSettled") settled.push(event.outcome.encoded)
      })
    ),
    Effect.provide(layer)
  )
  return { left, settled, started, isWhole }
})

/** Goes on at a server with what was left; gives what is wrong with that. */
const wentOn = Effect.fnUntraced(
  function*(spoken: Spoken, { left, settled, started }: Effect.Success<ReturnType<typeof killed>>) {
    const { started: more, toolkit } = office()
    const prompt = yield* Schema.decodeEffect(stored)(left)
    const ended = yield* Effect.result(
      Effect.provide(Agent.run({ toolkit, prompt, maxRounds: 9 }), yield* reached(spoken, script))
    )
    if (Result.isFailure(ended)) return [ended.failure.message]
    const { answer, conversation } = ended.success
    const ran = [...started, ...more]
    return [
      ...answer === "I saw 3." ? [] : [answer],
      ...ran.filter((what, at) => ran.indexOf(what) !== at).map((what) => `ran again: ${what}`),
      ...settled.filter((text) => !texts(conversation).includes(text)).map((text) => `lost: ${text}`)
    ]
  }
)

describe("a run that is killed at any event", () => {
  it.effect.each(
    wires.flatMap((spoken) => [true, false].map((streaming) => [spoken.provider.name, streaming, spoken] as const))
  )(
    "goes on at any server from %s, streaming: %s",
    ([, streaming, spoken]) =>
      Effect.gen(function*() {
        const wrong: Array<string> = []
        const seen = new Set<string>()
        for (let after = 1;; after++) {
          const run = yield* killed(spoken, streaming, after)
          if (run.isWhole) break
          // Some events change nothing of what is left.
          if (seen.size === seen.add(JSON.stringify(run)).size) continue
          for (const to of wires) {
            const found = yield* wentOn(to, run)
            wrong.push(...found.map((what) => `${to.provider.name} after ${after}: ${what}`))
          }
        }
        assert.deepStrictEqual(wrong, [])
      }),
    60_000
  )
})

const call = (id: string) => ToolCall.make({ id, name: "look", arguments: { to: "Ann" } })

const turnOf = (...ids: ReadonlyArray<string>): Conversation.Message => ({
  role: "assistant",
  text: "",
  calls: ids.map((id, index) => ({ ...call(id), index }))
})

const answersTo = (...ids: ReadonlyArray<string>): Conversation.Message => ({
  role: "tool",
  results: ids.map((callId) => ({ callId, name: "look", text: "\"seen\"", isError: false }))
})

/** What may stand anywhere in a conversation that somebody stored, cut or put together. */
const messages: ReadonlyArray<Conversation.Message> = [
  { role: "user", text: "Well?" },
  { role: "user", text: "" },
  { role: "assistant", text: "Hm.", calls: [] },
  { role: "assistant", text: "", calls: [] },
  turnOf("a", "b"),
  turnOf("b"),
  turnOf("a", "a"),
  answersTo("a"),
  answersTo("b", "a"),
  answersTo("z")
]

const asked: Conversation.Message = { role: "user", text: "And?" }

const sequences = (length: number): ReadonlyArray<ReadonlyArray<Conversation.Message>> =>
  length === 0 ? [[]] : sequences(length - 1).flatMap((before) => messages.map((message) => [...before, message]))

describe("any conversation", () => {
  it.effect.each(wires.map((spoken) => [spoken.provider.name, spoken] as const))(
    "is taken by %s once it is closed, or nobody is asked",
    ([, spoken]) =>
      Effect.gen(function*() {
        const layer = yield* reached(spoken, { wants: () => [], answer: () => "Yes." })
        const { toolkit } = office()
        const wrong: Array<string> = []
        const longer = sequences(2).map((messages) => [...messages.slice(0, 1), asked, ...messages.slice(1)])
        for (const messages of [...[0, 1, 2].flatMap(sequences), ...longer]) {
          const ended = yield* Effect.result(
            Effect.provide(Agent.run({ toolkit, prompt: { runId: "run", messages } }), layer)
          )
          const isTyped = Result.isSuccess(ended) || ended.failure._tag === "AgentError"
          if (!isTyped) wrong.push(`${JSON.stringify(messages)}: ${ended.failure.message}`)
        }
        assert.deepStrictEqual(wrong, [])
      }),
    60_000
  )
})
