import * as Dialect from "@volley/simulator/Dialect"
import * as Fault from "@volley/simulator/Fault"
import * as Scenarios from "@volley/simulator/Scenarios"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { report, UserError } from "../UserError.ts"
import { latency, toggle, whole } from "./flags.ts"

const file = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.optional, Flag.withMetavar("FILE"), Flag.withDescription(description))

const flags = {
  port: whole("port", 0, 65_535).pipe(
    Flag.withDefault(0),
    Flag.withDescription("The port to listen on; a free one when left out")
  ),
  scenario: Flag.String("scenario").pipe(
    Flag.optional,
    Flag.withMetavar("NAME|FILE"),
    Flag.withDescription(
      "A scenario of your own, as a file of TypeScript, JavaScript or JSON, or one of "
        + Scenarios.all.map(({ name }) => name).join(", ")
    )
  ),
  latency: latency("0 seconds"),
  stream: toggle("stream", "Take a fifth of a second over each call that is streamed, as a model does"),
  fault: Flag.Literals("fault", Fault.names).pipe(
    Flag.optional,
    Flag.withDescription(
      "How the provider fails, at every request unless the name ends in -once; docs/faults.md of the simulator says what a caller gets"
    )
  ),
  dialect: Flag.Literals("dialect", Dialect.names).pipe(
    Flag.optional,
    Flag.withDescription(
      "How the server differs from its provider; docs/field.md of the simulator says what a caller gets"
    )
  ),
  acceptSignatures: toggle(
    "accept-signatures",
    "Take thinking and thought signatures that the simulator did not write"
  ),
  record: file("record", "Keep what is exchanged as JSON Lines, in place of what the file has"),
  replay: file("replay", "Play what was recorded, to clients that ask what they asked then")
}

/** `volley simulate` */
export const simulate = Command.make(
  "simulate",
  flags,
  ({ dialect, fault, record, replay, scenario, ...rest }) =>
    report(
      "volley simulate",
      Effect.gen(function*() {
        const others = {
          scenario: Option.isSome(scenario),
          fault: Option.isSome(fault),
          dialect: Option.isSome(dialect),
          "accept-signatures": rest.acceptSignatures
        }
        const clash = Object.entries(others).find(([, isSet]) => isSet && Option.isSome(replay))
        if (clash !== undefined) {
          const message = `--replay plays what the file has: leave --${clash[0]} out`
          return yield* new UserError({ message, exitCode: 2 })
        }
        const Simulate = yield* Effect.promise(() => import("../Simulate.ts"))
        return yield* Simulate.run({
          ...rest,
          fault: Option.getOrUndefined(fault),
          dialect: Option.getOrUndefined(dialect),
          scenario: Option.getOrUndefined(scenario),
          record: Option.getOrUndefined(record),
          replay: Option.getOrUndefined(replay)
        })
      })
    )
).pipe(
  Command.withDescription("Serve the simulator; the first line it prints is its base URLs as JSON"),
  Command.withExamples([
    { command: "volley simulate --port 8080", description: "Serve all wires at one port" },
    { command: "volley simulate --scenario ./weather.json", description: "Play a scenario of your own" },
    { command: "volley simulate --fault rate-limited", description: "Fail as a provider does" }
  ])
)
