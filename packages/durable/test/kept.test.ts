/**
 * What is kept of runs, and what becomes of those that cannot go on: cancelled, parked, unreadable, forgotten.
 */
import { assert, describe, it } from "@effect/vitest"
import { Tool, ToolCall, Toolkit } from "@volley/core"
import { Durable, Journal } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Context, Effect, Fiber, Layer, Schema } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import { lifeOf } from "./support/lives.ts"
import { inTime, newStore, rowOf, start, type Stored, type Which } from "./support/world.ts"

const parameters = Schema.Struct({ n: Schema.Int })
const picture = { type: "image", mediaType: "image/png", data: "A".repeat(100_000) } as const

/** A run of one turn and an answer, whose calls are given by name; what tools did is in the ledger. */
const world = (
  names: ReadonlyArray<string>,
  options: { readonly streaming?: boolean } = {},
  answer: ScriptedModel.Step = ScriptedModel.says("done")
) => {
  const ledger: Array<string> = []
  const act = (name: string, millis = 0) => ({ n }: { readonly n: number }) =>
    Effect.sync(() => millis > 0 && ledger.push(`${name} begun`)).pipe(
      Effect.andThen(Effect.sleep(millis)),
      Effect.andThen(Effect.sync(() => ledger.push(`${name} ${n}`))),
      Effect.as(n),
      Effect.onInterrupt(() => Effect.sync(() => ledger.push(`${name} stopped`)))
    )
  const same = { parameters, success: Schema.Int }
  const toolkit = Toolkit.make(
    Tool.make("look", { ...same, description: "Looks.", readOnly: true, execute: act("look") }),
    Tool.make("slow", { ...same, description: "Pays slowly.", timeout: "1 hour", execute: act("slow", 600_000) }),
    Tool.make("ask", { ...same, description: "Pays, if it may.", approval: "always", execute: act("ask") }),
    Tool.make("show", { ...same, description: "Shows.", content: () => [picture], execute: act("show") })
  )
  const model = ScriptedModel.make(({ conversation: { messages } }) =>
    messages.some(({ role }) => role === "assistant")
      ? answer
      : ScriptedModel.calls(...names.map((name, n) => ({ name, arguments: { n } })))
  )
  const agent = Durable.agent("support", { toolkit, ...options })
  const begun = agent.start({ runId: "r1", prompt: "Go." })
  return {
    agent,
    begun,
    layer: Layer.provide(agent.layer, model.layer),
    ledger,
    model,
    running: Effect.flatMap(begun, (run) => run.await)
  }
}

/** Looks at, or changes, what is in the tables, behind everyone's back. */
const inTables = <A, E>(stored: Stored, effect: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) =>
  effect(Context.get(stored, SqlClient.SqlClient))

/** Has a process serve for five seconds, which is killed then. */
const serving = (stored: Stored, layer: Layer.Layer<never, unknown, Durable.Services>) =>
  lifeOf(stored, Effect.sleep("5 seconds"), { layer })

describe("what is kept", () => {
  it.effect("has large media apart from its rows, once, and gives it back whole", () =>
    Effect.gen(function*() {
      const { begun, layer, model, running } = world(["show", "show"])
      const stored = yield* newStore
      const { ended } = yield* lifeOf(stored, running, { layer })
      assert.include(JSON.stringify(ended?.conversation), picture.data)
      const [blobs] = yield* inTables(stored, (sql) =>
        sql`SELECT COUNT(*) AS n, SUM(LENGTH(bytes)) AS size FROM volley_blob`)
      assert.deepStrictEqual({ ...blobs }, { n: 1, size: 100_000 })
      const [rows] = yield* inTables(stored, (sql) =>
        sql`SELECT MAX(LENGTH(value)) AS size FROM volley_journal`)
      assert.isBelow(Number(rows?.["size"]), 65_536)
      const again = yield* lifeOf(stored, Effect.flatMap(begun, (run) => run.conversation), { layer })
      assert.deepStrictEqual(again.ended, ended?.conversation)
      assert.strictEqual(model.requests.length, 2)
    }))

  it.effect("has a streamed turn whole, and its model is not asked again", () =>
    Effect.gen(function*() {
      const { statements } = yield* streamed(undefined)
      for (let at = 1; at <= statements; at++) {
        const { ended, kept, requests } = yield* streamed(at)
        assert.strictEqual(ended?.answer, "done", `after statement ${at}`)
        assert.strictEqual(requests, 2 - kept, `after statement ${at}`)
      }
    }))

  it.effect("is a crash of the program too, which does not come again", () =>
    Effect.gen(function*() {
      const { layer, model, running } = world([], {}, ScriptedModel.says("done"))
      const crashing = Layer.provide(
        world([]).agent.layer,
        ScriptedModel.layer(() => Effect.die(new Error("no such model")))
      )
      const stored = yield* newStore
      const first = yield* lifeOf(stored, Effect.flip(running), { layer: crashing })
      assert.strictEqual(first.ended?.message, "r1: no such model")
      const second = yield* lifeOf(stored, Effect.flip(running), { layer })
      assert.deepStrictEqual([second.ended?.message, model.requests.length], ["r1: no such model", 0])
    }))
})

