/**
 * What a program gets of each dialect of the simulator: the table of `docs/field.md`, row by row, of codec and Layer.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, ChatModel, ChatModelError, Conversation, Json, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Result, Schema, Stream } from "effect"
import { readFileSync } from "node:fs"
import * as Dialect from "../src/Dialect.ts"
import type { Script } from "../src/Script.ts"
import { reach, simulated, statuses } from "./ChatModelSuite.ts"
import { type Spoken } from "./fieldWires.ts"

/** What one dialect comes to on one wire. */
export interface Row {
  readonly row: string
  readonly dialect: Dialect.Name
  readonly wire: string
  readonly whole: string
  readonly streamed: string
  readonly codec: string
  readonly echoed: string
}

/** The cells of the table, its head first. */
export const [head = [], , ...table] = readFileSync(new URL("../docs/field.md", import.meta.url), "utf8").split("\n")
  .flatMap((line) =>
    line.startsWith("|") ? [line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""))] : []
  )

/** What a cell says of a wire, or of a codec. */
const ofWire = (cell: string, wire: string): string => {
  const parts = cell.split("; ").map((part) =>
    /^(openai-chat|openai-responses|anthropic|google|codec): (.*)$/.exec(part) ?? ["", "", part]
  )
  return (parts.find(([, name]) => name === wire) ?? parts.find(([, name]) => name === ""))?.[2] ?? ""
}

export const rows: ReadonlyArray<Row> = table.flatMap(
  ([row = "", dialect = "", wires = "", _shape, _seen, whole = "", streamed = "", echoed = ""]) =>
    wires.split(", ").flatMap((wire) =>
      Dialect.isName(dialect)
        ? [{
          row,
          dialect,
          wire,
          whole: ofWire(whole, wire),
          streamed: ofWire(streamed, wire),
          codec: ofWire(streamed, streamed.includes("codec: ") ? "codec" : wire),
          echoed: ofWire(echoed, wire)
        }]
        : []
    )
)

const weather = Tool.make("weather", {
  description: "Current temperature of a city.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Finite,
  readOnly: true,
  execute: ({ city }) => Effect.succeed(city === "Oslo" ? 3 : 21)
})

const hour = Tool.make("hour", {
  description: "The hour of the day.",
  parameters: Schema.Struct({}),
  success: Schema.Int,
  readOnly: true,
  execute: () => Effect.succeed(7)
})

export const toolkit = Toolkit.make(weather, hour)

/** Wants two calls of one tool, and one without arguments between them. */
export const script: Script = {
  wants: () => [
    { name: "weather", arguments: { city: "Oslo" } },
    { name: "hour", arguments: {} },
    { name: "weather", arguments: { city: "Rome" } }
  ],
  answer: (seen) => `I saw: ${seen.slice(0, 3).map(({ result }) => result).join(", ")}`
}

const wanted = script.wants([]).map(({ arguments: args, name }) => Json.canonical([name, args]))

export const question = Conversation.make("How is it in Oslo and Rome?")

const saidOf = ({ arguments: args, name }: ToolCall.ToolCall): string => Json.canonical([name, Json.objectOf(args)])

/** The calls of a turn, in the words of the table. */
const callsIn = (calls: ReadonlyArray<ToolCall.ToolCall>): string => {
  if (calls.length === 0) return "no calls"
  const same = wanted.every((said, at) => calls[at] !== undefined && saidOf(calls[at]) === said)
  const cut = calls.filter(({ status }) => status === "truncated").length
  const isApart = new Set(calls.map(({ id }) => id)).size === calls.length &&
    calls.every(({ index }, at) => index === at)
  return [
    same ? "the same calls" : "other calls",
    ...(calls.length === wanted.length + 1
      ? ["one more"]
      : calls.length === wanted.length
      ? []
      : [`${calls.length} in all`]),
    ...(cut === 0 ? [] : [cut === calls.length ? "all truncated" : `${cut} truncated`]),
    ...(isApart ? [] : ["not told apart"])
  ].join(", ")
}

const turnIn = ({ finish, message }: ChatModel.Turn): string => `${finish}: ${callsIn(message.calls)}`

/** A Layer of the wire that asks a server of the dialect, and the requests that it got. */
const served = Effect.fnUntraced(function*({ provider }: Spoken, dialect: Dialect.Name) {
  const { fetch, requests } = yield* simulated({ script: () => script, dialect, fragment: 5 })
  const { layerOf, model = reach.model } = provider
  return { fetch, requests, layer: layerOf({ ...reach, model, maxRetries: 0, fetch }) }
})

const generated = (conversation = question) =>
  ChatModel.ChatModel.use((model) => model.generate({ conversation, toolkit }))

type Parts<A, R> = Stream.Stream<ChatModel.Part<A>, ChatModelError.ChatModelError, R>

/** A streamed turn: its last part, and the calls as they were told at last, each by its id. */
const heard = Effect.fnUntraced(function*<A, R>(stream: Parts<A, R>) {
  const parts = yield* Stream.runCollect(stream)
  const whole = parts.at(-1)
  assert(whole?._tag === "Turn")
  const told = new Map(parts.flatMap((part) => part._tag === "Call" ? [[part.call.id, part.call] as const] : []))
  const byPlace = [...told.values()].toSorted((a, b) => a.index - b.index)
  assert.deepStrictEqual(byPlace, [...whole.turn.message.calls])
  return whole
})

