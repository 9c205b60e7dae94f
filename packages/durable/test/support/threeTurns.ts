/**
 * An agent of three turns, and what its tools do to the world.
 */
import { Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Effect, Layer, Option, Schema } from "effect"

const parameters = Schema.Struct({ n: Schema.Int })
const success = Schema.Int

/** Something that was done to the world. */
export interface Line {
  readonly what: string
  readonly key: string
}

/**
 * - `approval`: the write asks for it; `canAsk`: the world says what became of a write
 * - `lies`: the write says that it may run twice, so that nothing is kept before it runs
 */
export interface Options {
  readonly approval?: "always"
  readonly canAsk?: boolean
  readonly lies?: boolean
}

/** An agent of three turns and an answer; what its tools do to the world is a line of the ledger. */
export const world = ({ approval, canAsk = false, lies = false }: Options = {}) => {
  const ledger: Array<Line> = []
  const act = (name: string) => ({ n }: { readonly n: number }, { idempotencyKey: key }: Tool.Call) =>
    Effect.as(Effect.andThen(Effect.sleep(10), Effect.sync(() => ledger.push({ what: `${name} ${n}`, key }))), n * n)
  const pay = Tool.make("pay", {
    description: "Pays.",
    parameters,
    success,
    approval,
    idempotent: lies,
    execute: act("pay")
  })
  const ask = ({ n }: { readonly n: number }) =>
    Effect.sync(() => ledger.some(({ what }) => what === `pay ${n}`) ? Option.some(n * n) : Option.none())
  const toolkit = Toolkit.make(
    Tool.make("look", { description: "Looks.", parameters, success, readOnly: true, execute: act("look") }),
    Tool.make("put", { description: "Puts.", parameters, success, idempotent: true, execute: act("put") }),
    canAsk ? Tool.reconcile(pay, ask) : pay
  )
  const turn = (n: number) => ScriptedModel.calls(...["look", "put", "pay"].map((name) => ({ name, arguments: { n } })))
  const { layer, requests } = ScriptedModel.make(({ conversation: { messages } }) => {
    const asked = messages.filter(({ role }) => role === "assistant").length
    return asked < 3 ? turn(asked) : ScriptedModel.says("done")
  })
  const agent = Durable.agent("support", { toolkit, system: "Help." })
  return { agent, ledger, requests, layer: Layer.provide(agent.layer, layer) }
}
