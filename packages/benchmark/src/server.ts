/** A simulated model that wants so many calls, each so many milliseconds after the one before where it streams. */
import * as Simulator from "@volley/simulator/Simulator"
import * as Effect from "effect/Effect"
import { answer, callsOf } from "./Contender.ts"

const [calls = 10, pace = 0] = process.argv.slice(2).map(Number)

const script = {
  wants: () => callsOf(calls).map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) })),
  answer: () => answer
}

const main = Effect.gen(function*() {
  const { anthropic, google, openai } = yield* Simulator.serve({
    script: () => script,
    ...(pace > 0 && { pace: () => pace })
  })
  process.send?.({ anthropic, google, openai })
  return yield* Effect.never
})

process.on("disconnect", () => process.exit())
await Effect.runPromise(Effect.scoped(main))
