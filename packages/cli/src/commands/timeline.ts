import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { report, UserError } from "../UserError.ts"
import { toggle, whole } from "./flags.ts"

const flags = {
  file: Argument.String("file").pipe(Argument.withDescription("A run that --record wrote; it may be incomplete")),
  output: Flag.String("output").pipe(
    Flag.optional,
    Flag.withMetavar("FILE"),
    Flag.withDescription(
      "Where the picture goes: FILE.html, .svg, .txt, or .json for trace viewers; - writes the page to standard output; without it, text on the terminal"
    )
  ),
  results: toggle("results", "Have arguments, results and what the model said in the page"),
  live: toggle("live", "Serve a page to this machine that follows the run while it is written"),
  port: whole("port", 0, 65_535).pipe(Flag.optional, Flag.withDescription("The port of --live; a free one by default"))
}

/** `volley timeline` */
export const timeline = Command.make(
  "timeline",
  flags,
  ({ file, live, output, port, results }) =>
    report(
      "volley timeline",
      Effect.gen(function*() {
        if (live && Option.isSome(output)) return yield* unusable("--live serves a page: leave --output out")
        if (!live && Option.isSome(port)) return yield* unusable("--port is for --live")
        const Timeline = yield* Effect.promise(() => import("../Timeline.ts"))
        return live
          ? yield* Timeline.live({ file, port: Option.getOrUndefined(port), results })
          : yield* Timeline.draw({ file, output: Option.getOrUndefined(output), results })
      })
    )
).pipe(
  Command.withDescription("Draw a recorded run: what ran when, what waited for what, and what the run waited for"),
  Command.withExamples([
    { command: "volley timeline run.jsonl", description: "Draw it in the terminal" },
    { command: "volley timeline run.jsonl --output run.html", description: "Draw it as a page" },
    { command: "volley timeline run.jsonl --live", description: "Follow it in a browser" }
  ])
)

const unusable = (message: string) => new UserError({ message, exitCode: 2 })
