#!/usr/bin/env node
/**
 * The command line of Volley.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { demo } from "./commands/demo.ts"
import { run } from "./commands/run.ts"
import { serve } from "./commands/serve.ts"
import { simulate } from "./commands/simulate.ts"
import { exitWith, oneLine } from "./UserError.ts"

const volley = Command.make("volley").pipe(
  Command.withDescription("Fires a model turn's tool calls at once and brings every answer back in one message"),
  Command.withSubcommands([demo, run, serve, simulate])
)

/** A wrong flag gets a line that says so, instead of the whole help. */
const presenter = CliOutput.layerPresenter({
  present: (event) => {
    if (event._tag !== "InvalidInvocation") return CliOutput.defaultPresenter.present(event)
    const command = event.commandPath.join(" ")
    const problems = event.errors.map(({ message }) => oneLine(message))
    return Console.error(`${command}: ${problems.join("; ")} (see ${command} --help)`)
  }
})

Command.run(volley, { version: "0.1.0" }).pipe(
  Effect.catchTag("ShowHelp", ({ errors }) => exitWith(errors.length === 0 ? 0 : 2)),
  Effect.provide(Layer.merge(NodeServices.layer, presenter)),
  Effect.provideService(References.LogToStderr, true),
  NodeRuntime.runMain
)
