import { assert, describe, it } from "@effect/vitest"
import { Runner } from "@volley/cluster"
import { Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { Unreadable } from "@volley/durable/DurableError"
import * as Local from "@volley/durable/Local"
import * as Postgres from "@volley/durable/Postgres"
import { ScriptedModel } from "@volley/testing"
import { Effect, Layer, Schedule, Schema } from "effect"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { two, until } from "../../cluster/test/support/cluster.ts"
import * as World from "../../cluster/test/support/world.ts"
import * as Server from "../../durable/test/support/postgres.ts"
import * as RunsPicture from "../src/RunsPicture.ts"
import { volley } from "./support/spawn.ts"

const folder = mkdtempSync(join(tmpdir(), "volley-runs-"))

const refund = Tool.make("refund", {
  description: "Pays back.",
  parameters: Schema.Struct({ order: Schema.String, amount: Schema.Int }),
  success: Schema.String,
  approval: "always",
  execute: ({ amount, order }) => Effect.succeed(`${amount} for ${order}\u001b[2J${"x".repeat(200)}`)
})

const support = Durable.agent("support", { toolkit: Toolkit.make(refund) })

const model = ScriptedModel.layer(({ conversation: { messages } }) => {
  const last = messages.at(-1)
  return last?.role === "tool"
    ? ScriptedModel.says("Done.")
    : ScriptedModel.calls({ name: "refund", arguments: { order: "\u202e7", amount: 500 } })
})

const start = (runId: string) => support.start({ runId, prompt: "Pay me back." })

const waits = ({ poll }: Durable.Run<unknown>) =>
  Effect.repeat(poll, { schedule: Schedule.spaced("20 millis"), until: ({ state }) => state === "waiting" })

/** Begins a run, and waits until it waits. */
const waitingRun = Effect.fnUntraced(function*(runId: string) {
  const run = yield* start(runId)
  yield* waits(run)
  const [wait] = yield* Durable.waiting(runId)
  return { run, key: wait?.key ?? "none" }
})

const runner = (store: string) =>
  Layer.provideMerge(
    Layer.provide(support.layer, model),
    store.startsWith("postgres:") ? Postgres.layer({ url: store }) : Local.layer({ file: store })
  )

const command = (store: string) => (...args: ReadonlyArray<string>) =>
  Effect.promise(() => volley(["runs", ...args], { env: { VOLLEY_STORE: store } }))

/** What is printed by a command that does what it is told. */
const printed = (store: string) => (...args: ReadonlyArray<string>) =>
  Effect.map(command(store)(...args), ({ code, stderr, stdout }) => {
    assert.strictEqual(code, 0, stderr)
    return stdout
  })

const Listed = Schema.fromJsonString(Schema.Array(Schema.Struct({
  runId: Schema.String,
  state: Schema.String,
  waiting: Schema.Array(Schema.Struct({ key: Schema.String, tool: Schema.String }))
})))

/** Allows, denies, cancels and forgets beside a runner of the store. */
const life = Effect.fnUntraced(function*(store: string) {
  const say = printed(store)
  const [allowed, denied, ended] = yield* Effect.all(["allowed", "denied", "ended"].map(waitingRun))
  const listed = yield* Schema.decodeEffect(Listed)(yield* say("--json"))
  assert.deepStrictEqual(listed.map(({ runId, state }) => [runId, state]), [
    ["allowed", "waiting"],
    ["denied", "waiting"],
    ["ended", "waiting"]
  ])
  assert.deepStrictEqual(listed[0]?.waiting, [{ key: allowed!.key, tool: "refund" }])
  const args = JSON.stringify({ order: "7", amount: 20 })
  assert.include(yield* say("decide", allowed!.key, "allow", "--arguments", args), "allowed")
  assert.include(yield* say("decide", denied!.key, "deny", "--why", "too much"), "denied")
  assert.include(JSON.stringify((yield* allowed!.run.await).conversation.messages), "20 for 7")
  assert.include(JSON.stringify((yield* denied!.run.await).conversation.messages), "too much")
  assert.strictEqual(yield* say("cancel", "ended"), "ended: cancelled\n")
  const reason = yield* Effect.flip(ended!.run.await)
  assert.include(reason.message, "it was cancelled")
  assert.strictEqual(yield* say("forget", "ended"), "ended: forgotten\n")
  assert.include((yield* Effect.flip(support.find("ended"))).message, "does not exist")
})

/** The same beside two processes that share the runs of a store; one of the runs is in the midst of a payment. */
const besideCluster = Effect.fnUntraced(function*(store: string) {
  const { ledger } = yield* two(store, 3)
  yield* ledger.close
  const payer = World.make({ ledger: "", pause: 0 })
  const say = printed(store)
  const client = Runner.client({ sql: Postgres.layerShared({ url: store }), takeOver: "3 seconds" })
  yield* Effect.gen(function*() {
    const begin = (runId: string) => payer.start({ runId, prompt: "Pay." })
    const [asks, gone, held] = yield* Effect.all([begin("asks-1"), begin("asks-2"), begin("held")])
    yield* Effect.forEach([asks, gone], waits, { discard: true })
    const key = (yield* Durable.waiting("asks-1"))[0]?.key ?? "none"
    yield* until(() => ledger.lines().some(({ n, what }) => what === "pay-begins" && n === 2))
    const listed = yield* Schema.decodeEffect(Listed)(yield* say("--json"))
    assert.sameDeepMembers(listed.map(({ runId, state, waiting }) => [runId, state, waiting.length]), [
      ["asks-1", "waiting", 1],
      ["asks-2", "waiting", 1],
      ["held", "running", 0]
    ])
    assert.match(yield* say("show", "held"), /pay begun, and its end is not kept/)
    assert.strictEqual(yield* say("cancel", "held"), "held: cancelled\n")
    assert.strictEqual(yield* say("cancel", "asks-2"), "asks-2: cancelled\n")
    for (const run of [held, gone]) assert.include((yield* Effect.flip(run.await)).message, "it was cancelled")
    yield* ledger.open
    assert.include(yield* say("decide", key, "allow"), "allowed")
    assert.deepStrictEqual(yield* Schema.decodeEffect(World.Answer)((yield* asks.await).answer), {
      results: World.results,
      unknown: 0
    })
    for (const runId of ["asks-1", "held"]) assert.strictEqual(yield* say("forget", runId), `${runId}: forgotten\n`)
    const left = yield* Schema.decodeEffect(Listed)(yield* say("--json"))
    assert.deepStrictEqual(left.map(({ runId, state }) => [runId, state]), [["asks-2", "cancelled"]])
  }).pipe(Effect.provide(client))
})

describe("volley runs", () => {
  it.live("lists runs, decides on their calls, cancels and forgets them, beside the runner of a file", () => {
    const store = join(folder, "life.db")
    return Effect.provide(life(store), runner(store))
  })

  it.live("does the same on PostgreSQL, and beside two runners of a cluster", () =>
    Effect.gen(function*() {
      const { database } = yield* Server.Postgres
      const store = yield* database
      yield* Effect.provide(life(store), runner(store))
      yield* besideCluster(yield* database)
    }).pipe(Effect.scoped, Effect.provide(Server.Postgres.layer)))

  it.live("decides where no process goes on with the run, and the next one does", () => {
    const store = join(folder, "alone.db")
    return Effect.gen(function*() {
      const { key } = yield* Effect.provide(waitingRun("r1"), runner(store))
      yield* printed(store)("decide", key, "allow")
      const { answer } = yield* Effect.provide(
        Effect.flatMap(support.find("r1"), (run) => run.await),
        Layer.fresh(runner(store))
      )
      assert.strictEqual(answer, "Done.")
    })
  })

  it.live("shows a run as a timeline, in which nothing is obeyed by a terminal", () => {
    const store = join(folder, "shown.db")
    return Effect.gen(function*() {
      const { key, run } = yield* waitingRun("r1")
      const say = printed(store)
      const list = yield* say()
      assert.match(list, /^run +agent +state +since\nr1 +support +waiting +\d{4}-/)
      assert.include(list, `waits for refund {"order":"\\u202e7","amount":500}, since `)
      assert.include(list, `key ${key}`)
      assert.match(yield* say("show", "r1"), /\d\.\d{3} s {2}wait {3}refund .* {2}waits for a decision\n/)
      yield* say("decide", key, "allow")
      yield* run.await
      const shown = (yield* say("show", "r1")).trimEnd().split("\n")
      const [head, ...rows] = shown
      assert.match(head ?? "", /^r1: support, done, begun \d times, from .*, until /)
      assert.deepStrictEqual(new Set(rows.map((row) => row.split(/ +/)[3])), new Set(["turn", "wait", "call", "round"]))
      const call = rows.find((row) => row.includes("  call   ")) ?? ""
      assert.match(call, /refund took \d+ ms, done {2}500 for \\u202e7\\u001b\[2Jx+…$/)
      for (const row of shown) assert.isBelow(row.length, 160)
      const whole = yield* say("show", "r1", "--json")
      assert.include(JSON.stringify(JSON.parse(whole)), "x".repeat(200))
    }).pipe(Effect.provide(runner(store)))
  })

  it("says why a run stands still", () => {
    const trouble = new Unreadable({ key: "turn/r1/1.0", issue: "it is no row of a journal" })
    const run = {
      runId: "r1",
      name: "support",
      state: "unreadable",
      epoch: 1,
      startedAt: 0,
      endedAt: undefined,
      trouble
    } as const
    const says = /\n {2}its record turn\/r1\/1\.0 cannot be read/
    assert.match(RunsPicture.drawList([run], []), says)
    assert.match(RunsPicture.drawRun(run, []), says)
  })

  it.live("says in one line what is wrong, with exit code 2", () => {
    const store = join(folder, "wrong.db")
    const absent = join(folder, "absent.db")
    const text = join(folder, "text.db")
    const newer = join(folder, "newer.db")
    writeFileSync(text, "I am no database.\n".repeat(100))
    return Effect.gen(function*() {
      const { key } = yield* waitingRun("r1")
      yield* Effect.provide(Effect.void, Layer.fresh(Local.layer({ file: newer })))
      yield* Effect.sync(() => {
        using db = new DatabaseSync(newer)
        db.exec("UPDATE volley_meta SET format = 99")
      })
      const cases: ReadonlyArray<readonly [args: ReadonlyArray<string>, said: string]> = [
        [["--store", absent], `The store ${absent}: no runs are kept here`],
        [["--store", text], `The store ${text}: `],
        [["--store", newer], "its format is 99"],
        [["--store", "mysql://me:hush@host/db"], "no url of PostgreSQL"],
        [["--store", "postgres://me:hush@127.0.0.1:1/db"], "The store 127.0.0.1:1/db: "],
        [["show", "r9"], "there is no run \"r9\""],
        [["cancel", "r9"], "there is no run \"r9\""],
        [["forget", "r1"], "r1 has not ended, it is waiting: cancel it first"],
        [["decide", "nope", "allow"], "no call waits under \"nope\""],
        [["decide", key, "allow", "--why", "x"], "--why is for deny"],
        [["decide", key, "deny", "--arguments", "{}"], "--arguments is for allow"],
        [["decide", key, "allow", "--arguments", "{"], "--arguments is no JSON"],
        [["decide", key, "maybe"], "maybe"]
      ]
      yield* Effect.forEach(cases, ([args, said]) =>
        Effect.map(command(store)(...args), ({ code, stderr, stdout }) => {
          const title = args.join(" ")
          assert.deepStrictEqual([code, stdout], [2, ""], `${title}: ${stderr}`)
          assert.include(stderr, said, title)
          assert.notInclude(stderr, "hush", title)
          assert.strictEqual(stderr.trimEnd().split("\n").length, 1, stderr)
        }), { concurrency: 2 })
      const { code, stderr } = yield* Effect.promise(() => volley(["runs"]))
      assert.strictEqual(code, 2, stderr)
      assert.include(stderr, "--store")
    }).pipe(Effect.provide(runner(store)))
  })
})
