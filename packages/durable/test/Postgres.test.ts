import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { connect } from "node:net"
import * as Pg from "../src/Postgres.ts"
import { suite } from "./StoreSuite.ts"
import { start } from "./support/child.ts"
import { Postgres } from "./support/postgres.ts"

const refusal = (url: string | Redacted.Redacted) => Effect.flip(Effect.scoped(Layer.build(Pg.layer({ url }))))

layer(Postgres.layer, { excludeTestServices: true, timeout: 600_000 })("Postgres.layer", (it) => {
  suite(it.effect, Effect.flatMap(Postgres, ({ database }) => database))

  it.effect("shows neither the user nor the password of its url, whatever is wrong", () =>
    Effect.gen(function*() {
      const { port } = yield* Postgres
      const at = `127.0.0.1:${port}`
      const unknown = yield* refusal(`postgres://volley:secret-of-volley@${at}/no-such-database`)
      assert.strictEqual(
        unknown.message,
        `The store ${at}/no-such-database: database "no-such-database" does not exist.`
      )
      const stranger = yield* refusal(Redacted.make(`postgres://stranger-things:secret-of-volley@${at}/postgres`))
      assert.strictEqual(stranger.message, `The store ${at}/postgres: role "<hidden>" does not exist.`)
      const gone = yield* refusal("postgres://volley:secret-of-volley@127.0.0.1:1/runs")
      assert.strictEqual(gone.message, "The store 127.0.0.1:1/runs: connect ECONNREFUSED 127.0.0.1:1.")
      assert.deepEqual([unknown, stranger, gone].map(({ isRetryable }) => isRetryable), [false, false, true])
      const needed = "its url has to be one as postgres://user:password@host:port/database"
      for (const url of ["mysql://volley:secret-of-volley@db/runs", "volley:secret-of-volley"]) {
        assert.strictEqual((yield* refusal(url)).message, `The store PostgreSQL: ${needed}.`)
      }
    }))
})

describe("The server of the tests", () => {
  it.live("is gone when they are killed", () =>
    Effect.gen(function*() {
      const tests = yield* start("serverHolder.ts")
      const port = Number((yield* tests.line).replace("ready ", ""))
      assert.isTrue(yield* isListening(port))
      yield* tests.kill
      yield* Effect.repeat(isListening(port), { until: (listening) => !listening })
    }))
})

const isListening = (port: number) =>
  Effect.promise(() =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false))
      socket.on("close", () => socket.destroy()).once("connect", () => socket.end())
    })
  )
