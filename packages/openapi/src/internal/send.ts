import * as Thrown from "@volley/core/Thrown"
import * as Transport from "@volley/core/Transport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Schema from "effect/Schema"
import { Failure, Unreachable } from "../OpenApiError.ts"
import type { Node } from "./node.ts"
import type { Plan } from "./plan.ts"
import { type Asked, requestOf } from "./request.ts"
import { bytesOf, failedOf, valueOf } from "./response.ts"
import { hiddenIn, type Key, keysOf, type Scheme, signed } from "./security.ts"

/** Sends the request that arguments make, and gives what the answer says. */
export type Send = (plan: Plan, args: Node) => Effect.Effect<unknown, Failure>

/**
 * Makes what sends requests, by the client at hand.
 *
 * - `fetch` keeps to limits, and follows no redirect to another origin; a client that sends otherwise has to see to that itself
 * - `schemesOf`: the credentials of an operation
 */
export const sending = Effect.fnUntraced(function*(
  limits: Transport.Options,
  schemesOf: (plan: Plan) => ReadonlyArray<Scheme>
): Effect.fn.Return<Send, never, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  const fetch = yield* FetchHttpClient.Fetch
  const within = yield* Transport.within(limits)
  const { maxBytes = 33_554_432 } = limits
  const most = maxBytes === "unbounded" ? Infinity : maxBytes
  const names = yield* Headers.CurrentRedactedNames
  return (plan, args) => {
    const schemes = schemesOf(plan)
    const context = Context.make(FetchHttpClient.Fetch, fetch === globalThis.fetch ? within() : within(fetch)).pipe(
      Context.add(Headers.CurrentRedactedNames, [...names, ...schemes.map(({ goes }) => goes.name)])
    )
    return Effect.fromResult(requestOf(plan, args)).pipe(
      Effect.flatMap((asked) =>
        Effect.flatMap(keysOf(schemes), (keys) => exchange(client, requested(plan, asked, keys), most, keys))
      ),
      Effect.provideContext(context)
    )
  }
})

const requested = ({ operation }: Plan, { body, headers, url }: Asked, keys: ReadonlyArray<Key>) =>
  signed(HttpClientRequest.make(operation.method)(url, { headers, body }), keys)

const exchange = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  most: number,
  keys: ReadonlyArray<Key>
): Effect.Effect<unknown, Failure> => {
  const secrets = hiddenIn(keys).toSorted((one, other) => other.length - one.length)
  const quoted = (text: string) => Transport.quoted(text, secrets)
  const hidden = (text: string) => secrets.reduce((left, secret) => left.replaceAll(secret, "<hidden>"), text)
  return Effect.gen(function*() {
    const response = yield* client.execute(request)
    const bytes = yield* bytesOf(response, most)
    if (response.status < 200 || response.status > 299) return yield* yield* failedOf(response, bytes, quoted)
    return yield* Effect.fromResult(valueOf(response, bytes, hidden))
  }).pipe(Effect.mapError((error) => isFailure(error) ? error : failureOf(error, quoted)))
}

const isFailure = Schema.is(Failure)

const failureOf = (error: HttpClientError, quoted: (text: string) => string): Failure =>
  Transport.failureIn(error) ?? new Unreachable({ message: quoted(Thrown.told(error.cause ?? error)) })
