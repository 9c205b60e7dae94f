// Six calls, one query: what the handlers of a batch ask a database for reaches it together.
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Exit, Request, RequestResolver, Schema } from "effect"
import { DatabaseSync } from "node:sqlite"

const database = new DatabaseSync(":memory:")
database.exec(`
  create table customers (id integer primary key, name text not null);
  insert into customers values (1, 'Ada'), (2, 'Grace'), (3, 'Edsger'), (4, 'Barbara'), (5, 'Tony')
`)

const Customer = Schema.Struct({ id: Schema.Int, name: Schema.String })
const decodeRows = Schema.decodeUnknownEffect(Schema.Array(Customer))
class NoCustomer extends Schema.TaggedError<NoCustomer>()("NoCustomer", { id: Schema.Int }) {}
class GetCustomer
  extends Request.TaggedClass("GetCustomer")<{ readonly id: number }, typeof Customer.Type, NoCustomer>
{}

let queries = 0
const customers = RequestResolver.make<GetCustomer>((entries) =>
  Effect.gen(function*() {
    queries++
    const ids = entries.map(({ request }) => request.id)
    const sql = `select id, name from customers where id in (${ids.map(() => "?").join(", ")})`
    console.log(sql)
    const rows = yield* Effect.orDie(decodeRows(database.prepare(sql).all(...ids)))
    const byId = new Map(rows.map((row) => [row.id, row]))
    for (const entry of entries) {
      const { id } = entry.request
      const row = byId.get(id)
      entry.completeUnsafe(row === undefined ? Exit.fail(new NoCustomer({ id })) : Exit.succeed(row))
    }
  })
)

const getCustomer = Tool.make("get_customer", {
  description: "A customer's name. `id` comes from an order.",
  parameters: Schema.Struct({ id: Schema.Int }),
  success: Customer,
  failure: NoCustomer,
  readOnly: true,
  execute: ({ id }) => Effect.request(new GetCustomer({ id }), customers)
})

const calls = [1, 2, 3, 4, 5, 6].map((id, index) =>
  ToolCall.make({ id: `call_${id}`, name: "get_customer", arguments: { id }, index })
)
const { outcomes } = await Effect.runPromise(Batch.run(Toolkit.make(getCustomer), calls))
for (const { call, encoded } of outcomes) console.log(`${call.id}: ${encoded}`)
console.log(`${calls.length} calls, queries: ${queries}`)
// => select id, name from customers where id in (?, ?, ?, ?, ?, ?)
// => call_1: {"id":1,"name":"Ada"}
// => call_2: {"id":2,"name":"Grace"}
// => call_3: {"id":3,"name":"Edsger"}
// => call_4: {"id":4,"name":"Barbara"}
// => call_5: {"id":5,"name":"Tony"}
// => call_6: {"error":{"type":"NoCustomer","message":"The tool failed with NoCustomer.","safeToRepeat":true,"data":{"id":6}}}
// => 6 calls, queries: 1
