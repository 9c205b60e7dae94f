/**
 * Reads the counter of a file and writes it back one higher, so many times:
 *
 *     node counter.ts <file> <times>
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { sqlAt } from "./storeAt.ts"

const [file = "", times = "1"] = process.argv.slice(2)

const count = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ readonly n: number }>`SELECT n FROM counter`
  yield* sql`UPDATE counter SET n = ${(row?.n ?? 0) + 1}`
})
const all = SqlClient.SqlClient.use((sql) => Effect.repeat(sql.withTransaction(count), { times: Number(times) - 1 }))

await Effect.runPromise(Effect.provide(all, sqlAt(file)))
console.log("counted")