const streamed = (conversation = question) =>
  heard(Stream.unwrap(ChatModel.ChatModel.useSync((model) => model.stream({ conversation, toolkit }))))

const inWords = <A, R>(asking: Effect.Effect<A, ChatModelError.ChatModelError, R>, words: (a: A) => string) =>
  Effect.map(Effect.result(asking), Result.match({ onFailure: ({ reason }) => reason._tag, onSuccess: words }))

const answer = "I saw: 3, 7, 21"

const goesOn = (expected: string): boolean => expected.startsWith("tool-calls: ")

/** The results of a turn put behind it. */
const settle = Effect.fnUntraced(function*(turn: ChatModel.Turn) {
  const { outcomes } = yield* Batch.run(toolkit, turn.message.calls)
  return Conversation.append(question, turn.message, { role: "tool", results: Conversation.results(outcomes) })
})

/** Plays every row of a wire. */
export const suite = (spoken: Spoken): void => {
  const mine = rows.filter(({ wire }) => wire === spoken.provider.name)

  describe(`in the field, ${spoken.provider.name}`, () => {
    it.effect.each(mine)("$row $dialect: the Layer gives $whole; $streamed in a stream", (row) => layered(spoken, row))
    it.effect.each(mine)("$row $dialect: the codec agrees, whole", (row) => coded(spoken, row))
    it.effect.each(mine)("$row $dialect: the codec agrees, streamed", (row) => codedStream(spoken, row))
  })
}

const layered = Effect.fnUntraced(function*(spoken: Spoken, { dialect, echoed, streamed: inParts, whole }: Row) {
  const { layer, requests } = yield* served(spoken, dialect)
  const ask = <A, R>(effect: Effect.Effect<A, ChatModelError.ChatModelError, R>) => Effect.provide(effect, layer)
  assert.strictEqual(yield* ask(inWords(generated(), turnIn)), whole)
  assert.strictEqual(yield* ask(inWords(streamed(), ({ turn }) => turnIn(turn))), inParts)
  if (goesOn(whole)) {
    const turn = yield* ask(generated())
    assert.strictEqual((yield* ask(generated(yield* settle(turn)))).message.text, answer)
    assert.strictEqual(yield* wayOf(spoken, dialect, (yield* requests).at(-1)?.body), echoed)
  }
  if (goesOn(inParts)) {
    const { turn } = yield* ask(streamed())
    assert.strictEqual((yield* ask(streamed(yield* settle(turn)))).turn.message.text, answer)
  }
  assert.deepStrictEqual(new Set(statuses(yield* requests)), new Set([200]))
})

/** How a turn was echoed, in the words of the table. */
const wayOf = Effect.fnUntraced(
  function*({ echoOf, open, request, turnOf }: Spoken, dialect: Dialect.Name, sent: unknown) {
    const { fetch } = yield* simulated({ script: () => script, dialect })
    const came: Array<unknown> = []
    const watched: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      came.push(await response.clone().json())
      return response
    }
    yield* Effect.promise(() => open(watched).whole(request(toolkit, [])))
    return Json.canonical(turnOf(came[0])) === Json.canonical(echoOf(sent)) ? "as it came" : "mended"
  }
)

/** What the calls of a cell are, for a codec, which knows nothing of ends: a failure has none that may run. */
const callsOf = (expected: string): string => expected.slice(expected.indexOf(": ") + 2)

const coded = Effect.fnUntraced(function*({ followUp, open, request, toolCalls }: Spoken, { dialect, whole }: Row) {
  const { fetch, requests } = yield* simulated({ script: () => script, dialect })
  const client = open(fetch)
  const body = yield* Effect.promise(() => client.whole(request(toolkit, [])))
  const calls = toolCalls(body)
  if (whole.includes(": ")) assert.strictEqual(callsIn(calls), callsOf(whole))
  else assert.deepStrictEqual(calls.filter(({ status }) => status === "complete"), [])
  const turns = followUp(body, yield* Batch.run(toolkit, calls))
  if (!goesOn(whole)) return
  const next = yield* Effect.promise(() => client.whole(request(toolkit, turns)))
  assert.deepStrictEqual(toolCalls(next), [])
  assert.deepStrictEqual(statuses(yield* requests), [200, 200])
})

const codedStream = Effect.fnUntraced(function*({ followUp, open, request }: Spoken, { codec, dialect }: Row) {
  const { fetch, requests } = yield* simulated({ script: () => script, dialect, fragment: 5 })
  const client = open(fetch)
  const ask = (turns: ReadonlyArray<unknown>) =>
    Effect.flatMap(Effect.promise(() => client.streamed(request(toolkit, turns))), heard)
  assert.strictEqual(yield* inWords(ask([]), ({ turn }) => turnIn(turn)), codec)
  if (!goesOn(codec)) return
  const { response, turn } = yield* ask([])
  const turns = followUp(response, yield* Batch.run(toolkit, turn.message.calls))
  assert.strictEqual((yield* ask(turns)).turn.message.text, answer)
  assert.deepStrictEqual(new Set(statuses(yield* requests)), new Set([200]))
})
