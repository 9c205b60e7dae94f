import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Option from "effect/Option"
import { scenarioNamed } from "../scenarioNamed.ts"
import { report, UserError } from "../UserError.ts"
import * as Wires from "../Wires.ts"
import { approve, latency, mcp, openapi, provider, record, scenario, timeline, toggle } from "./flags.ts"

const flags = {
  scenario: scenario.pipe(Flag.withDefault("customer")),
  provider: provider.pipe(Flag.optional, Flag.withDescription("The wire to use; all of them by default")),
  model: Flag.String("model").pipe(Flag.optional, Flag.withDescription("The model to ask")),
  baseUrl: Flag.String("base-url").pipe(
    Flag.optional,
    Flag.withDescription("Where the API is, in place of the embedded simulator; needs a key and --provider")
  ),
  live: toggle("live", "Ask the provider itself, with the key in the environment"),
  serial: toggle("serial", "Play one call a turn alone, with nothing to compare it to"),
  mcp,
  ...openapi,
  approve,
  stream: toggle("stream", "Stream the model's turns, and start read-only calls while they are being written"),
  json: toggle("json", "Print the figures as JSON"),
  record,
  timeline,
  latency: latency("1 second")
}

/** `volley demo` */
export const demo = Command.make("demo", flags, (flags) =>
  report(
    "volley demo",
    Effect.gen(function*() {
      const Demo = yield* Effect.promise(() => import("../Demo.ts"))
      const scenario = yield* scenarioNamed(flags.scenario)
      if (Option.isSome(flags.baseUrl) && Option.isNone(flags.provider)) {
        return yield* unusable("--base-url needs --provider: each wire has an address of its own")
      }
      const baseUrl = Option.getOrUndefined(flags.baseUrl)
      if (baseUrl !== undefined && !/^https?:\/\//.test(baseUrl)) {
        return yield* unusable(`--base-url "${baseUrl}" is no URL: write one such as http://localhost:8080/v1`)
      }
      if (flags.serial && !scenario.hasSerial) {
        return yield* unusable(`the scenario "${scenario.name}" has no serial side: leave --serial out`)
      }
      const chosen = Wires.all.filter(({ name }) => Option.getOrElse(flags.provider, () => name) === name)
      const wires = chosen.filter(({ hasParallelSwitch }) => hasParallelSwitch || !flags.serial)
      if (wires.length === 0) {
        return yield* unusable("this provider has no switch for one call a turn: leave --serial out")
      }
      return yield* Demo.run({
        scenario,
        wires,
        sides: flags.serial ? ["serial"] : scenario.hasSerial ? ["serial", "parallel"] : ["parallel"],
        model: Option.getOrUndefined(flags.model),
        baseUrl,
        live: flags.live,
        mcp: flags.mcp,
        openapi: flags,
        approve: Option.getOrUndefined(flags.approve),
        stream: flags.stream,
        latency: flags.latency,
        json: flags.json,
        timeline: Option.getOrUndefined(flags.timeline),
        record: Option.getOrUndefined(flags.record)
      })
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )).pipe(
    Command.withDescription("Play a scenario from prompt to answer, with one call a turn and with all calls at once"),
    Command.withExamples([
      { command: "volley demo", description: "Play it on all wires, against an embedded simulator" },
      { command: "volley demo --scenario mixed --timeline demo.html", description: "Draw it as a page, too" },
      { command: "volley demo --provider anthropic --live", description: "Ask the provider itself" }
    ])
  )

const unusable = (message: string) => new UserError({ message, exitCode: 2 })
