/**
 * A small web service on loopback, for the tools of scenarios that ask one.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"

/** Where it listens. */
export class WebService extends Context.Service<WebService, { readonly url: string }>()(
  "@volley/simulator/WebService"
) {}

/** `GET /search?query=…` finds one page, whatever is looked for. */
const search = Effect.gen(function*() {
  const { url } = yield* HttpServerRequest.HttpServerRequest
  const query = new URL(url, "http://localhost").searchParams.get("query") ?? ""
  return HttpServerResponse.jsonUnsafe({ source: "search", text: `Pages on "${query}" speak of microseconds` })
})

/** Starts the service on a free port and stops it with the layer. */
export const layer: Layer.Layer<WebService> = Layer.effect(
  WebService,
  Effect.gen(function*() {
    const server = yield* HttpServer.HttpServer
    yield* server.serve(search)
    return { url: HttpServer.formatAddress(server.address) }
  })
).pipe(
  Layer.provide(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
  Layer.orDie
)
