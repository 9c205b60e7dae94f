/**
 * A run that one server began goes on with any other: what is sent there is taken, or nothing is sent.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, ChatModel, Content, Conversation, Tool, Toolkit } from "@volley/core"
import { Effect, Result, Schema } from "effect"
import * as Dialect from "../src/Dialect.ts"
import { isObject } from "../src/internal/json.ts"
import type { Script } from "../src/Script.ts"
import { type Options, reach, simulated } from "./ChatModelSuite.ts"
import { pdf, png } from "./ContentSuite.ts"
import { type Spoken, wires } from "./fieldWires.ts"

/** A server of a wire; the strict one where no dialect is named. */
interface Place {
  readonly spoken: Spoken
  readonly dialect: Dialect.Name | undefined
}

const places: ReadonlyArray<Place> = wires.flatMap((spoken) => [
  { spoken, dialect: undefined },
  ...Dialect.names.filter((name) => Dialect.named[name][spoken.key] !== undefined).map((dialect) => ({
    spoken,
    dialect
  }))
])

const draw = Tool.make("draw", {
  description: "Draws a page.",
  parameters: Schema.Struct({ page: Schema.Int }),
  success: Schema.Int,
  readOnly: true,
  content: () => [Content.text("a page"), Content.image("image/png", png), Content.document("application/pdf", pdf)],
  execute: ({ page }) => Effect.succeed(page)
})

const hour = Tool.make("hour", {
  description: "The hour of the day.",
  parameters: Schema.Struct({}),
  success: Schema.Int,
  readOnly: true,
  execute: () => Effect.succeed(7)
})

const toolkit = Toolkit.make(draw, hour)

const script: Script = {
  wants: () => [
    { name: "draw", arguments: { page: 1 } },
    { name: "hour", arguments: {} },
    { name: "draw", arguments: { page: 2 } }
  ],
  answer: (seen) => `I saw ${seen.length} results.`
}

/** What makes models of a wire think, where they do not of themselves. */
const thinking: Readonly<Record<Spoken["key"], object>> = {
  openai: {},
  "openai-responses": { reasoning: { effort: "low" } },
  anthropic: { thinking: { type: "adaptive" } },
  google: {}
}

/** A `fetch` that asks for thinking. */
const thoughtful =
  (fetch: typeof globalThis.fetch, { key }: Spoken): typeof globalThis.fetch => async (input, init) => {
    const request = new Request(input, init)
    const body: unknown = await request.json()
    const { headers, method, signal, url } = request
    return fetch(url, {
      method,
      headers,
      signal,
      body: JSON.stringify({ ...(isObject(body) ? body : {}), ...thinking[key] })
    })
  }

/** The simulator takes whatever looks like a number that its Anthropic gave for a call of its own. */
const acceptsId = ({ dialect, spoken }: Place): Pick<ChatModel.ApiOptions, "acceptsId"> =>
  dialect === "nine-letter-ids"
    ? { acceptsId: (id) => /^[a-zA-Z0-9]{9}$/.test(id) }
    : spoken.key === "anthropic"
    ? { acceptsId: (id) => !/^toolu_\d+$/.test(id) }
    : {}

/** A server of a place, and what asks it. */
const open = Effect.fnUntraced(function*({ dialect, spoken }: Place) {
  const { fetch, requests } = yield* simulated({ script: () => script, dialect })
  const { layerOf, model = spoken.key === "anthropic" ? "claude-opus-5-5" : reach.model } = spoken.provider
  const options: Options & Pick<ChatModel.ApiOptions, "origin" | "acceptsId"> = {
    ...reach,
    model,
    maxRetries: 0,
    fetch: thoughtful(fetch, spoken),
    origin: `${spoken.key} ${dialect}`,
    ...acceptsId({ spoken, dialect })
  }
  const layer = layerOf(options)
  const ask = (conversation: Conversation.Conversation) =>
    ChatModel.ChatModel.use((model) => model.generate({ conversation, toolkit })).pipe(
      Effect.provide(layer),
      Effect.result
    )
  return { ask, requests }
})

const question = Conversation.make([Content.text("What is on the pages?"), Content.image("image/png", png)], {
  system: "Be brief."
})

/** A conversation in the middle of a run that a server began; none where it gives no turn. */
const begun = Effect.fnUntraced(function*(place: Place) {
  const { ask } = yield* open(place)
  const turn = yield* ask(question)
  if (Result.isFailure(turn)) return []
  const { message } = turn.success
  const { outcomes } = yield* Batch.run(toolkit, message.calls)
  const results = Conversation.results(outcomes)
  const json = yield* Schema.encodeEffect(codec)(
    Conversation.append(question, message, ...(results.length > 0 ? [{ role: "tool" as const, results }] : []))
  )
  return [{ place, conversation: yield* Schema.decodeEffect(codec)(json) }]
})

const codec = Schema.fromJsonString(Schema.toCodecJson(Conversation.Conversation))

const nameOf = ({ dialect, spoken }: Place): string => `${spoken.provider.name} ${dialect ?? "strict"}`

/** Goes on with a conversation at a place, and gives what is wrong with how that went. */
const goOn = Effect.fnUntraced(function*(place: Place, conversation: Conversation.Conversation) {
  const { ask, requests } = yield* open(place)
  const turn = yield* ask(conversation)
  const [entry] = yield* requests
  if (entry === undefined) {
    const isTyped = Result.isFailure(turn) && turn.failure.reason._tag === "InvalidRequest"
    return { turn, problem: isTyped ? undefined : "nothing was sent, and nobody knows why" }
  }
  const why = Result.isFailure(turn) ? turn.failure.message : ""
  return { turn, problem: entry.status === 200 ? undefined : `${entry.row}: ${why}` }
})

describe.each(wires.map((from) => [from.provider.name, from] as const))("from %s", (_, from) => {
  it.effect.each(wires.map((to) => [to.provider.name, to] as const))(
    "to %s, a run goes on at any server, and back",
    ([, to]) =>
      Effect.gen(function*() {
        const sources = yield* Effect.forEach(places.filter(({ spoken }) => spoken === from), begun)
        const wrong: Array<string> = []
        for (const { conversation, place } of sources.flat()) {
          for (const target of places.filter(({ spoken }) => spoken === to)) {
            const { problem, turn } = yield* goOn(target, conversation)
            if (problem !== undefined) wrong.push(`${nameOf(place)} -> ${nameOf(target)}: ${problem}`)
            if (Result.isFailure(turn) || turn.success.message.calls.length > 0) continue
            const again = Conversation.append(conversation, turn.success.message, { role: "user", text: "And?" })
            const back = yield* goOn(place, again)
            if (back.problem !== undefined) wrong.push(`${nameOf(target)} -> ${nameOf(place)}, back: ${back.problem}`)
          }
        }
        assert.deepStrictEqual(wrong, [])
      }),
    120_000
  )
})

describe("what is handed over", () => {
  it.effect("has calls, reasoning, signatures and media", () =>
    Effect.gen(function*() {
      for (const spoken of wires) {
        const [{ conversation } = { conversation: question }] = yield* begun({ spoken, dialect: undefined })
        const text = JSON.stringify(conversation)
        assert.include(text, png)
        assert.strictEqual(conversation.messages[2]?.role === "assistant" && conversation.messages[2].calls.length, 3)
        assert.match(text, thoughts[spoken.key])
      }
    }))
})

const thoughts: Readonly<Record<Spoken["key"], RegExp>> = {
  openai: /"native"/,
  "openai-responses": /encrypted_content/,
  anthropic: /"signature":"sim-/,
  google: /thoughtSignature/
}
