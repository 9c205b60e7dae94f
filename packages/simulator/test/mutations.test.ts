import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AnthropicMessagesWire from "../src/AnthropicMessagesWire.ts"
import * as OpenAiChatWire from "../src/OpenAiChatWire.ts"
import type { Rejection } from "../src/Wire.ts"

/** A message of no wire yet; a `Stray` is a result in a message with the role `tool` of its own. */
type Message =
  | { readonly _tag: "User" }
  | { readonly _tag: "Answer" }
  | { readonly _tag: "Calls"; readonly ids: ReadonlyArray<string>; readonly says: boolean }
  | { readonly _tag: "Results"; readonly ids: ReadonlyArray<string>; readonly texts?: "before" | "after" }
  | { readonly _tag: "Stray"; readonly id: string }

const Round = Schema.Struct({
  calls: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 6 })),
  says: Schema.Boolean,
  order: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))).check(Schema.isMinLength(3)),
  behind: Schema.Literals(["nothing", "user", "answer"])
})

/**
 * A conversation as it is generated, and three numbers that pick where a mutation strikes.
 *
 * - `count`: how many of the rounds it has; a list of free length would be short in the first runs of every property
 */
const Case = Schema.Struct({
  rounds: Schema.Array(Round).check(Schema.isMinLength(4), Schema.isMaxLength(4)),
  count: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 })),
  round: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 59 })),
  one: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 59 })),
  other: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 59 }))
})

type Case = typeof Case.Type

/** Every call answered, each round's results in an order of their own. */
const conversation = ({ count: length, rounds }: Case): ReadonlyArray<Message> => {
  let count = 0
  return [
    user,
    ...rounds.slice(0, length).flatMap(({ behind, calls, order, says }): ReadonlyArray<Message> => {
      const ids = Array.from({ length: calls }, () => `call_${++count}`)
      return [{ _tag: "Calls", ids, says }, { _tag: "Results", ids: permuted(ids, order) }, ...after[behind]]
    })
  ]
}

const user: Message = { _tag: "User" }
const answer: Message = { _tag: "Answer" }
const after = { nothing: [], user: [user], answer: [answer, user] }

const permuted = <A>(items: ReadonlyArray<A>, order: ReadonlyArray<number>): ReadonlyArray<A> =>
  order.reduce<ReadonlyArray<A>>((all, at) => {
    const from = at % all.length
    return [...all.slice(from, from + 1), ...all.slice(0, from), ...all.slice(from + 1)]
  }, items)

/**
 * Where a mutation strikes: one round of a conversation, one of its calls and, where there is one, another.
 *
 * - `ids`, `results`: of the round, in call order and as they are answered
 * - `one`, `other`: ids of the round, never the same
 * - `elsewhere`: an id of another round
 * - `put`: the conversation with other messages in place of the round's calls and results
 */
interface Place {
  readonly ids: ReadonlyArray<string>
  readonly results: ReadonlyArray<string>
  readonly says: boolean
  readonly one: string
  readonly other: string | undefined
  readonly elsewhere: string | undefined
  readonly put: (...messages: ReadonlyArray<Message>) => ReadonlyArray<Message>
}

const placeOf = (sample: Case): Place => {
  const messages = conversation(sample)
  const starts = messages.flatMap(({ _tag }, at) => _tag === "Calls" ? [at] : [])
  const at = starts[sample.round % starts.length] ?? 0
  const [calls, answers] = [messages[at], messages[at + 1]]
  if (calls?._tag !== "Calls" || answers?._tag !== "Results") throw new Error("no round")
  const one = calls.ids[sample.one % calls.ids.length] ?? ""
  const others = calls.ids.filter((id) => id !== one)
  const far = messages.flatMap((message) => message._tag === "Calls" && message !== calls ? message.ids : [])
  return {
    ids: calls.ids,
    results: answers.ids,
    says: calls.says,
    one,
    other: others[sample.other % others.length],
    elsewhere: far[sample.other % far.length],
    put: (...instead) => [...messages.slice(0, at), ...instead, ...messages.slice(at + 2)]
  }
}

