/**
 * What the tests of streamed turns arrange.
 */
import { assert } from "@effect/vitest"
import { Batch, type ChatModel, type ChatModelError, type Tool, type Toolkit } from "@volley/core"
import { Deferred, Effect, Result, Schema, Stream } from "effect"

/** Gives events as a client does, and ends, or breaks off with an error. */
export async function* eventsOf<A>(events: ReadonlyArray<A>, error?: unknown): AsyncGenerator<A> {
  yield* events
  if (error !== undefined) throw error
}

type Parts<R> = Stream.Stream<ChatModel.Part<R>, ChatModelError.ChatModelError>

/** All parts of a turn, and the error that took the place of its end. */
export const collect = Effect.fnUntraced(function*<R>(stream: Parts<R>) {
  const parts: Array<ChatModel.Part<R>> = []
  const end = yield* Effect.result(Stream.runForEach(stream, (part) => Effect.sync(() => void parts.push(part))))
  return { parts, error: Result.isFailure(end) ? end.failure : undefined }
})

/** What was told, each part by what tells it apart from others. */
export const summary = (parts: ReadonlyArray<ChatModel.Part>): ReadonlyArray<unknown> =>
  parts.map((part) =>
    part._tag === "Text" ? part.text : part._tag === "Call" ? [part.call.id, part.call.status] : "end"
  )

/** The calls as they were told at last, in the order of the first time: one that the end of its turn revokes comes twice. */
export const lastTold = (parts: ReadonlyArray<ChatModel.Part>): ReadonlyArray<ChatModel.Call["call"]> =>
  Array.from(
    new Map(parts.flatMap((part) => part._tag === "Call" ? [[part.call.id, part.call] as const] : [])).values()
  )

/** The whole turn, which is its last part, after all its text, and each of its calls in order. */
export const wholeOf = Effect.fnUntraced(function*<R>(stream: Parts<R>) {
  const { error, parts } = yield* collect(stream)
  if (error !== undefined) return yield* error
  const whole = parts.at(-1)
  assert(whole?._tag === "Turn")
  const { message } = whole.turn
  assert.strictEqual(parts.flatMap((part) => part._tag === "Text" ? [part.text] : []).join(""), message.text)
  const calls = lastTold(parts)
  assert.deepStrictEqual(calls, message.calls)
  return { ...whole, calls }
})

/** A turn without where it came from, which only a Layer knows. */
const unplaced = (turn: ChatModel.Turn): ChatModel.Turn => {
  const { origin: _, ...native } = turn.message.native ?? { wire: "", message: undefined }
  return { ...turn, message: { ...turn.message, native } }
}

/** The turn that was told in parts is this one, and so is each of its calls. */
export const assertSame = Effect.fnUntraced(function*<R>(stream: Parts<R>, turn: ChatModel.Turn) {
  const { error, parts } = yield* collect(stream)
  assert.isUndefined(error)
  const whole = parts.at(-1)
  assert(whole?._tag === "Turn")
  assert.deepStrictEqual(unplaced(whole.turn), unplaced(turn))
  assert.deepStrictEqual(lastTold(parts).toSorted((a, b) => a.index - b.index), turn.message.calls)
  return whole
})

/** A value as it is once it went over a wire. */
export const sent = <A>(value: A): A => JSON.parse(JSON.stringify(value))

/** Runs the calls of a turn while it comes, and gives its response beside what became of them. */
export const dispatched = Effect.fnUntraced(function*<T extends Tool.Any, R>(
  toolkit: Toolkit.Toolkit<T>,
  stream: Parts<R>
) {
  const turn = yield* Deferred.make<R>()
  const calls = stream.pipe(
    Stream.tap((part) => part._tag === "Turn" ? Deferred.succeed(turn, part.response) : Effect.void),
    Stream.filter((part) => part._tag === "Call"),
    Stream.map(({ call }) => call)
  )
  const settled = yield* Batch.dispatch(toolkit, calls)
  yield* settled.end
  return { settled, response: yield* Deferred.await(turn) }
})

/** Why a stream gave no turn. */
export const reasonOf = Effect.fnUntraced(function*<R>(stream: Parts<R>) {
  const { error, parts } = yield* collect(stream)
  assert.isFalse(parts.some(({ _tag }) => _tag === "Turn"))
  assert.isDefined(error)
  return { reason: error?.reason._tag, isRetryable: error?.isRetryable, message: error?.message ?? "", parts }
})

/** Where texts are cut, and which of several lists goes on next: any list of numbers decides it. */
export const Choices = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7 })))

/** Cuts a text into pieces, some of them empty. */
export const cut = (text: string, sizes: typeof Choices.Type): ReadonlyArray<string> => {
  const pieces: Array<string> = []
  let at = 0
  for (const size of sizes) {
    pieces.push(text.slice(at, at + size))
    at += size
  }
  return [...pieces, text.slice(at)]
}

/** Puts lists into each other, the order within each of them kept. */
export const interleave = <A>(
  lists: ReadonlyArray<ReadonlyArray<A>>,
  choices: typeof Choices.Type
): ReadonlyArray<A> => {
  const left = lists.map((list) => [...list])
  const taken = choices.flatMap((choice) => left[choice % Math.max(1, left.length)]?.splice(0, 1) ?? [])
  return [...taken, ...left.flat()]
}
