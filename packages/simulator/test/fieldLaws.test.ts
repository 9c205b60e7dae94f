import { assert, describe, it } from "@effect/vitest"
import { Batch, Json, Tool, Toolkit } from "@volley/core"
import { Arbitrary, Effect, Result, Schema, Stream } from "effect"
import * as Dialect from "../src/Dialect.ts"
import type { Fragment } from "../src/Frame.ts"
import { parse } from "../src/internal/json.ts"
import * as Manner from "../src/internal/manner.ts"
import type { Reply, Wanted } from "../src/Script.ts"
import { rows } from "./FieldSuite.ts"
import { partsOf, type Spoken, wires, type Written } from "./fieldWires.ts"

/** Cases a wire: those of a law are spread over four. */
const runs = Math.ceil(Number(process.env["LAWS_CASES"] ?? 1000) / 4)

const echo = (name: string) =>
  Tool.make(name, {
    description: "Gives its arguments back.",
    parameters: Schema.Record(Schema.String, Schema.Json),
    success: Schema.Json,
    readOnly: true,
    execute: (args) => Effect.succeed(args)
  })

const names = ["first", "the-second", "one_more"] as const

const toolkit = Toolkit.make(...names.map(echo))

const Args = Schema.Record(Schema.String, Schema.Json)

const Call = Schema.Struct({
  name: Schema.Literals(names),
  arguments: Schema.Union([Schema.Struct({}), Args])
})

/** `JSON.parse` of Node 24.21 takes a key of one escaped character for a backslash, once in some thousand objects. */
const isSafe = (call: typeof Call.Type): boolean => !/[{,]"\\(u[0-9a-f]{4}|.)":/.test(JSON.stringify(call))

const calls = Arbitrary.array(Arbitrary.filter(Arbitrary.schema(Call), isSafe), { minLength: 1, maxLength: 5 })

const sizes = Arbitrary.array(Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))), {
  minLength: 1,
  maxLength: 6
})

const saidOf = ({ arguments: args, name }: { readonly name: string; readonly arguments: unknown }): string =>
  Json.canonical([name, Json.objectOf(args)])

const written = (
  spoken: Spoken,
  dialect: Dialect.Dialect,
  calls: ReadonlyArray<Wanted>,
  fragment: Fragment
): Written => {
  const reply: Reply = { _tag: "Calls", calls }
  return Result.getOrThrowWith(
    spoken.write(dialect, spoken.request(toolkit, []), reply, { fragment }),
    ({ message }) => new Error(message)
  )
}

/** A turn as the codec reads it, both in one piece and in parts. */
const read = Effect.fnUntraced(function*(spoken: Spoken, sent: Written) {
  const last = yield* Stream.runLast(partsOf(spoken, sent))
  assert(last._tag === "Some" && last.value._tag === "Turn")
  const { response, turn } = last.value
  return [
    { body: sent.body, calls: spoken.toolCalls(sent.body) },
    { body: response, calls: turn.message.calls }
  ]
})

const wellFormed = (name: string): ReadonlyArray<Dialect.Name> =>
  rows.filter(({ streamed, whole, wire }) => wire === name && whole === same && streamed === same).map(({ dialect }) =>
    dialect
  )

const same = "tool-calls: the same calls"

/** What may be wrong with a call. */
const Odd = Arbitrary.schema(Schema.Struct({
  name: Schema.Literals([
    ...names,
    "",
    "$web.search",
    "functions.first",
    "constructor",
    "no such tool",
    "é",
    "x".repeat(80)
  ]),
  text: Schema.Union([
    Schema.Literals(["", "{", "[1]", "7", "true", "null", "\"first\"", "{\"a\":}", "{\"a\":1}{\"a\":1}", "{} first"]),
    Schema.String
  ])
}))