const calls = (ids: ReadonlyArray<string>, { says }: Place): Message => ({ _tag: "Calls", ids, says })
const results = (ids: ReadonlyArray<string>, texts?: "before" | "after"): Message => ({
  _tag: "Results",
  ids,
  ...(texts && { texts })
})
const without = (ids: ReadonlyArray<string>, id: string) => ids.filter((other) => other !== id)
const renamed = (ids: ReadonlyArray<string>, from: string, to: string) => ids.map((id) => id === from ? to : id)

/** Breaks one match of call and result; undefined where the place has nothing to break. */
type Mutate = (place: Place) => ReadonlyArray<Message> | undefined

const mutations: Readonly<Record<string, Mutate>> = {
  "a call is left out": (at) => at.put(calls(without(at.ids, at.one), at), results(at.results)),
  "a result is left out": (at) => at.put(calls(at.ids, at), results(without(at.results, at.one))),
  "all results of a turn are left out": (at) => at.put(calls(at.ids, at)),
  "a turn is left out": (at) => at.put(results(at.results)),
  "a result stands twice": (at) => at.put(calls(at.ids, at), results([...at.results, at.one])),
  "a call has another id": (at) => at.put(calls(renamed(at.ids, at.one, "call_x"), at), results(at.results)),
  "a result has another id": (at) => at.put(calls(at.ids, at), results(renamed(at.results, at.one, "call_x"))),
  "two calls have one id": (at) =>
    at.other === undefined
      ? undefined
      : at.put(calls(renamed(at.ids, at.one, at.other), at), results(without(at.results, at.one))),
  "a call has the id of its neighbour": (at) =>
    at.other === undefined ? undefined : at.put(calls(renamed(at.ids, at.one, at.other), at), results(at.results)),
  "a result has the id of its neighbour": (at) =>
    at.other === undefined ? undefined : at.put(calls(at.ids, at), results(renamed(at.results, at.one, at.other))),
  "a result has the id of a call of another turn": (at) =>
    at.elsewhere === undefined
      ? undefined
      : at.put(calls(at.ids, at), results(renamed(at.results, at.one, at.elsewhere))),
  "the user speaks between a turn and its results": (at) => at.put(calls(at.ids, at), user, results(at.results)),
  "the assistant speaks between a turn and its results": (at) => at.put(calls(at.ids, at), answer, results(at.results)),
  "the user speaks between the results": (at) =>
    at.other === undefined
      ? undefined
      : at.put(calls(at.ids, at), results([at.one]), user, results(without(at.results, at.one))),
  "a result stands before its turn": (at) =>
    at.put(results([at.one]), calls(at.ids, at), results(without(at.results, at.one))),
  "all results stand before their turn": (at) => at.put(results(at.results), calls(at.ids, at))
}

const anthropicMutations: Readonly<Record<string, Mutate>> = {
  ...mutations,
  "a result comes in a message with the role tool": (at) =>
    at.put(calls(at.ids, at), { _tag: "Stray", id: at.one }, results(without(at.results, at.one))),
  "the results are split over two messages": (at) =>
    at.other === undefined
      ? undefined
      : at.put(calls(at.ids, at), results([at.one]), results(without(at.results, at.one))),
  "text stands before the results": (at) => at.put(calls(at.ids, at), results(at.results, "before"))
}

const text = (text: string) => ({ type: "text", text })

const openAi = (messages: ReadonlyArray<Message>) =>
  OpenAiChatWire.check({
    model: "gpt-4.1",
    messages: messages.flatMap((message): ReadonlyArray<object> => {
      switch (message._tag) {
        case "User":
          return [{ role: "user", content: "Go on." }]
        case "Answer":
          return [{ role: "assistant", content: "Fine." }]
        case "Calls":
          return [{
            role: "assistant",
            content: message.says || message.ids.length === 0 ? "Let me see." : null,
            ...(message.ids.length > 0 && {
              tool_calls: message.ids.map((id) => ({ id, type: "function", function: { name: "f", arguments: "{}" } }))
            })
          }]
        case "Results":
          return message.ids.map((id) => ({ role: "tool", tool_call_id: id, content: "3" }))
        case "Stray":
          return [{ role: "tool", tool_call_id: message.id, content: "3" }]
      }
    })
  }, { authorization: "Bearer key" })