/** A streamed run whose process dies behind a statement: how many turns were kept then, and asked for behind that. */
const streamed = Effect.fnUntraced(function*(at: number | undefined) {
  const { layer, model, running } = world(["look"], { streaming: true })
  const stored = yield* newStore
  if (at !== undefined) yield* lifeOf(stored, running, { layer, fate: { at, when: "after" } })
  const turns = yield* inTables(stored, (sql) => sql`SELECT * FROM volley_journal WHERE kind = 'turn'`)
  const before = model.requests.length
  const last = yield* lifeOf(stored, running, { layer })
  return { ...last, kept: turns.length, requests: model.requests.length - before }
}, Effect.scoped)

describe("a run that cannot go on", () => {
  it.effect("is stopped within seconds where it is cancelled from another process", () =>
    Effect.gen(function*() {
      const { agent, begun, layer, ledger } = world(["slow"])
      const stored = yield* newStore
      const { context } = yield* inTime(start(stored, layer))
      const run = yield* inTime(Effect.provideContext(begun, context))
      yield* inTime(Effect.sleep("5 seconds"))
      yield* lifeOf(stored, Effect.flatMap(agent.find("r1"), ({ cancel }) => cancel))
      yield* inTime(Effect.sleep("3 seconds"))
      assert.strictEqual((yield* run.poll).state, "cancelled")
      assert.deepStrictEqual(ledger, ["slow begun", "slow stopped"])
      assert.strictEqual((yield* inTime(Effect.flip(run.await))).message, "r1: it was cancelled")
      yield* inTime(run.cancel)
    }))

  it.effect("never begins where it was cancelled before", () =>
    Effect.gen(function*() {
      const { agent, layer, ledger, model, running } = world(["look"])
      const stored = yield* newStore
      // The last statement of a start that is not asked to go on.
      yield* lifeOf(stored, running, { layer, fate: { at: 4, when: "before" } })
      yield* lifeOf(stored, Effect.flatMap(agent.find("r1"), ({ cancel }) => cancel))
      const { ended } = yield* lifeOf(stored, Effect.flip(running), { layer })
      assert.strictEqual(ended?.message, "r1: it was cancelled")
      assert.deepStrictEqual([ledger, model.requests.length], [[], 0])
    }))

  it.effect("is said to be cancelled where that happens while a batch begins", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(
        Tool.make("act", { description: "Acts.", parameters, success: Schema.Int, execute: () => Effect.succeed(1) })
      )
      const calls = [ToolCall.make({ id: "c", name: "act", arguments: { n: 1 } })]
      const stored = yield* newStore
      const claims: Which = (values) => values.length === 2 && values[0] === "b1"
      const { context, died, wake } = yield* inTime(
        start(stored, Layer.empty, { at: claims, when: "before", freezes: true })
      )
      const running = Effect.flip(Durable.batch("b1", toolkit, calls))
      const fiber = yield* Effect.forkChild(Effect.provideContext(running, context))
      yield* inTime(died)
      yield* lifeOf(stored, Journal.cancel("b1"))
      yield* wake
      assert.strictEqual((yield* inTime(Fiber.join(fiber))).message, "b1: it was cancelled")
    }))

  it.effect("is parked as it is where another version wrote it, until one reads it", () =>
    Effect.gen(function*() {
      const { agent, layer, ledger, running } = world(["look", "slow"])
      const stored = yield* newStore
      yield* lifeOf(stored, running, { layer, fate: { at: 8, when: "after" } })
      ledger.splice(0)
      yield* inTables(stored, (sql) => sql`UPDATE volley_run SET format = 99`)
      yield* serving(stored, layer)
      const found = agent.find("r1")
      const { ended: poll } = yield* lifeOf(stored, Effect.flatMap(found, (run) => run.poll))
      assert.strictEqual(poll?.state, "parked")
      const { ended: error } = yield* lifeOf(stored, Effect.flip(Effect.flatMap(found, (run) => run.await)))
      assert.include(error?.message, "its format is 99, and this version reads 1")
      assert.deepStrictEqual(ledger, [])
      yield* inTables(stored, (sql) => sql`UPDATE volley_run SET format = 1`)
      assert.strictEqual((yield* lifeOf(stored, running, { layer })).ended?.answer, "done")
    }))

  for (const kind of ["turn", "call", "round"]) {
    it.effect(`stands still as it is where its ${kind} cannot be read, until it can`, () =>
      Effect.gen(function*() {
        const { agent, layer, ledger, model, running } = world(["look"])
        const stored = yield* newStore
        yield* lifeOf(stored, running, { layer })
        // As after a death behind that row.
        const later = ["turn", "call", "round"].slice(["turn", "call", "round"].indexOf(kind) + 1)
        yield* inTables(stored, (sql) =>
          sql`DELETE FROM volley_journal WHERE key LIKE 'turn/r1/2%' OR kind IN (${later[0] ?? ""}, ${later[1] ?? ""})`)
        yield* inTables(stored, (sql) =>
          sql`UPDATE volley_run SET ended_at = NULL, state = 'running', result = NULL`)
        const rows = yield* inTables(stored, (sql) =>
          sql`SELECT key, value FROM volley_journal WHERE kind = ${kind}`)
        assert.strictEqual(rows.length, 1)
        const requests = model.requests.length
        ledger.splice(0)
        for (const broken of ["no JSON", "{\"v\":{\"x\":1}}"]) {
          yield* inTables(stored, (sql) => sql`UPDATE volley_journal SET value = ${broken} WHERE kind = ${kind}`)
          // Both the start of the process and that of the run try it.
          const trying = Effect.tap(Effect.flip(running), Effect.sleep("1 second"))
          const { ended: error } = yield* lifeOf(stored, trying, { layer })
          assert.match(error?.message ?? "", /^r1: its record \S+ cannot be read/, broken)
          const found = agent.find("r1")
          const later = yield* lifeOf(stored, Effect.flip(Effect.flatMap(found, (run) => run.await)))
          assert.deepStrictEqual(later.ended, error)
          const { ended: [listed] = [] } = yield* lifeOf(stored, Durable.list)
          assert.deepStrictEqual([listed?.state, listed?.endedAt], ["unreadable", undefined], broken)
          assert.strictEqual(error?.message, `r1: ${listed?.trouble?.message}`)
        }
        assert.deepStrictEqual([ledger, model.requests.length], [[], requests])
        const value = String(rows[0]?.["value"])
        yield* inTables(stored, (sql) => sql`UPDATE volley_journal SET value = ${value} WHERE kind = ${kind}`)
        assert.strictEqual((yield* lifeOf(stored, running, { layer })).ended?.answer, "done")
        assert.deepStrictEqual(ledger, kind === "turn" ? ["look 0"] : [])
      }))
  }

  it.effect("goes on in the same process once what could not be read is mended, and it is started again", () =>
    Effect.gen(function*() {
      const { agent, layer, running } = world(["look"])
      const stored = yield* newStore
      yield* lifeOf(stored, running, { layer, fate: { at: rowOf("turn", true), when: "after" } })
      const [turn] = yield* inTables(stored, (sql) => sql`SELECT value FROM volley_journal WHERE kind = 'turn'`)
      yield* inTables(stored, (sql) => sql`UPDATE volley_journal SET value = 'no JSON' WHERE kind = 'turn'`)
      const mended = inTables(
        stored,
        (sql) => sql`UPDATE volley_journal SET value = ${turn?.["value"]} WHERE kind = 'turn'`
      )
      const found = Effect.flatMap(agent.find("r1"), (run) => run.await)
      const { ended } = yield* lifeOf(
        stored,
        Effect.flatMap(Effect.flip(found), (error) => Effect.as(Effect.andThen(mended, running), error)),
        { layer }
      )
      assert.include(ended?.message, "cannot be read")
      assert.strictEqual((yield* lifeOf(stored, found)).ended?.answer, "done")
    }))

  it.effect("is refused under the id of one with another name, input or tools", () =>
    Effect.gen(function*() {
      const { agent, layer, running } = world(["look"])
      const stored = yield* newStore
      yield* lifeOf(stored, running, { layer })
      const bare = Toolkit.make(
        Tool.make("other", { description: "Other.", parameters, success: Schema.Int, execute: () => Effect.succeed(1) })
      )
      const asked = { runId: "r1", prompt: "Go." }
      const messages = yield* Effect.forEach([
        Durable.agent("other", { toolkit: bare }).start(asked),
        agent.start({ ...asked, prompt: "Other." }),
        Durable.agent("support", { toolkit: bare }).start(asked)
      ], (starting) => Effect.map(lifeOf(stored, Effect.flip(starting)), ({ ended }) => ended?.message ?? ""))
      const words = ["is another agent's", "was given other input", "was begun with other tools"]
      assert.deepStrictEqual(messages.map((message, at) => message.includes(words[at] ?? "?")), [true, true, true])
    }))

  it.effect("is forgotten once it has ended, alone or with all that ended long ago, and never before", () =>
    Effect.gen(function*() {
      const { begun, layer, ledger, running } = world(["slow"])
      const stored = yield* newStore
      const alive = yield* lifeOf(stored, Effect.andThen(begun, Durable.forget("r1")), { layer })
      assert.strictEqual(alive.ended, false)
      assert.deepStrictEqual((yield* lifeOf(stored, Durable.sweep({ olderThan: 0 }))).ended, [])
      yield* lifeOf(stored, running, { layer })
      yield* inTime(Effect.sleep("1 minute"))
      assert.deepStrictEqual((yield* lifeOf(stored, Durable.sweep({ olderThan: "2 minutes" }))).ended, [])
      assert.deepStrictEqual((yield* lifeOf(stored, Durable.sweep({ olderThan: "30 seconds" }))).ended, ["r1"])
      for (const table of ["volley_run", "volley_journal", "volley_blob"]) {
        assert.deepStrictEqual(yield* inTables(stored, (sql) => sql`SELECT * FROM ${sql(table)}`), [])
      }
      const missing = yield* lifeOf(stored, Effect.flip(world([]).agent.find("r1")))
      assert.include(missing.ended?.message, "it does not exist")
      assert.deepStrictEqual(ledger.length > 0, true)
    }))
})