describe.each(wires.map((spoken) => [spoken.provider.name, spoken] as const))("a turn on %s", (name, spoken) => {
  it.effect.prop(
    "is the same calls in any dialect, whole or in fragments, and its echo is taken by that server",
    { dialect: Arbitrary.schema(Schema.Literals(wellFormed(name))), calls, sizes },
    ({ calls, dialect, sizes }) =>
      Effect.gen(function*() {
        const sent = written(spoken, Dialect.named[dialect], calls, sizes)
        for (const { body, calls: found } of yield* read(spoken, sent)) {
          assert.deepStrictEqual(found.map(saidOf), calls.map(saidOf), dialect)
          assert.deepStrictEqual(
            found.map(({ index, status }) => [index, status]),
            calls.map((_, at) => [at, "complete"])
          )
          assert.strictEqual(new Set(found.map(({ id }) => id)).size, calls.length)
          const settled = yield* Batch.run(toolkit, found)
          const next = spoken.request(toolkit, spoken.followUp(body, settled))
          assert.isUndefined(spoken.refusal(Dialect.named[dialect], next), dialect)
        }
      }),
    { arbitrary: { runs } }
  )

  it.effect.prop(
    "with one malformed call gives every other call its outcome, and its echo is taken by strict servers",
    { calls, sizes, odd: Odd, place: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 }))) },
    ({ calls, odd, place, sizes }) =>
      Effect.gen(function*() {
        const at = place % (calls.length + 1)
        const call: Wanted = { name: odd.name, arguments: {}, malformed: odd.text }
        const all = [...calls.slice(0, at), call, ...calls.slice(at)]
        for (const { body, calls: found } of yield* read(spoken, written(spoken, spoiling(at, odd.text), all, sizes))) {
          const settled = yield* Batch.run(toolkit, found)
          const { outcomes } = settled
          assert.lengthOf(outcomes, all.length)
          assert.deepStrictEqual(
            outcomes.filter((_, index) => index !== at).map((
              { call, result }
            ) => [saidOf(call), Result.isSuccess(result)]),
            calls.map((call) => [saidOf(call), true])
          )
          assert.isUndefined(spoken.refusal(strictest, spoken.request(toolkit, spoken.followUp(body, settled))))
        }
      }),
    { arbitrary: { runs } }
  )
})

/** A server whose call at a place has this in place of its arguments, on wires that carry them as values. */
const spoiling = (place: number, text: string): Dialect.Dialect => {
  const value = text === "" ? {} : parse(text) ?? text
  const parts = "candidates.*.content.parts"
  const ofFrames = (change: Manner.Change) => (frames: Manner.Frames): Manner.Frames =>
    frames.flatMap((frame) => frame.call === place ? Manner.events(change)([frame]) : [frame])
  const nth = (is: (item: unknown) => boolean, change: Manner.Change): Manner.Change => {
    return (list) => {
      let seen = 0
      return Array.isArray(list) ? list.map((item) => is(item) && seen++ === place ? change(item) : item) : list
    }
  }
  const has = (key: string) => (item: unknown) => Manner.all(key, item).length > 0
  const argued = Manner.at("functionCall", Manner.set("args", value))
  return {
    anthropic: {
      body: Manner.at("content", nth(has("input"), Manner.set("input", value))),
      frames: (frames) => {
        const first = frames.findIndex(({ call, data }) => call === place && has("delta.partial_json")(data))
        return frames.flatMap((frame, at) =>
          frame.call === place
            ? Manner.events(Manner.at("delta.partial_json", () => at === first ? text : ""))([frame])
            : [frame]
        )
      }
    },
    google: {
      body: Manner.at(parts, nth(has("functionCall"), argued)),
      frames: ofFrames(Manner.at(`${parts}.*`, argued))
    }
  }
}

/** A server that looks at names and at arguments in the history. */
const strictest: Dialect.Dialect = {
  openai: { refuses: [...rulesOf("openai", "broken-arguments"), ...rulesOf("openai", "invented-name")] },
  "openai-responses": {
    refuses: [...rulesOf("openai-responses", "broken-arguments"), ...rulesOf("openai-responses", "invented-name")]
  },
  anthropic: { refuses: rulesOf("anthropic", "invented-name") },
  google: { refuses: rulesOf("google", "invented-name") }
}

function rulesOf(key: keyof Dialect.Dialect, name: Dialect.Name) {
  return Dialect.named[name][key]?.refuses ?? []
}
