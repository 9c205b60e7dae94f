/**
 * What a Layer on a client of one's own makes of what that client throws, whichever copy of its SDK it is of.
 */
import { assert, describe, it } from "@effect/vitest"
import { ChatModel } from "@volley/core"
import { Effect, type Layer, Stream } from "effect"
import { generate, type Name, question } from "./ChatModelSuite.ts"
import { copiesOf } from "./copies.ts"

/** What a client is made with, and what goes into its requests. */
export interface Given {
  readonly fetch: typeof globalThis.fetch
  /** More options of the client. */
  readonly client?: object
  readonly headers?: Record<string, string>
  readonly request?: object
}

/** Something that is thrown, and the reason that it is; `isStreamed` where it comes amid a stream. */
export interface Case extends Partial<Given> {
  readonly comes: string
  readonly isStreamed?: boolean
}

/** A wire, the package whose clients speak it, and what else its clients throw. */
export interface Thrower {
  readonly name: Name
  readonly sdk: string
  readonly layerOf: (sdk: unknown, given: Given) => Layer.Layer<ChatModel.ChatModel>
  readonly cases: Readonly<Record<string, Case>>
}

/** A `fetch` that answers with JSON. */
export const json = (body: unknown, status = 200): typeof fetch => async () =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "retry-after": "3" }
  })

/** A `fetch` that answers with events, and then ends or breaks. */
export const events = (text: string, error?: Error): typeof fetch => async () =>
  new Response(
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(text))
        if (error === undefined) controller.close()
        else controller.error(error)
      }
    }),
    { headers: { "content-type": "text/event-stream" } }
  )

/** What breaks a body, as Node says it. */
const closed = (): Error =>
  new TypeError("terminated", { cause: Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" }) })

const rejecting = (error: Error): typeof fetch => () => Promise.reject(error)

const statuses: Readonly<Record<number, string>> = {
  400: "InvalidRequest",
  401: "Unauthorized",
  402: "QuotaExhausted",
  403: "Unauthorized",
  404: "InvalidRequest",
  408: "ProviderFailed",
  409: "ProviderFailed",
  413: "InvalidRequest",
  422: "InvalidRequest",
  429: "RateLimited",
  500: "ProviderFailed",
  503: "ProviderFailed",
  529: "ProviderFailed"
}

/** What the clients of every SDK throw. */
const common: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    Object.entries(statuses).map(([status, comes]) => [
      `status ${status}`,
      { comes, fetch: json({ error: { message: "No." } }, Number(status)) }
    ])
  ),
  "nobody there": {
    comes: "Unreachable",
    fetch: rejecting(
      new TypeError("fetch failed", { cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }) })
    )
  },
  "nobody there, in a browser": { comes: "Unreachable", fetch: rejecting(new TypeError("Failed to fetch")) },
  "aborted by itself": { comes: "Unreachable", fetch: rejecting(new DOMException("It was aborted.", "AbortError")) },
  "a body that breaks off": {
    comes: "Unreachable",
    fetch: async () =>
      new Response(new ReadableStream({ start: (controller) => controller.error(closed()) }), {
        headers: { "content-type": "application/json" }
      })
  },
  "events that break off": { comes: "Unreachable", isStreamed: true, fetch: events(": hello\n\n", closed()) },
  "no JSON": {
    comes: "UnusableResponse",
    fetch: async () => new Response("<html>", { headers: { "content-type": "application/json" } })
  },
  "a header that cannot be sent": { comes: "InvalidRequest", headers: { "x-team": "blue\nred" } }
}

const why = ({ layerOf }: Thrower, sdk: unknown, { comes: _comes, isStreamed, ...given }: Case) => {
  const asked = isStreamed === true
    ? ChatModel.ChatModel.use((model) => Stream.runDrain(model.stream({ conversation: question })))
    : generate()
  return asked.pipe(
    Effect.flip,
    Effect.map(({ reason }) => reason._tag),
    Effect.provide(layerOf(sdk, { fetch: json({}), ...given }))
  )
}

/** Has the clients of every copy of an SDK throw all that they can. */
export const thrown = (thrower: Thrower): void => {
  const cases = { ...common, ...thrower.cases }
  describe(`ChatModel on ${thrower.name}: what a client throws`, () => {
    it.live.each(copiesOf(thrower.sdk))(
      "is the same reason for every copy of the SDK: $name",
      ({ load }) =>
        Effect.gen(function*() {
          const sdk = yield* Effect.promise(load)
          const reasons = yield* Effect.forEach(Object.values(cases), (thrown) => why(thrower, sdk, thrown))
          assert.deepStrictEqual<unknown>(
            Object.fromEntries(Object.keys(cases).map((what, at) => [what, reasons[at]])),
            Object.fromEntries(Object.entries(cases).map(([what, { comes }]) => [what, comes]))
          )
        })
    )
  })
}