const anthropic = (messages: ReadonlyArray<Message>) =>
  AnthropicMessagesWire.check({
    model: "claude-opus-4-6",
    max_tokens: 1024,
    messages: messages.flatMap((message): ReadonlyArray<object> => {
      switch (message._tag) {
        case "User":
          return [{ role: "user", content: "Go on." }]
        case "Answer":
          return [{ role: "assistant", content: "Fine." }]
        case "Calls":
          return [{
            role: "assistant",
            content: [
              ...(message.says || message.ids.length === 0 ? [text("Let me see.")] : []),
              ...message.ids.map((id) => ({ type: "tool_use", id, name: "f", input: {} }))
            ]
          }]
        case "Results": {
          const blocks = message.ids.map((id) => ({ type: "tool_result", tool_use_id: id, content: "3" }))
          const content = [
            ...(message.texts === "before" ? [text("Here:")] : []),
            ...blocks,
            ...(message.texts === "after" ? [text("Go on.")] : [])
          ]
          return content.length === 0 ? [] : [{ role: "user", content }]
        }
        case "Stray":
          return [{ role: "tool", tool_use_id: message.id, content: "3" }]
      }
    })
  }, { authorization: "Bearer key", "anthropic-version": "2026-10-21" })

const wires: ReadonlyArray<
  readonly [
    name: string,
    check: (messages: ReadonlyArray<Message>) => Result.Result<unknown, Rejection>,
    mutations: Readonly<Record<string, Mutate>>
  ]
> = [["OpenAiChatWire", openAi, mutations], ["AnthropicMessagesWire", anthropic, anthropicMutations]]

const runs = 500

for (const [name, check, mutations] of wires) {
  describe(`${name}.check`, () => {
    it.prop("accepts conversations whose every call is answered, in any order", [Case], ([sample]) => {
      assert.isTrue(Result.isSuccess(check(conversation(sample))))
    }, { arbitrary: { runs } })

    for (const [title, mutate] of Object.entries(mutations)) {
      // Only conversations that it can strike count as runs; were there too few of them, the property would fail.
      const struck = Arbitrary.schema(Case).pipe(Arbitrary.filter((sample) => mutate(placeOf(sample)) !== undefined))

      it.prop(`refuses them with 400 when ${title}`, [struck], ([sample]) => {
        const checked = check(mutate(placeOf(sample)) ?? [])
        assert.strictEqual(Result.isFailure(checked) && checked.failure.status, 400)
        assert.isTrue(Result.isSuccess(check(conversation(sample))))
      }, { arbitrary: { runs } })
    }
  })
}

describe("the conversations", () => {
  it.effect("are of every kind", () =>
    Effect.gen(function*() {
      const samples = yield* Arbitrary.sampleEffect(Arbitrary.schema(Case), { count: runs })
      const often = (title: string, holds: (sample: Case) => boolean) =>
        assert.isAbove(samples.filter(holds).length, runs / 20, title)
      const inSome = (holds: (round: typeof Round.Type) => boolean) => ({ count, rounds }: Case) =>
        rounds.slice(0, count).some(holds)
      for (const size of [1, 2, 3, 4, 5, 6]) often(`${size} calls in a turn`, inSome(({ calls }) => calls === size))
      for (const size of [1, 2, 3, 4]) often(`${size} rounds`, ({ count }) => count === size)
      for (const last of ["nothing", "user", "answer"]) {
        often(`${last} behind a round`, inSome(({ behind }) => behind === last))
      }
      often("text beside calls", inSome(({ says }) => says))
      often("results in another order", (sample) => placeOf(sample).ids.join() !== placeOf(sample).results.join())
    }))
})

describe("AnthropicMessagesWire.check", () => {
  it.prop("accepts text after the results", [Case], ([sample]) => {
    const at = placeOf(sample)
    assert.isTrue(Result.isSuccess(anthropic(at.put(calls(at.ids, at), results(at.results, "after")))))
  }, { arbitrary: { runs } })
})
