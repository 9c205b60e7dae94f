import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { report } from "../UserError.ts"
import * as Wires from "../Wires.ts"
import { duration, provider, toggle, whole } from "./flags.ts"

const flags = {
  provider: provider.pipe(Flag.withDescription("The wire that the response came by")),
  toolkit: Flag.String("toolkit").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("A module whose default export is a Toolkit, or { toolkit, layer }")
  ),
  concurrency: whole("concurrency", 1).pipe(Flag.optional, Flag.withDescription("Calls at a time; 10 unless said")),
  timeout: duration("timeout").pipe(
    Flag.optional,
    Flag.withDescription("How long a call may take; 30 seconds unless said")
  ),
  deadline: duration("deadline").pipe(Flag.optional, Flag.withDescription("How long all of them may take together")),
  echo: toggle("echo", "Print the assistant turn before the results")
}

/** `volley run` */
export const run = Command.make("run", flags, ({ concurrency, deadline, echo, provider, timeout, toolkit }) =>
  report(
    "run",
    Effect.flatMap(Effect.promise(() => import("../Run.ts")), ({ run }) =>
      run({
        wire: Wires.all.find(({ name }) => name === provider)!,
        file: toolkit,
        echo,
        batch: {
          concurrency: Option.getOrUndefined(concurrency),
          timeout: Option.getOrUndefined(timeout),
          deadline: Option.getOrUndefined(deadline)
        }
      }))
  )).pipe(
    Command.withDescription("Run the calls of a response on standard input; prints the result messages as JSON")
  )
