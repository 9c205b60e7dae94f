/**
 * The commands as one program, from its arguments to its exit code.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { demo } from "./commands/demo.ts"
import { diff } from "./commands/diff.ts"
import { run } from "./commands/run.ts"
import { runs } from "./commands/runs.ts"
import { serve } from "./commands/serve.ts"
import { simulate } from "./commands/simulate.ts"
import { timeline } from "./commands/timeline.ts"
import { Screen, take } from "./Screen.ts"
import * as Signals from "./Signals.ts"
import { exitWith, oneLine, report } from "./UserError.ts"

/** All commands. */
export const volley = Command.make("volley").pipe(
  Command.withDescription("Fires a model turn's tool calls at once and brings every answer back in one message"),
  Command.withSubcommands([demo, diff, run, runs, serve, simulate, timeline])
)

/** A wrong flag gets a line that says so, instead of the whole help. */
const presenter = Layer.effect(
  CliOutput.Presenter,
  Effect.map(Screen, ({ styled }) => ({
    present: (event: CliOutput.Presenter.Event) => {
      if (event._tag !== "InvalidInvocation") {
        return Effect.provideService(CliOutput.defaultPresenter.present(event), Console.Console, styled)
      }
      const command = event.commandPath.join(" ")
      const problems = event.errors.map(({ message }) => oneLine(message))
      return Console.error(`${command}: ${problems.join("; ")} (see ${command} --help)`)
    }
  }))
)

const program = Effect.fnUntraced(function*(args: ReadonlyArray<string>) {
  const screen = yield* take
  yield* Command.runWith(volley, { version: "0.1.0" })(args).pipe(
    Effect.catchTag("ShowHelp", ({ errors }) => exitWith(errors.length === 0 ? 0 : 2)),
    Effect.provide(Layer.provideMerge(presenter, Layer.merge(NodeServices.layer, Layer.succeed(Screen, screen)))),
    Effect.tapCause((cause) => Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError(cause)),
    Effect.provideService(References.LogToStderr, true),
    Effect.provideService(Console.Console, globalThis.console),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv())
  )
  yield* report("volley", screen.settled)
})

/** Runs the command of these arguments; `exit` is how the process ends, whatever still goes on in it. */
export const main = (args: ReadonlyArray<string>, exit: (code: number) => void): void =>
  Signals.run(program(args), exit)
