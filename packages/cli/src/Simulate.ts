/**
 * `volley simulate`: the simulator as a server, for clients of any kind.
 */
import type * as Dialect from "@volley/simulator/Dialect"
import * as Fault from "@volley/simulator/Fault"
import * as PlainModel from "@volley/simulator/PlainModel"
import * as Replay from "@volley/simulator/Replay"
import * as Simulator from "@volley/simulator/Simulator"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as RecordingFile from "./RecordingFile.ts"
import * as ScenarioFile from "./ScenarioFile.ts"
import { Screen } from "./Screen.ts"
import { UserError } from "./UserError.ts"

/**
 * What to serve.
 *
 * - `scenario`: the name of one, which is played whatever the prompt, or a file; each prompt its own when left out
 * - `fault`: how it fails; not at all when left out
 * - `dialect`: how it speaks otherwise than the providers; not at all when left out
 * - `stream`: takes its time over each call that it streams, as a model does, instead of sending all at once
 * - `acceptSignatures`: takes signatures that it did not write
 * - `record`: a file for what is exchanged
 * - `replay`: such a file, which is played in place of anything else
 */
export interface Options {
  readonly scenario: string | undefined
  readonly port: number
  readonly latency: Duration.Input
  readonly fault: Fault.Name | undefined
  readonly dialect?: Dialect.Name | undefined
  readonly stream: boolean
  readonly acceptSignatures: boolean
  readonly record: string | undefined
  readonly replay: string | undefined
}

/** How long a model takes to write a call. */
export const pace: Duration.Input = "200 millis"

/** How many turns are kept for requests that go on from one, so that a server that runs for long does not grow. */
const remembered = 1000

/** Prints the base URLs as one line of JSON, then serves until it is interrupted. */
export const run = (options: Options): Effect.Effect<never, UserError, Screen> =>
  Effect.scoped(Effect.gen(function*() {
    const simulatorOf = yield* prepare(options)
    const { failed, record } = yield* RecordingFile.open(options.record)
    const simulator = yield* simulatorOf({ log: 0, record })
    const { anthropic, google, openai } = yield* Simulator.listen(simulator, options.port).pipe(
      Effect.mapError(({ message }) => new UserError({ message, exitCode: 1 }))
    )
    yield* Screen.use(({ print }) => print(`${JSON.stringify({ openai, anthropic, google })}\n`))
    return yield* failed
  }))

/** Reads the files that there are before one is written, and says what makes a simulator of them. */
const prepare = Effect.fnUntraced(function*(options: Options) {
  const { acceptSignatures, dialect, fault, latency, replay, scenario, stream } = options
  const tempo = { latency, pace: stream ? () => pace : undefined }
  if (replay !== undefined) {
    const exchanges = yield* RecordingFile.read(replay)
    return (keeping: Simulator.Keeping) => Replay.make(exchanges, { ...tempo, ...keeping })
  }
  const script = yield* ScenarioFile.scripts(scenario)
  const faults = fault && Fault.named[fault]
  return (keeping: Simulator.Keeping) =>
    Simulator.make({
      ...tempo,
      ...keeping,
      script,
      fallback: PlainModel.reply,
      faults,
      dialect,
      acceptSignatures,
      remembered
    })
})
