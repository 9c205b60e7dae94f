import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { report, UserError } from "../UserError.ts"
import { toggle } from "./flags.ts"

const flags = {
  store: Flag.String("store").pipe(
    Flag.withMetavar("FILE|URL"),
    Flag.withDescription(
      "The file or PostgreSQL database that has the runs; without it, the one that VOLLEY_STORE names"
    ),
    Flag.withFallbackConfig(Config.String("VOLLEY_STORE"))
  ),
  json: toggle("json", "Print what is shown as JSON, whole")
}

const id = Argument.String("id").pipe(Argument.withDescription("The id of a run"))

const load = Effect.promise(() => import("../Runs.ts"))

/** What the commands below it have the store from. */
const given = Command.make("runs", {}).pipe(Command.withSharedFlags(flags))

const list = Command.withHandler(
  given,
  (options) => report("volley runs", Effect.flatMap(load, ({ list }) => list(options)))
)

const show = Command.make("show", { id }, ({ id }) =>
  report(
    "volley runs show",
    Effect.flatMap(given, (options) => Effect.flatMap(load, ({ show }) => show(options, id)))
  )).pipe(Command.withDescription("Show what a run did, as a timeline"))

const decide = Command.make("decide", {
  key: Argument.String("key").pipe(Argument.withDescription("The key of a call that waits, as the list shows it")),
  verdict: Argument.Literals("verdict", ["allow", "deny"]).pipe(Argument.withDescription("allow or deny")),
  why: Flag.String("why").pipe(Flag.optional, Flag.withDescription("Why the call is denied; the model reads it")),
  args: Flag.String("arguments").pipe(
    Flag.optional,
    Flag.withMetavar("JSON"),
    Flag.withDescription("Run the allowed call with these arguments in place of the model's, as JSON")
  )
}, ({ args, key, verdict, why }) =>
  report(
    "volley runs decide",
    Effect.gen(function*() {
      if (verdict === "allow" && Option.isSome(why)) return yield* unusable("--why is for deny: leave it out")
      if (verdict === "deny" && Option.isSome(args)) return yield* unusable("--arguments is for allow: leave it out")
      const { decide } = yield* load
      const said = { verdict, why: Option.getOrUndefined(why), args: Option.getOrUndefined(args) }
      return yield* decide(yield* given, key, said)
    })
  )).pipe(Command.withDescription("Allow or deny a call that waits; its run goes on"))

const cancel = Command.make("cancel", { id }, ({ id }) =>
  report(
    "volley runs cancel",
    Effect.flatMap(given, (options) => Effect.flatMap(load, ({ cancel }) => cancel(options, id)))
  )).pipe(Command.withDescription("End a run for good"))

const forget = Command.make("forget", { id }, ({ id }) =>
  report(
    "volley runs forget",
    Effect.flatMap(given, (options) => Effect.flatMap(load, ({ forget }) => forget(options, id)))
  )).pipe(Command.withDescription("Forget a run that has ended, and all that is kept of it"))

/** `volley runs` */
export const runs = list.pipe(
  Command.withSubcommands([show, decide, cancel, forget]),
  Command.withDescription("List durable runs, show what they did, decide on calls that wait, cancel and forget"),
  Command.withExamples([
    { command: "volley runs --store runs.db", description: "List the runs of a file" },
    { command: "volley runs --store runs.db show order-17", description: "Show what one of them did" },
    { command: "volley runs --store runs.db decide KEY allow", description: "Allow a call that waits" }
  ])
)

const unusable = (message: string) => new UserError({ message, exitCode: 2 })
