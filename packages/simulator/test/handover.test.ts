/**
 * A run that one server began goes on with any other: what is sent there is taken, or nothing is sent.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, ChatModel, type ChatModelError, Content, Conversation, Tool, Toolkit } from "@volley/core"
import { Effect, Result, Schema } from "effect"
import * as Dialect from "../src/Dialect.ts"
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

/** The simulator takes whatever looks like a number that its Anthropic gave for a call of its own. */
const acceptsId = ({ dialect, spoken }: Place): Pick<ChatModel.ApiOptions, "acceptsId"> =>
  dialect === "nine-letter-ids"
    ? { acceptsId: (id) => /^[a-zA-Z0-9]{9}$/.test(id) }
    : spoken.key === "anthropic"
    ? { acceptsId: (id) => !/^toolu_\d+$/.test(id) }
    : {}

/** What a server answered at last, where it was asked. */
interface Asked {
  readonly turn: Result.Result<ChatModel.Turn, ChatModelError.ChatModelError>
  readonly status: number | undefined
}

/** A server of a place, and what asks it. */
const open = Effect.fnUntraced(function*(place: Place) {
  const { dialect, spoken } = place
  const { fetch } = yield* simulated({ script: () => script, dialect })
  let status: number | undefined
  const watched: typeof fetch = (input, init) =>
    fetch(input, init).then((response) => {
      status = response.status
      return response
    })
  const { layerOf, model = reach.model } = spoken.provider
  const options: Options & Pick<ChatModel.ApiOptions, "origin" | "acceptsId"> = {
    ...reach,
    model,
    maxRetries: 0,
    fetch: watched,
    origin: nameOf(place),
    ...acceptsId(place)
  }
  const { generate } = yield* Effect.provide(ChatModel.ChatModel, layerOf(options))
  const ask = Effect.fnUntraced(function*(conversation: Conversation.Conversation): Effect.fn.Return<Asked> {
    status = undefined
    const turn = yield* Effect.result(generate({ conversation, toolkit }))
    return { turn, status }
  })
  return { place, ask: once(nameOf(place), ask) }
})

/** Asks about a conversation once: another place's turn is the same to this one, whichever place wrote it. */
const once = (own: string, ask: (conversation: Conversation.Conversation) => Effect.Effect<Asked>) => {
  const answers = new Map<string, Asked>()
  return Effect.fnUntraced(function*(conversation: Conversation.Conversation) {
    const key = JSON.stringify(
      conversation,
      (key, value: unknown) => key === "origin" && value !== own ? "elsewhere" : value
    )
    const answer = answers.get(key) ?? (yield* ask(conversation))
    answers.set(key, answer)
    return answer
  })
}

type Opened = Effect.Success<ReturnType<typeof open>>

const question = Conversation.make([Content.text("What is on the pages?"), Content.image("image/png", png)], {
  system: "Be brief."
})

/** A conversation in the middle of a run that a server began; none where it gives no turn. */
const begun = Effect.fnUntraced(function*({ ask }: Opened) {
  const { turn } = yield* ask(question)
  if (Result.isFailure(turn)) return undefined
  const { message } = turn.success
  const { outcomes } = yield* Batch.run(toolkit, message.calls)
  const next: Conversation.Message = outcomes.length > 0
    ? { role: "tool", results: Conversation.results(outcomes) }
    : { role: "user", text: "Write the calls again." }
  const json = yield* Schema.encodeEffect(codec)(Conversation.append(question, message, next))
  return yield* Schema.decodeEffect(codec)(json)
})

const codec = Schema.fromJsonString(Schema.toCodecJson(Conversation.Conversation))

const nameOf = ({ dialect, spoken }: Place): string => `${spoken.provider.name} ${dialect ?? "strict"}`

/** What is wrong with how a server was asked: it refused, or nobody asked it and that is no typed error. */
const problemOf = ({ status, turn }: Asked): string | undefined => {
  if (status === 200) return undefined
  if (Result.isSuccess(turn)) return "a turn that nobody was asked for"
  return status === undefined && turn.failure.reason._tag === "InvalidRequest" ? undefined : turn.failure.message
}

/** A conversation that one place began. */
interface Begun {
  readonly from: Opened
  readonly conversation: Conversation.Conversation
}

/** Goes on with a conversation at another place; gives what is wrong with that, and what it is with an answer there. */
const handed = Effect.fnUntraced(function*({ conversation, from }: Begun, to: Opened) {
  const way = `${nameOf(from.place)} -> ${nameOf(to.place)}`
  const there = yield* to.ask(conversation)
  const problem = problemOf(there)
  if (problem !== undefined) return { way, from, problem: `${way}: ${problem}` }
  if (Result.isFailure(there.turn) || there.turn.success.message.calls.length > 0) return { way, from }
  return {
    way,
    from,
    again: Conversation.append(conversation, there.turn.success.message, { role: "user", text: "And?" })
  }
})

describe("a run that was begun", () => {
  it.effect.each(wires.map((spoken) => [spoken.provider.name, spoken] as const))(
    "on %s goes on at any server, and back",
    ([, spoken]) =>
      Effect.gen(function*() {
        const opened = yield* Effect.forEach(places, open)
        const wrong: Array<string> = []
        const all: Array<Begun> = []
        for (const from of opened.filter(({ place }) => place.spoken === spoken)) {
          const conversation = yield* begun(from)
          if (conversation !== undefined) all.push({ from, conversation })
        }
        // All go on before any comes back: servers count their turns, and those that are alike are asked for once.
        const handedOver = yield* Effect.forEach(all, (one) => Effect.forEach(opened, (to) => handed(one, to)))
        for (const { again, from, problem, way } of handedOver.flat()) {
          if (problem !== undefined) wrong.push(problem)
          const back = again === undefined ? undefined : problemOf(yield* from.ask(again))
          if (back !== undefined) wrong.push(`${way}, and back: ${back}`)
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
        const conversation = (yield* begun(yield* open({ spoken, dialect: undefined }))) ?? question
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
