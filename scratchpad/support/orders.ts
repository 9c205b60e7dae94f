// Tools over what a backend service has: a database, another service, a file.
import { Tool } from "@volley/core"
import { Context, Effect, FileSystem, Layer, Schema } from "effect"
import { HttpClient, HttpClientResponse, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"

const Order = Schema.Struct({ number: Schema.String, items: Schema.fromJsonString(Schema.Array(Schema.String)) })
const Stock = Schema.Struct({ item: Schema.String, days: Schema.Int })

/** The orders, and which items are reserved while somebody asks about them. */
export class Database extends Context.Service<Database, {
  readonly order: (number: string) => unknown
  readonly reserve: (item: string) => void
  readonly release: (item: string) => void
  readonly reserved: () => number
}>()("scratchpad/Database") {
  static readonly layer = Layer.effect(
    this,
    Effect.gen(function*() {
      const open = Effect.sync(() => new DatabaseSync(":memory:"))
      const db = yield* Effect.acquireRelease(open, (db) => Effect.sync(() => db.close()))
      db.exec(
        "create table orders (number text, items text); insert into orders values ('A-17', '[\"lamp\",\"desk\"]');" +
          "create table reserved (item text)"
      )
      return {
        order: (number) => db.prepare("select number, items from orders where number = ?").get(number),
        reserve: (item) => void db.prepare("insert into reserved values (?)").run(item),
        release: (item) =>
          void db.prepare("delete from reserved where rowid = (select min(rowid) from reserved where item = ?)").run(
            item
          ),
        reserved: () => Number(db.prepare("select count(*) as n from reserved").get()?.["n"])
      }
    })
  )
}

/** Another service, which knows how soon an item can be sent. */
export class Warehouse extends Context.Service<Warehouse, { readonly url: string }>()("scratchpad/Warehouse") {
  /** Serves it on loopback, with such a handler for `GET /stock/:item`. */
  static readonly serve = <R>(handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>) => {
    const routes = HttpRouter.add("GET", "/stock/:item", handler)
    const served = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true })
    const url = Effect.map(HttpServer.HttpServer, ({ address }) => ({ url: HttpServer.formatAddress(address) }))
    return Layer.provideMerge(Layer.effect(this, url), served)
  }
}

/** What a warehouse answers. */
export const stock = Effect.map(
  HttpRouter.params,
  ({ item = "" }) => HttpServerResponse.jsonUnsafe({ item, days: item.length })
)

class NoOrder extends Schema.TaggedError<NoOrder>()("NoOrder", { number: Schema.String }) {}
class NoStock extends Schema.TaggedError<NoStock>()("NoStock", { item: Schema.String }) {}
class NoTerms extends Schema.TaggedError<NoTerms>()("NoTerms", {}) {}

export const getOrder = Tool.make("get_order", {
  description: "Finds an order. `number` comes from the user.",
  parameters: Schema.Struct({ number: Schema.String }),
  success: Schema.toType(Order),
  failure: NoOrder,
  readOnly: true,
  execute: ({ number }) =>
    Database.useSync((db) => db.order(number)).pipe(
      Effect.flatMap(Schema.decodeUnknownEffect(Order)),
      Effect.mapError(() => new NoOrder({ number }))
    )
})

export const getStock = Tool.make("get_stock", {
  description: "How soon an item can be sent. `item` comes from get_order.",
  parameters: Schema.Struct({ item: Schema.String }),
  success: Stock,
  failure: NoStock,
  timeout: "5 seconds",
  execute: ({ item }) =>
    Effect.gen(function*() {
      const db = yield* Database
      const { url } = yield* Warehouse
      return yield* Effect.acquireUseRelease(
        Effect.sync(() => db.reserve(item)),
        () => Effect.flatMap(HttpClient.get(`${url}/stock/${item}`), HttpClientResponse.schemaBodyJson(Stock)),
        () => Effect.sync(() => db.release(item))
      )
    }).pipe(Effect.mapError(() => new NoStock({ item })))
})

export const getTerms = Tool.make("get_terms", {
  description: "The terms of the shop.",
  parameters: Schema.Struct({}),
  success: Schema.String,
  failure: NoTerms,
  readOnly: true,
  execute: () =>
    FileSystem.FileSystem.use((files) => files.readFileString(fileURLToPath(new URL("./terms.txt", import.meta.url))))
      .pipe(Effect.mapBoth({ onFailure: () => new NoTerms(), onSuccess: (text) => text.trim() }))
})
