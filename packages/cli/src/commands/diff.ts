import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { report } from "../UserError.ts"
import { toggle } from "./flags.ts"

const run = (name: string, which: string) =>
  Argument.String(name).pipe(Argument.withDescription(`The ${which} recorded run, as --record writes it`))

/** `volley diff` */
export const diff = Command.make(
  "diff",
  { a: run("a", "first"), b: run("b", "second"), json: toggle("json", "Print the difference as JSON") },
  (options) =>
    report("volley diff", Effect.flatMap(Effect.promise(() => import("../Diff.ts")), ({ diff }) => diff(options)))
).pipe(
  Command.withDescription(
    "Compare two recorded runs: calls, outcomes, times, tokens and cost; the exit code is 0 if calls, outcomes and ends are the same, 1 if not, 2 if a file is no recorded run"
  ),
  Command.withExamples([
    { command: "volley diff before.jsonl after.jsonl", description: "Say what a changed tool changes" },
    { command: "volley diff before.jsonl after.jsonl --json", description: "Say the same as JSON" }
  ])
)
