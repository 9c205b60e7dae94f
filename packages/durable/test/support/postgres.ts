/**
 * A real PostgreSQL for the tests of a file, and a database of its own for each of them.
 */
import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { startServer } from "./postgresProcess.ts"

/**
 * - `database`: makes an empty database, and gives its url
 * - `stop`, `start`: as an operator would; what is in the databases stays
 */
export class Postgres extends Context.Service<Postgres, {
  readonly port: number
  readonly database: Effect.Effect<string>
  readonly stop: Effect.Effect<void>
  readonly start: Effect.Effect<void>
}>()("test/Postgres") {
  static readonly layer = Layer.effect(this, Effect.suspend(() => make))
}

const urlOf = (port: number, name: string) => `postgres://volley:secret-of-volley@127.0.0.1:${port}/${name}`

const spawned = Effect.acquireRelease(
  Effect.sync(startServer),
  (server) =>
    Effect.promise(async () => {
      server.stdin.end()
      if (server.exitCode === null) await once(server, "exit")
    })
)

const make = Effect.gen(function*() {
  const server = yield* spawned
  const lines = createInterface({ input: server.stdout })
  const line = Effect.promise(async (): Promise<string> => {
    const [said] = await Promise.race([once(lines, "line"), once(server, "exit")])
    if (typeof said !== "string") throw new Error("PostgreSQL did not start")
    return said
  })
  const tell = (what: string) =>
    Effect.suspend(() => {
      server.stdin.write(`${what}\n`)
      return Effect.asVoid(line)
    })
  const port = Number((yield* line).split(" ")[1])
  let made = 0
  const database = Effect.suspend(() => {
    const name = `test_${++made}`
    const create = PgClient.PgClient.use((sql) => sql`CREATE DATABASE ${sql(name)}`)
    const layer = PgClient.layer({ url: Redacted.make(urlOf(port, "postgres")), maxConnections: 1 })
    return Effect.as(Effect.provide(create, layer), urlOf(port, name))
  })
  return { port, database: Effect.orDie(database), stop: tell("stop"), start: tell("start") }
})
