/**
 * An agent whose calls change a world that outlives all processes: each is a line of a ledger.
 */
import { ChatModel, Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { appendFileSync, existsSync } from "node:fs"

/** So many turns ask for a look and a payment each, the third for a payment alone; then there is an answer. */
export const turns = 6

const asks = (turn: number): ReadonlyArray<string> => turn === 2 ? ["pay"] : ["look", "pay"]

/** What happened, as a line of the ledger has it. */
export interface Line {
  readonly what: string
  readonly run: string
  readonly n: number
  readonly pid: number
}

/** What a run says at its end: how many results it was shown, and how many of them have an unknown outcome. */
export const Answer = Schema.fromJsonString(Schema.Struct({ results: Schema.Int, unknown: Schema.Int }))

/** So many results a run is shown. */
export const results = 2 * turns - 1

const parameters = Schema.Struct({ run: Schema.String, n: Schema.Int })
type Parameters = typeof parameters.Type

/**
 * - `ledger`: the file of the ledger. A payment of the third turn waits while there is a file of the same name with `.gate`
 * - `pause`: how long a call takes before and after it changes the world, in milliseconds
 * - the first payment of a run whose id begins with `asks` waits for a decision
 */
export const make = ({ ledger, pause }: { readonly ledger: string; readonly pause: number }) => {
  const write = (what: string, { n, run }: Parameters) =>
    Effect.sync(() => appendFileSync(ledger, `${what} ${run} ${n} ${process.pid}\n`))
  const open: Effect.Effect<void> = Effect.suspend(() =>
    existsSync(`${ledger}.gate`) ? Effect.andThen(Effect.sleep(20), open) : Effect.void
  )
  const act = (what: string) => (asked: Parameters) =>
    write(`${what}-begins`, asked).pipe(
      Effect.andThen(what === "pay" && asked.n === 2 ? open : Effect.void),
      Effect.andThen(Effect.sleep(pause)),
      Effect.andThen(write(what, asked)),
      Effect.andThen(Effect.sleep(pause)),
      Effect.as(asked.n)
    )
  const toolkit = Toolkit.make(
    Tool.make("look", { description: "Looks.", parameters, success: Schema.Int, readOnly: true, execute: act("look") }),
    Tool.make("pay", {
      description: "Pays.",
      parameters,
      success: Schema.Int,
      approval: ({ n, run }) => n === 0 && run.startsWith("asks"),
      execute: act("pay")
    })
  )
  return Durable.agent("payer", { toolkit, maxRounds: turns })
}

const isUnknown = (text: string): boolean => text.includes("Interrupted") || text.includes("Uncertain")

/** Knows nothing but the conversation. */
export const model: Layer.Layer<ChatModel.ChatModel> = ScriptedModel.layer(({ conversation: { messages, runId } }) => {
  const asked = messages.filter(({ role }) => role === "assistant").length
  if (asked < turns) {
    return ScriptedModel.calls(...asks(asked).map((name) => ({ name, arguments: { run: runId, n: asked } })))
  }
  const results = messages.flatMap((message) => message.role === "tool" ? message.results : [])
  const unknown = results.filter(({ isError, text }) => isError && isUnknown(text)).length
  return ScriptedModel.says(JSON.stringify({ results: results.length, unknown }))
})
