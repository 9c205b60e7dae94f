/**
 * What holds of every store, in a file or on PostgreSQL.
 */
import { assert, type Vitest } from "@effect/vitest"
import { Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import * as Workflow from "effect/workflow/Workflow"
import { byEngine, Carrier } from "../src/internal/carrier.ts"
import { check, checkFor, migrate, migrateBy, type Step, steps } from "../src/internal/migrations.ts"
import { Store } from "../src/internal/store.ts"
import type { StoreError } from "../src/StoreError.ts"
import { start } from "./support/child.ts"
import { counting } from "./support/counting.ts"
import { following } from "./support/following.ts"
import { clientAt, runnerAt, sharedAt, sqlAt } from "./support/storeAt.ts"

/** Why a layer cannot be built. */
const refusal = <A>(layer: Layer.Layer<A, StoreError>): Effect.Effect<StoreError> =>
  Effect.flip(Effect.scoped(Layer.build(layer))).pipe(Effect.orDie)

const Ask = Workflow.make("Ask", {
  payload: { id: Schema.String },
  idempotencyKey: ({ id }) => id,
  success: Schema.String
})
const answer = DurableDeferred.make("answer", { success: Schema.String })
const asking = Ask.toLayer(({ id }) => Effect.map(DurableDeferred.await(answer), (text) => `${id}: ${text}`))
const tokenOf = (executionId: string) => DurableDeferred.tokenFromExecutionId(answer, { workflow: Ask, executionId })

/** How many rows there are of runs, theirs and the workflow engine's. */
const rows = SqlClient.SqlClient.use((sql) =>
  Effect.forEach(
    ["volley_run", "volley_journal", "cluster_messages", "cluster_replies"],
    (table) => Effect.map(sql`SELECT COUNT(*) AS n FROM ${sql(table)}`, ([row]) => Number(row?.["n"]))
  )
)

/** - `empty`: makes a place where nothing is yet, and gives its address */
export const suite = <R>(test: Vitest.Tester<R | Scope.Scope>, empty: Effect.Effect<string, never, R>) => {
  test("prepares an empty place, and finds there what it kept", () =>
    Effect.gen(function*() {
      const address = yield* empty
      const keeping = SqlClient.SqlClient.use((sql) =>
        Effect.andThen(sql`CREATE TABLE kept (text TEXT)`, sql`INSERT INTO kept VALUES ('ü')`)
      )
      yield* Effect.provide(keeping, runnerAt(address))
      const finding = SqlClient.SqlClient.use((sql) =>
        sql`SELECT text, run_id FROM kept LEFT JOIN volley_run ON true`.values
      )
      assert.deepEqual(yield* Effect.provide(finding, runnerAt(address)), [["ü", null]])
    }))

  test("refuses a second runner, of the same process or another one, and says who is the first", () =>
    Effect.gen(function*() {
      const address = yield* empty
      yield* Effect.gen(function*() {
        const { name } = yield* Store
        const refused = yield* refusal(runnerAt(address))
        assert.strictEqual(refused.reason._tag, "Taken")
        assert.include(refused.message, `The store ${name}: its runs are already run by process ${process.pid} on `)
        const other = yield* start("holder.ts", address)
        assert.strictEqual(yield* other.line, refused.message)
      }).pipe(Effect.provide(runnerAt(address)))
      yield* Effect.provide(Effect.void, runnerAt(address))
    }))

  test("has one runner or those of a cluster, never both", () =>
    Effect.gen(function*() {
      const address = yield* empty
      yield* Effect.gen(function*() {
        yield* Effect.scoped(Layer.build(sharedAt(address)))
        assert.strictEqual((yield* refusal(runnerAt(address))).reason._tag, "Taken")
      }).pipe(Effect.provide(sharedAt(address)))
      yield* Effect.gen(function*() {
        assert.strictEqual((yield* refusal(sharedAt(address))).reason._tag, "Taken")
      }).pipe(Effect.provide(runnerAt(address)))
    }))

  test("is free once its runner was killed", () =>
    Effect.gen(function*() {
      const address = yield* empty
      const first = yield* start("holder.ts", address)
      assert.strictEqual(yield* first.line, "held")
      assert.include((yield* refusal(runnerAt(address))).message, `process ${first.pid}`)
      yield* first.kill
      yield* Effect.retry(Effect.scoped(Layer.build(runnerAt(address))), {
        while: ({ reason }) => reason._tag === "Taken"
      })
    }))

  test("is prepared once by processes that start together", () =>
    Effect.gen(function*() {
      const processes = yield* Effect.all(Array.from({ length: 4 }, () => start("migrator.ts")), { concurrency: 4 })
      for (const { line } of processes) assert.strictEqual(yield* line, "ready")
      for (let round = 0; round < 3; round++) {
        const address = yield* empty
        for (const { tell } of processes) yield* tell(address)
        for (const { line } of processes) assert.strictEqual(yield* line, "prepared")
      }
    }))

  test("is not used by a version that does not know its format, and changed by none", () =>
    Effect.gen(function*() {
      const address = yield* empty
      const later = SqlClient.SqlClient.use((sql) => sql`UPDATE volley_meta SET format = 7`)
      yield* Effect.provide(Effect.andThen(migrate, later), sqlAt(address))
      for (const layer of [runnerAt(address), clientAt(address)]) {
        const { message, reason } = yield* refusal(layer)
        assert.deepInclude(reason, { _tag: "UnknownFormat", found: 7, known: steps.length })
        assert.include(message, "update @volley/durable")
      }
    }))

  test("is brought up to date by a runner alone, with all that it has", () =>
    Effect.gen(function*() {
      const address = yield* empty
      const second: Step = (sql) => sql`ALTER TABLE kept ADD COLUMN kind TEXT`
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* migrate
        yield* sql`CREATE TABLE kept (text TEXT)`
        yield* sql`INSERT INTO kept VALUES ('ü')`
        const old = yield* Effect.flip(checkFor([...steps, second]))
        assert.include(old.message, "start a runner of this version")
        yield* migrateBy([...steps, second])
        yield* checkFor([...steps, second])
        assert.strictEqual((yield* Effect.flip(check))._tag, "UnknownFormat")
        assert.deepEqual(yield* sql`SELECT text, kind FROM kept`.values, [["ü", null]])
      }).pipe(Effect.provide(sqlAt(address)))
    }))

  test("stays as it was where a step fails", () =>
    Effect.gen(function*() {
      const address = yield* empty
      yield* Effect.gen(function*() {
        yield* Effect.flip(migrateBy([...steps, (sql) => sql`CREATE NONSENSE`]))
        assert.strictEqual((yield* Effect.flip(check))._tag, "Absent")
      }).pipe(Effect.provide(sqlAt(address)))
    }))

  test("lets others read and decide beside its runner", () =>
    Effect.gen(function*() {
      const address = yield* empty
      const beside = Effect.gen(function*() {
        const executionId = yield* Ask.execute({ id: "started beside" }, { discard: true })
        const ended = yield* Effect.forkChild(Ask.execute({ id: "started beside" }))
        yield* DurableDeferred.succeed(answer, { token: tokenOf(executionId), value: "yes" })
        assert.strictEqual(yield* Fiber.join(ended), "started beside: yes")
        assert.lengthOf(yield* SqlClient.SqlClient.use((sql) => sql`SELECT runner FROM volley_meta`), 1)
      })
      yield* Layer.build(Layer.provide(asking, runnerAt(address)))
      yield* Effect.provide(beside, clientAt(address))
    }))

  test("has its runner go on with what others start and decide", () =>
    Effect.gen(function*() {
      const address = yield* empty
      const pay = Tool.make("pay", {
        description: "Pays.",
        parameters: Schema.Struct({}),
        success: Schema.String,
        approval: "always",
        execute: () => Effect.succeed("paid")
      })
      const agent = Durable.agent("payer", { toolkit: Toolkit.make(pay) })
      const model = ScriptedModel.layer([
        ScriptedModel.calls({ name: "pay", arguments: {} }),
        ScriptedModel.says("done")
      ])
      const beside = Effect.gen(function*() {
        const run = yield* agent.start({ runId: "r1", prompt: "Pay." })
        const ended = yield* Effect.forkChild(run.await)
        const [wait] = yield* Effect.repeat(Durable.waiting("r1"), { until: ({ length }) => length > 0 })
        yield* Durable.decide(wait?.key ?? "", "allowed")
        return (yield* Fiber.join(ended)).answer
      })
      yield* Layer.build(agent.layer.pipe(Layer.provide(model), Layer.provide(runnerAt(address))))
      assert.strictEqual(yield* Effect.provide(beside, clientAt(address)), "done")
    }))

  test("keeps nothing of a run that is forgotten, and all of the others", () =>
    Effect.gen(function*() {
      const agent = Durable.agent("support", { toolkit: Toolkit.make() })
      const model = ScriptedModel.layer(() => ScriptedModel.says("done"))
      const run = (runId: string) => Effect.flatMap(agent.start({ runId, prompt: "Go." }), (run) => run.await)
      yield* Effect.gen(function*() {
        yield* run("one")
        const before = yield* rows
        assert.isAbove(Math.min(...before), 0)
        yield* run("other")
        assert.isTrue(yield* Durable.forget("other"))
        assert.deepStrictEqual(yield* rows, before)
        assert.deepStrictEqual(yield* Durable.sweep({ olderThan: 0 }), ["one"])
        assert.deepStrictEqual(yield* rows, [0, 0, 0, 0])
      }).pipe(Effect.provide(
        Layer.provide(agent.layer, model).pipe(
          // As in a cluster, whose engine keeps something of each run.
          Layer.provideMerge(Layer.succeed(Carrier, byEngine)),
          Layer.provideMerge(runnerAt(yield* empty))
        )
      ))
    }))

  test("keeps nothing of a run that is cancelled and forgotten at once", () =>
    Effect.gen(function*() {
      const begun = Latch.makeUnsafe()
      const stopped = Latch.makeUnsafe()
      const execute = () => Effect.onInterrupt(Effect.andThen(begun.open, Effect.never), () => stopped.open)
      const description = "Never ends."
      const hang = Tool.make("hang", { description, parameters: Schema.Struct({}), success: Schema.Void, execute })
      const agent = Durable.agent("support", { toolkit: Toolkit.make(hang) })
      const model = ScriptedModel.layer(({ conversation: { runId } }) =>
        runId === "one" ? ScriptedModel.calls({ name: "hang", arguments: {} }) : ScriptedModel.says("done")
      )
      yield* Effect.gen(function*() {
        const { cancel } = yield* agent.start({ runId: "one", prompt: "Go." })
        yield* begun.await
        yield* cancel
        assert.isTrue(yield* Durable.forget("one"))
        yield* stopped.await
        // What is kept of the first one by its engine would be there before the end of another one is.
        yield* Effect.flatMap(agent.start({ runId: "other", prompt: "Go." }), (run) => run.await)
        assert.isTrue(yield* Durable.forget("other"))
        assert.deepStrictEqual(yield* rows, [0, 0, 0, 0])
      }).pipe(Effect.provide(
        Layer.provide(agent.layer, model).pipe(
          Layer.provideMerge(Layer.succeed(Carrier, byEngine)),
          Layer.provideMerge(runnerAt(yield* empty))
        )
      ))
    }))

  test("tells who follows a run each thing once, and reads what is new alone", () =>
    Effect.gen(function*() {
      for (const step of [1, 0]) {
        yield* Effect.gen(function*() {
          const { client, read } = yield* counting
          const { expected, told } = yield* Effect.provideService(following(40, step), SqlClient.SqlClient, client)
          assert.deepStrictEqual(told, expected)
          // A look reads the run, what is new, and what was written at the time of the latest row; then there are long texts.
          if (step > 0) assert.isAtMost(read(), 4 * told.length)
        }).pipe(Effect.provide(runnerAt(yield* empty)))
      }
    }))

  test("is there for nobody else before a runner has prepared it", () =>
    Effect.gen(function*() {
      const refused = yield* refusal(clientAt(yield* empty))
      assert.strictEqual(refused.reason._tag, "Absent")
    }))
}
