// The operations of an OpenAPI document in one turn, against a server of this process: reads at once, writes asked about.
import { Approver, Batch, ToolCall } from "@volley/core"
import { OpenApi } from "@volley/openapi"
import { Effect, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const document = {
  openapi: "3.1.0",
  info: { title: "Orders", version: "1" },
  components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
  security: [{ token: [] }],
  paths: {
    "/orders/{order}": {
      parameters: [{ name: "order", in: "path", required: true, schema: { type: "integer" } }],
      get: { operationId: "orders/get", summary: "An order.", responses: {} },
      delete: { operationId: "orders/cancel", summary: "Cancels an order.", responses: {} }
    }
  }
}

const server = createServer(({ headers, method, url }, response) => {
  const isKnown = headers.authorization === "Bearer s3cret-token"
  response.writeHead(isKnown && url !== "/orders/9" ? 200 : 404, { "content-type": "application/json" })
  response.end(JSON.stringify({ method, url }))
})
await once(server.listen(0, "127.0.0.1"), "listening")
const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const main = Effect.gen(function*() {
  const auth = { token: Redacted.make("s3cret-token") }
  const { toolkit } = yield* OpenApi.toolkit(document, { baseUrl, include: ["orders/*"], auth })
  const wanted = [["orders/get", 7], ["orders/get", 9], ["orders/get", "seven"], ["orders/cancel", 7]] as const
  const calls = wanted.map(([name, order], index) =>
    ToolCall.make({ id: `call_${index + 1}`, name, arguments: { order }, index })
  )
  const { outcomes } = yield* Batch.run(toolkit, calls)
  for (const { call, encoded } of outcomes) console.log(call.id, encoded.slice(0, 36))
  const allowed = yield* Effect.provide(Batch.run(toolkit, calls.slice(3)), Approver.allow)
  console.log(allowed.outcomes[0]?.encoded)
})

await Effect.runPromise(Effect.provide(main, FetchHttpClient.layer))
server.close()
// => call_1 {"method":"GET","url":"/orders/7"}
// => call_2 {"error":{"type":"HttpFailed","messa
// => call_3 {"error":{"type":"InvalidArguments",
// => call_4 {"error":{"type":"Undecided","messag
// => {"method":"DELETE","url":"/orders/7"}
