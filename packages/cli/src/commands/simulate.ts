import * as Dialect from "@volley/simulator/Dialect"
import * as Fault from "@volley/simulator/Fault"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { scenarioNamed } from "../scenarioNamed.ts"
import { report } from "../UserError.ts"
import { latency, scenario, toggle, whole } from "./flags.ts"

const flags = {
  port: whole("port", 0, 65_535).pipe(
    Flag.withDefault(0),
    Flag.withDescription("The port to listen on; a free one when left out")
  ),
  scenario: scenario.pipe(Flag.optional),
  latency: latency("0 seconds"),
  stream: toggle("stream", "Take a fifth of a second over each call that is streamed, as a model does"),
  fault: Flag.Literals("fault", Fault.names).pipe(
    Flag.optional,
    Flag.withDescription(
      "How the provider fails, again and again; docs/faults.md of the simulator says what comes of it"
    )
  ),
  dialect: Flag.Literals("dialect", Dialect.names).pipe(
    Flag.optional,
    Flag.withDescription(
      "How the server speaks otherwise than its provider; docs/field.md of the simulator says what comes of it"
    )
  )
}

/** `volley simulate` */
export const simulate = Command.make("simulate", flags, ({ dialect, fault, latency, port, scenario, stream }) =>
  report(
    "simulate",
    Effect.gen(function*() {
      const Simulate = yield* Effect.promise(() => import("../Simulate.ts"))
      const played = yield* Effect.transposeOption(Option.map(scenario, scenarioNamed))
      return yield* Simulate.run({
        scenario: Option.getOrUndefined(played),
        port,
        latency,
        fault: Option.getOrUndefined(fault),
        dialect: Option.getOrUndefined(dialect),
        stream
      })
    })
  )).pipe(Command.withDescription("Serve the simulator; the first line it prints is its base URLs as JSON"))
