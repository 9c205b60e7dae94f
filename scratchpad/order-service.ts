// A backend service: one route answers from a database, another service and a file, all at once where it can.
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Pipeline } from "@volley/core"
import { Effect, Layer, Result } from "effect"
import { FetchHttpClient, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import { Database, getOrder, getStock, getTerms, stock, Warehouse } from "./support/orders.ts"

const picture = (number: string) =>
  Pipeline.make((call) => {
    const order = call(getOrder, { number })
    const items = order.pipe(Pipeline.map((found) => found.items))
    const stock = Pipeline.each(items, (item) => call(getStock, { item }))
    const terms = call(getTerms, {})
    return { order, stock, terms }
  })

/** A client that goes away interrupts the pipeline, and the pipeline its tools. */
const getPicture = Effect.gen(function*() {
  const { number = "" } = yield* HttpRouter.params
  const { steps } = yield* Pipeline.run(picture(number), { concurrency: 8, deadline: "10 seconds" })
  const { order, stock, terms } = steps
  if (Result.isFailure(order.result)) return HttpServerResponse.jsonUnsafe({ error: "no such order" }, { status: 404 })
  return HttpServerResponse.jsonUnsafe({
    order: number,
    stock: Result.getOrElse(stock.result, () => "not known"),
    terms: Result.getOrElse(terms.result, () => "not known")
  })
})

/** Listens on a free port of this machine. */
export const listen = () => NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })

const routes = HttpRouter.add("GET", "/orders/:number", getPicture)

/** The service; it needs a database and a warehouse. */
export const service = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(listen()),
  Layer.provide([NodeServices.layer, FetchHttpClient.layer])
)

const main = Effect.gen(function*() {
  const { address } = yield* HttpServer.HttpServer
  const url = `${HttpServer.formatAddress(address)}/orders`
  const ask = (number: string) => Effect.promise(() => fetch(`${url}/${number}`).then((answer) => answer.text()))
  console.log(yield* ask("A-17"))
  console.log(yield* ask("A-18"))
})

const warehouse = Warehouse.serve(stock).pipe(Layer.provide(listen()))

if (import.meta.main) {
  await Effect.runPromise(Effect.provide(main, Layer.provide(service, [Database.layer, warehouse])))
}
// => {"order":"A-17","stock":[{"item":"lamp","days":4},{"item":"desk","days":4}],"terms":"Free returns within 30 days."}
// => {"error":"no such order"}
