/**
 * `volley runs`: durable runs from outside, beside the process that goes on with them.
 */
import * as Transport from "@volley/core/Transport"
import type { DurableError } from "@volley/durable/DurableError"
import * as Journal from "@volley/durable/Journal"
import type * as Local from "@volley/durable/Local"
import type { StoreError } from "@volley/durable/StoreError"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as RunsPicture from "./RunsPicture.ts"
import { Screen } from "./Screen.ts"
import { UserError, whyOf } from "./UserError.ts"

/** Where the runs are, a file or a url of PostgreSQL, and how they are shown. */
export interface Options {
  readonly store: string
  readonly json: boolean
}

/** A decision on a call; `args` is JSON. */
export interface Verdict {
  readonly verdict: "allow" | "deny"
  readonly why: string | undefined
  readonly args: string | undefined
}

/** Prints all runs, the oldest first, and the calls that they wait for. */
export const list = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<void, UserError, Screen> {
  const { runs, waiting } = yield* at(options.store, Effect.all({ runs: Journal.list, waiting: Journal.waiting() }))
  if (options.json) return yield* printJson(RunsPicture.listed(runs, waiting))
  if (runs.length === 0) return yield* Console.error("There are no runs.")
  yield* print(RunsPicture.drawList(runs, waiting))
})

/** Prints what a run did, in the order in which it happened. */
export const show = Effect.fnUntraced(
  function*(options: Options, id: string): Effect.fn.Return<void, UserError, Screen> {
    const looking = Effect.all({ run: Journal.status(id), entries: Journal.entries(id) })
    const { entries, run } = yield* at(options.store, looking)
    yield* options.json ? printJson({ ...run, entries }) : print(RunsPicture.drawRun(run, entries))
  }
)

/** Decides on a call that waits. */
export const decide = Effect.fnUntraced(function*(
  options: Options,
  key: string,
  verdict: Verdict
): Effect.fn.Return<void, UserError, Screen> {
  const decision = yield* decisionOf(verdict)
  yield* at(options.store, Journal.decide(key, decision))
  yield* done(options, { key, decision }, `${key}: ${verdict.verdict === "allow" ? "allowed" : "denied"}`)
})

/** Ends a run for good. */
export const cancel = Effect.fnUntraced(function*(
  options: Options,
  id: string
): Effect.fn.Return<void, UserError, Screen> {
  const run = yield* at(options.store, Effect.andThen(Journal.cancel(id), Journal.status(id)))
  if (run.state !== "cancelled") return yield* unusable(`${id} has ended already: it is ${run.state}`)
  yield* done(options, run, `${id}: cancelled`)
})

/** Forgets a run that has ended. */
export const forget = Effect.fnUntraced(function*(
  options: Options,
  id: string
): Effect.fn.Return<void, UserError, Screen> {
  const forgetting = Effect.flatMap(
    Journal.status(id),
    (run) => Effect.map(Journal.forget(id), (isGone) => ({ isGone, run }))
  )
  const { isGone, run } = yield* at(options.store, forgetting)
  if (!isGone) return yield* unusable(`${id} has not ended, it is ${run.state}: cancel it first`)
  yield* done(options, { runId: id, forgotten: true }, `${id}: forgotten`)
})

const decodeJson = Schema.decodeResult(Schema.fromJsonString(Schema.Json))

const decisionOf = ({ args, verdict, why }: Verdict) => {
  if (verdict === "deny") return Effect.succeed(why === undefined ? "denied" as const : { denied: why })
  if (args === undefined) return Effect.succeed("allowed" as const)
  return Result.match(decodeJson(args), {
    onSuccess: (allowed) => Effect.succeed({ allowed }),
    onFailure: () => unusable("--arguments is no JSON: quote it as '{\"amount\":20}'")
  })
}

type Store = Layer.Success<ReturnType<typeof Local.layerClient>>

/** Does something on a store, which is opened for that, and closed. */
const at = <A>(
  store: string,
  use: Effect.Effect<A, DurableError | StoreError, Store>
): Effect.Effect<A, UserError> =>
  Effect.flatMap(layerOf(store), (layer) =>
    Effect.mapError(
      Effect.provide(use, layer),
      (error) => new UserError({ message: error._tag === "StoreError" ? error.message : explain(error), exitCode: 2 })
    ))

const layerOf = (store: string): Effect.Effect<Layer.Layer<Store, StoreError>, UserError> => {
  if (!/^[a-z][a-z\d+.-]+:\/\//i.test(store)) {
    return Effect.map(
      Effect.promise(() => import("@volley/durable/Local")),
      ({ layerClient }) => layerClient({ file: store })
    )
  }
  if (!/^postgres(ql)?:/i.test(store)) {
    return unusable(
      `--store "${
        Transport.quoted(store)
      }" is no file and no url of PostgreSQL, such as postgres://user:password@host:5432/database`
    )
  }
  return Effect.tryPromise({
    try: () => import("@volley/durable/Postgres"),
    catch: (error) =>
      new UserError({
        message: `runs in PostgreSQL need its client, so \`npm install @effect/sql-pg\`: ${whyOf(error)}`,
        exitCode: 2
      })
  }).pipe(Effect.map(({ layerClient }) => layerClient({ url: store })))
}

const explain = ({ id, message, reason }: DurableError): string => {
  if (reason._tag === "NotFound") return `there is no run "${id}"; \`volley runs\` lists those that there are`
  if (reason._tag === "NotWaiting") return `no call waits under "${id}"; \`volley runs\` lists those that do`
  return message
}

const print = (text: string) => Screen.use(({ print }) => print(`${text}\n`))

const printJson = (value: unknown) => print(JSON.stringify(value, undefined, 2))

const done = ({ json }: Options, value: unknown, text: string) => json ? printJson(value) : print(text)

const unusable = (message: string) => Effect.fail(new UserError({ message, exitCode: 2 }))
