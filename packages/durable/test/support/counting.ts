/**
 * A client of a store that counts the rows which are read through it.
 */
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import * as Statement from "effect/sql/Statement"

/** - `read`: how many rows `SELECT` has given so far */
export const counting = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  let rows = 0
  const counted = (connection: Connection): Connection => ({
    ...connection,
    execute: (text, params, transform) =>
      Effect.tap(connection.execute(text, params, transform), (found) =>
        Effect.sync(() => {
          if (text.startsWith("SELECT")) rows += found.length
        }))
  })
  const client = yield* SqlClient.make({
    acquirer: Effect.map(sql.reserve, counted),
    compiler: sql.onDialectOrElse({ pg: () => PgClient.makeCompiler(), orElse: () => Statement.makeCompilerSqlite() }),
    driver: "counting",
    spanAttributes: []
  }).pipe(Effect.provide(Reactivity.layer))
  return { client, read: () => rows }
})
