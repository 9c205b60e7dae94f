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

/** How the service lets time pass; tests in virtual time have a way of their own. */
export const Pause = Context.Reference<(millis: number) => Effect.Effect<void>>("@volley/simulator/WebService/Pause", {
  defaultValue: () => Effect.sleep
})

/** `GET /quote?number=…` takes 100 ms and five requests at a time; further ones are refused with status 429. */
const quotes = () => {
  let inUse = 0
  return Effect.gen(function*() {
    if (inUse === 5) return HttpServerResponse.jsonUnsafe({ error: "five at a time" }, { status: 429 })
    inUse += 1
    yield* Effect.flatMap(Pause, (pause) => pause(100))
    inUse -= 1
    const { url } = yield* HttpServerRequest.HttpServerRequest
    const number = Number(new URL(url, "http://localhost").searchParams.get("number"))
    return HttpServerResponse.jsonUnsafe({ number, price: number * 10 })
  })
}

const app = () => {
  const quote = quotes()
  return Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    ({ url }) => url.startsWith("/quote") ? quote : search
  )
}

/** Starts the service on a free port and stops it with the layer. */
export const layer: Layer.Layer<WebService> = Layer.effect(
  WebService,
  Effect.gen(function*() {
    const server = yield* HttpServer.HttpServer
    yield* server.serve(app())
    return { url: HttpServer.formatAddress(server.address) }
  })
).pipe(
  Layer.provide(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
  Layer.orDie
)
