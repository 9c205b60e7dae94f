/**
 * The service of scratchpad/order-service.ts, asked by real clients over real sockets.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Layer } from "effect"
import { HttpServer, type HttpServerResponse } from "effect/http"
import * as Http from "node:http"
import { listen, service } from "../scratchpad/order-service.ts"
import { Database, stock, Warehouse } from "../scratchpad/support/orders.ts"

const picture = {
  order: "A-17",
  stock: [{ item: "lamp", days: 4 }, { item: "desk", days: 4 }],
  terms: "Free returns within 30 days."
}

/** Things that happen a number of times, and what waits until they have. */
const counter = (count: number) => {
  const all = Deferred.makeUnsafe<void>()
  let left = count
  const happen = Effect.sync(() => {
    if (--left === 0) Deferred.doneUnsafe(all, Effect.void)
  })
  return { happen, all: Deferred.await(all) }
}

/** The database, which also tells when items are released. */
const database = (released: Effect.Effect<void>) =>
  Layer.effect(
    Database,
    Effect.map(Database, (db) => ({
      ...db,
      release: (item: string) => {
        db.release(item)
        Effect.runSync(released)
      }
    }))
  ).pipe(Layer.provide(Database.layer))

/** Runs a test against the service, with this warehouse behind it. */
const withService = <A, E, R>(
  answer: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>,
  test: (url: string, db: Database["Service"]) => Effect.Effect<A, E>,
  released: Effect.Effect<void> = Effect.void
) => {
  const behind = Layer.merge(database(released), Warehouse.serve(answer).pipe(Layer.provide(listen())))
  return Effect.flatMap(Layer.build(Layer.provideMerge(service, behind)), (context) => {
    const { address } = Context.get(context, HttpServer.HttpServer)
    return test(`${HttpServer.formatAddress(address)}/orders`, Context.get(context, Database))
  })
}

const get = (url: string) =>
  Effect.promise(async (signal) => {
    const response = await fetch(url, { signal })
    return { status: response.status, json: await response.json() }
  })

describe("the order service", () => {
  it.live("answers from its database, the other service and a file", () =>
    Effect.scoped(withService(stock, (url, db) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* get(`${url}/A-17`), { status: 200, json: picture })
        assert.deepStrictEqual(yield* get(`${url}/A-18`), { status: 404, json: { error: "no such order" } })
        assert.strictEqual(db.reserved(), 0)
      }))))

  it.live("answers two clients at once", () => {
    const asked = counter(4)
    const together = Effect.andThen(asked.happen, Effect.andThen(asked.all, stock))
    return Effect.scoped(withService(together, (url) =>
      Effect.gen(function*() {
        const answers = yield* Effect.all([get(`${url}/A-17`), get(`${url}/A-17`)], { concurrency: 2 })
        assert.deepStrictEqual(answers.map(({ json }) => json), [picture, picture])
      })))
  })

  it.live("stops what is in flight for a client that goes away, and runs its finalizers", () => {
    const asked = counter(2)
    const stopped = counter(2)
    const released = counter(2)
    let hangs = true
    const hanging = Effect.suspend(() =>
      hangs
        ? Effect.andThen(asked.happen, Effect.onInterrupt(Effect.never, () => stopped.happen))
        : stock
    )
    return Effect.scoped(withService(hanging, (url, db) =>
      Effect.gen(function*() {
        const client = Http.get(`${url}/A-17`).on("error", () => {})
        yield* asked.all
        assert.strictEqual(db.reserved(), 2)
        client.destroy()
        yield* released.all
        yield* stopped.all
        assert.strictEqual(db.reserved(), 0)
        hangs = false
        assert.deepStrictEqual(yield* get(`${url}/A-17`), { status: 200, json: picture })
      }), released.happen))
  })
})
