/**
 * Runs of three turns whose processes die, what they did to the world, and the law that they keep.
 */
import { type Conversation, Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Effect, Layer, Option, Schema } from "effect"
import { type Fate, inTime, newStore, start } from "./world.ts"

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

/** What a run came to, and what it did; `statements` of its first process. */
export interface Life {
  readonly answer: string
  readonly conversation: Conversation.Conversation
  readonly ledger: ReadonlyArray<Line>
  readonly statements: number
}

/** A run whose processes die where it is said, one after the other; the last one lives. */
export const lifeOf = Effect.fnUntraced(function*(fates: ReadonlyArray<Fate>, options: Options = {}) {
  const { agent, layer, ledger } = world(options)
  const stored = yield* newStore
  const running = Effect.flatMap(agent.start({ runId: "r1", prompt: "Go." }), (run) => run.await)
  let statements: number | undefined
  for (const fate of fates) {
    const dying = yield* Effect.scoped(Effect.gen(function*() {
      // One that dies while it starts is never there.
      const process = yield* inTime(Effect.timeoutOption(start(stored, layer, fate), 1000))
      if (Option.isNone(process)) return 0
      const { context, died, kill, statements } = process.value
      yield* inTime(Effect.raceFirst(Effect.exit(Effect.provideContext(running, context)), died))
      yield* kill
      return statements()
    }))
    statements ??= dying
  }
  const last = yield* inTime(start(stored, layer))
  const { answer, conversation } = yield* inTime(Effect.provideContext(running, last.context))
  yield* last.kill
  return { answer, conversation, ledger, statements: statements ?? last.statements() } satisfies Life
})

/** What the model was told of each call, by tool and round. */
const toldBy = ({ conversation: { messages } }: Life): ReadonlyMap<string, string> =>
  new Map(
    messages.flatMap((message) => message.role === "tool" ? [message.results] : []).flatMap((results, n) =>
      results.map(({ name, text }) => [`${name} ${n}`, text] as const)
    )
  )

const keysOf = ({ ledger }: Life): ReadonlyMap<string, string> => new Map(ledger.map(({ key, what }) => [what, key]))

/** The writes whose outcome is said to be unknown. */
export const unknownOf = (life: Life): ReadonlyArray<string> =>
  Array.from(toldBy(life)).flatMap(([what, text]) => text.includes("unknown") ? [what] : [])

/** Where a run breaks the law of runs, beside the same run whose process lived. */
export const faultsOf = (life: Life, whole: Life): ReadonlyArray<string> => {
  const faults: Array<string> = []
  const told = toldBy(life)
  const keys = keysOf(whole)
  if (life.answer !== whole.answer) faults.push(`it answers ${life.answer}`)
  for (const [what, text] of toldBy(whole)) {
    const lines = life.ledger.filter((line) => line.what === what)
    const isWrite = what.startsWith("pay")
    const isSame = told.get(what) === text
    if (isWrite && lines.length > 1) faults.push(`${what} ran ${lines.length} times`)
    if (isWrite && !isSame && !unknownOf(life).includes(what)) faults.push(`${what} came to ${told.get(what)}`)
    if (!isWrite && !isSame) faults.push(`${what} came to ${told.get(what)}`)
    if (isSame && lines.length === 0) faults.push(`${what} is said to have been done`)
    if (lines.some(({ key }) => key !== keys.get(what))) faults.push(`${what} had another key`)
  }
  return faults
}

/** All places where a process of so many statements can die. */
export const fatesOf = (statements: number): ReadonlyArray<Fate> =>
  Array.from({ length: statements }, (_, n) => n + 1).flatMap((at) => [
    { at, when: "before" as const },
    { at, when: "after" as const }
  ])