describe("calls that wait", () => {
  it.effect("go on once the last of them is decided, from a process that serves nothing, and once alone", () =>
    Effect.gen(function*() {
      const { begun, layer, ledger, model, running } = world(["ask", "ask", "look"])
      const stored = yield* newStore
      yield* lifeOf(stored, Effect.andThen(begun, Effect.sleep("2 seconds")), { layer })
      const { ended: [first, second] = [] } = yield* lifeOf(stored, Durable.waiting())
      assert.deepStrictEqual([first?.tool, second?.tool, first?.runId], ["ask", "ask", "r1"])
      const decide = (key = "none", decision: Durable.Decision = "allowed") =>
        lifeOf(stored, Durable.decide(key, decision))
      yield* decide(first?.key, { allowed: { n: 7 } })
      yield* serving(stored, layer)
      assert.deepStrictEqual([ledger, model.requests.length], [["look 2"], 1])
      const again = yield* lifeOf(stored, Effect.flip(Durable.decide(first?.key ?? "", "denied")))
      assert.include(again.ended?.message, "no call waits for a decision under it")
      yield* decide(second?.key, { denied: "Not that one." })
      const { ended } = yield* lifeOf(stored, running, { layer })
      assert.strictEqual(ended?.answer, "done")
      assert.include(JSON.stringify(ended?.conversation), "Not that one.")
      assert.deepStrictEqual([ledger, model.requests.length], [["look 2", "ask 7"], 2])
      assert.deepStrictEqual(ended?.usage, { input: 20, output: 2 })
    }))

  it.effect("are those of a batch too, which is asked for again then", () =>
    Effect.gen(function*() {
      const ledger: Array<number> = []
      const toolkit = Toolkit.make(Tool.make("ask", {
        description: "Pays.",
        parameters,
        success: Schema.Int,
        approval: "always",
        execute: ({ n }) => Effect.sync(() => ledger.push(n))
      }))
      const calls = [0, 1].map((n) => ToolCall.make({ id: `c${n}`, name: "ask", arguments: { n } }))
      const stored = yield* newStore
      const running = Durable.batch("b1", toolkit, calls)
      assert.strictEqual((yield* lifeOf(stored, running)).ended?.pending.length, 2)
      const { ended: waiting = [] } = yield* lifeOf(stored, Durable.waiting("b1"))
      yield* lifeOf(stored, Effect.forEach(waiting, ({ key }) => Durable.decide(key, "allowed")))
      assert.deepStrictEqual((yield* lifeOf(stored, running)).ended?.pending, [])
      yield* lifeOf(stored, running)
      assert.sameMembers(ledger, [0, 1])
    }))
})
