import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { Script } from "../src/Script.ts"
import * as Simulator from "../src/Simulator.ts"

/** Asks for the weather of two cities, then repeats what it was told. */
export const twoCities: Script = {
  wants: () => [{ name: "weather", arguments: { city: "Oslo" } }, { name: "weather", arguments: { city: "Rome" } }],
  answer: (seen) => `I saw: ${seen.map((call) => call.result).join(", ")}`
}

/** What came back, whichever wire it came by. */
export interface Reply {
  readonly status: number
  readonly body: { readonly [key: string]: Schema.Json }
  readonly entry: Simulator.Entry | undefined
}

/** Makes what sends requests to one simulator, which plays `twoCities`. */
export const connect = Effect.fnUntraced(function*(options: Partial<Simulator.Options> = {}) {
  const simulator = yield* Simulator.make({ script: () => twoCities, ...options })
  const fetch = yield* Simulator.fetch(simulator.app)
  return Effect.fnUntraced(function*(
    path: string,
    headers: Record<string, string>,
    body: unknown
  ): Effect.fn.Return<Reply> {
    const text = typeof body === "string" ? body : JSON.stringify(body)
    const response = yield* Effect.promise(() =>
      fetch(`http://simulator.test${path}`, { method: "POST", headers, body: text })
    )
    const answer: Reply["body"] = yield* Effect.promise(() => response.json())
    return { status: response.status, body: answer, entry: (yield* simulator.requests).at(-1) }
  })
})

/** Sends one request to a fresh simulator that plays `twoCities`. */
export const post = (path: string, headers: Record<string, string>, body: unknown): Effect.Effect<Reply> =>
  Effect.flatMap(connect(), (send) => send(path, headers, body))
