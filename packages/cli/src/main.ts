#!/usr/bin/env node
/**
 * The command line of Volley.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as WebService from "@volley/simulator/WebService"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import * as Demo from "./Demo.ts"
import * as Simulate from "./Simulate.ts"
import { UserError } from "./UserError.ts"
import * as Wires from "./Wires.ts"

const scenario = Flag.String("scenario").pipe(
  Flag.withMetavar("NAME"),
  Flag.withDescription("cities, compare, bike, customer, three-seconds, ten, research, order, mixed or endless")
)

const latency = (standard: Duration.Input) =>
  Flag.String("latency").pipe(
    Flag.withSchema(Schema.DurationFromString),
    Flag.withDefault(Duration.fromInputUnsafe(standard)),
    Flag.withMetavar("DURATION"),
    Flag.withDescription("How long the simulated model takes for a turn, such as \"1 second\"")
  )

const demo = Command.make("demo", {
  scenario: scenario.pipe(Flag.withDefault("customer")),
  provider: Flag.Literals("provider", Wires.all.map(({ name }) => name)).pipe(
    Flag.optional,
    Flag.withDescription("The wire to speak; both when left out")
  ),
  model: Flag.String("model").pipe(Flag.optional, Flag.withDescription("The model to ask")),
  baseUrl: Flag.String("base-url").pipe(
    Flag.optional,
    Flag.withDescription("Where the API is, in place of the embedded simulator; takes a key and --provider")
  ),
  live: Flag.Boolean("live").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Ask the provider itself, with the key in the environment")
  ),
  serial: Flag.Boolean("serial").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Play one call a turn alone, with nothing to compare it to")
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Print the figures as JSON")
  ),
  latency: latency("1 second")
}, (flags) => report("demo", Effect.provide(playDemo(flags), Layer.merge(FetchHttpClient.layer, WebService.layer))))
  .pipe(
    Command.withDescription("Play a scenario end to end, serial beside parallel")
  )

const playDemo = Effect.fnUntraced(function*(flags: {
  readonly scenario: string
  readonly provider: Option.Option<Wires.Wire["name"]>
  readonly model: Option.Option<string>
  readonly baseUrl: Option.Option<string>
  readonly live: boolean
  readonly serial: boolean
  readonly json: boolean
  readonly latency: Duration.Duration
}) {
  const scenario = yield* Demo.scenarioNamed(flags.scenario)
  const baseUrl = Option.getOrUndefined(flags.baseUrl)
  if (baseUrl !== undefined && Option.isNone(flags.provider)) {
    return yield* new UserError({
      message: "--base-url needs --provider: each wire has an address of its own",
      exitCode: 2
    })
  }
  if (flags.serial && !scenario.hasSerial) {
    return yield* new UserError({ message: `the scenario "${scenario.name}" is played in parallel alone`, exitCode: 2 })
  }
  return yield* Demo.run({
    scenario,
    wires: Wires.all.filter(({ name }) => Option.getOrElse(flags.provider, () => name) === name),
    sides: flags.serial ? ["serial"] : scenario.hasSerial ? ["serial", "parallel"] : ["parallel"],
    model: Option.getOrUndefined(flags.model),
    baseUrl,
    live: flags.live,
    latency: flags.latency,
    json: flags.json
  })
})

const simulate = Command.make("simulate", {
  port: Flag.Int("port").pipe(
    Flag.withDefault(0),
    Flag.withDescription("The port to listen on; a free one when left out")
  ),
  scenario: scenario.pipe(Flag.optional),
  latency: latency("0 seconds")
}, (flags) =>
  report(
    "simulate",
    Effect.flatMap(Effect.transposeOption(Option.map(flags.scenario, Demo.scenarioNamed)), (scenario) =>
      Simulate.run({ scenario: Option.getOrUndefined(scenario), port: flags.port, latency: flags.latency }))
  )).pipe(Command.withDescription("Serve the simulator; prints its base URLs as a line of JSON"))

/** Says what is wrong in one line, and sets the exit code. */
const report = <A, R>(command: string, effect: Effect.Effect<A, UserError, R>): Effect.Effect<void, never, R> =>
  Effect.matchEffect(effect, {
    onSuccess: () => Effect.void,
    onFailure: ({ exitCode, message }) =>
      Effect.andThen(
        Console.error(`volley ${command}: ${message}`),
        Effect.sync(() => {
          process.exitCode = exitCode
        })
      )
  })

const volley = Command.make("volley").pipe(
  Command.withDescription("Fires a model turn's tool calls at once and brings every answer back in one message"),
  Command.withSubcommands([demo, simulate])
)

Command.run(volley, { version: "0.1.0" }).pipe(
  Effect.provide(NodeServices.layer),
  Effect.provideService(References.LogToStderr, true),
  NodeRuntime.runMain
)
