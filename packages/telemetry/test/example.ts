/** Runs in virtual time, for tests and pictures: they come out the same wherever they are played. */
import { Access, Agent, AgentEvent, Approver, Limits, Plan, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Fiber, Layer, Logger, Schedule, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Run } from "../src/Run.ts"

class NoRoom extends Schema.TaggedError<NoRoom>()("NoRoom", { hotel: Schema.String }) {}

const parameters = Schema.Struct({ ms: Schema.Finite, what: Schema.String })
const after = ({ ms, what }: typeof parameters.Type) => Effect.as(Effect.sleep(ms), what)
const reading = { description: "Reads.", parameters, success: Schema.String, readOnly: true, execute: after } as const
const look = Tool.make("search_flights", reading)
const slow = Tool.make("check_visa_rules", { ...reading, timeout: "900 millis" })
const limited = Tool.make("get_exchange_rate", { ...reading, limits: [Limits.concurrency(1)] })
const weather = Tool.hedge("300 millis")(Tool.make("get_weather", reading))
const hotels = Tool.make("search_hotels", {
  ...reading,
  failure: NoRoom,
  execute: ({ ms, what }, { attempt }) =>
    Effect.delay(attempt === 1 || what === "Rome" ? new NoRoom({ hotel: what }) : Effect.succeed(what), ms)
})
const reserve = Tool.make("reserve_seat", {
  description: "Writes.",
  parameters,
  success: Schema.String,
  access: ({ what }) => [Access.write(what)],
  execute: after
})
const pay = Tool.make("pay_deposit", {
  description: "Pays.",
  parameters,
  success: Schema.String,
  approval: "always",
  execute: after
})
const compare = Tool.make("compare_offers", reading)
const tools = Toolkit.make(look, slow, limited, weather, hotels, reserve, pay, compare)
const guide = Agent.asTool("ask_local_guide", { description: "Knows the place.", toolkit: Toolkit.make(weather, look) })
const toolkit = Toolkit.merge(tools, Toolkit.make(Plan.tool(tools), guide))

const asks = (name: string, ms: number, what: string) => ({ name, arguments: { ms, what } })
const approver = Layer.succeed(Approver.Approver, {
  decide: () => Effect.delay(Effect.succeed("allowed" as const), "700 millis")
})

const play = (
  script: ScriptedModel.Script,
  name: string,
  concurrency?: number
): Effect.Effect<Run> =>
  Effect.gen(function*() {
    const agent = Agent.stream({
      toolkit,
      prompt: "Plan a trip.",
      maxRounds: 100,
      batch: { ...(concurrency !== undefined && { concurrency }), retry: Schedule.recurs(1) }
    })
    const told = Stream.runCollect(Stream.map(agent, AgentEvent.encode))
    const fiber = yield* Effect.forkChild(told, { startImmediately: true })
    yield* TestClock.adjust("1 day")
    return { head: { volley: "run" as const, version: 1 as const, at: 0, name }, events: yield* Fiber.join(fiber) }
  }).pipe(
    Effect.provide(Layer.mergeAll(ScriptedModel.layer(script), approver, Logger.layer([]), TestClock.layer())),
    Effect.orDie
  )

const turn = (latency: number, ...calls: ReadonlyArray<ScriptedModel.Wanted>) =>
  ScriptedModel.paced({ ...ScriptedModel.calls(...calls), model: "gpt-4.1" }, { latency })
const answer = (latency: number) =>
  ScriptedModel.paced({ ...ScriptedModel.says("The trip is planned."), model: "gpt-4.1" }, { latency })

/** Three calls, all at once. */
export const small = play([
  turn(
    820,
    asks("search_flights", 240, "Rome"),
    asks("search_flights", 410, "Kyoto"),
    asks("compare_offers", 320, "both")
  ),
  answer(640)
], "three calls")

const plan = {
  name: "plan",
  arguments: {
    steps: [
      { id: "out", tool: "search_flights", arguments: { ms: 260, what: "out" } },
      { id: "back", tool: "search_flights", arguments: { ms: 340, what: "back" } },
      { id: "best", tool: "compare_offers", arguments: { ms: 210, what: { $ref: "back" } } }
    ]
  }
}

/** All that can happen, in some thirty calls. */
export const trip = play(
  [
    turn(
      900,
      ...["Rome", "Kyoto", "Lisbon"].map((what, n) => asks("search_flights", 380 + n * 130, what)),
      ...["Rome", "Kyoto"].map((what) => asks("search_hotels", 290, what)),
      asks("check_visa_rules", 5000, "JP"),
      asks("get_weather", 520, "Kyoto"),
      ...["EUR", "JPY", "CHF"].map((what) => asks("get_exchange_rate", 180, what)),
      { name: "no_such_tool", arguments: {} }
    ),
    turn(760, plan, { name: "ask_local_guide", arguments: { task: "Is it warm?" } }),
    turn(420, asks("get_weather", 210, "now"), asks("search_flights", 190, "near")),
    ScriptedModel.paced(ScriptedModel.says("It is warm."), { latency: 380 }),
    turn(
      680,
      asks("reserve_seat", 310, "A"),
      asks("reserve_seat", 260, "A"),
      asks("reserve_seat", 420, "B"),
      asks("reserve_seat", 180, "A"),
      asks("pay_deposit", 240, "all"),
      ...[1, 2, 3, 4, 5, 6, 7].map((n) => asks("compare_offers", 90 * n, String(n)))
    ),
    answer(710)
  ],
  "a trip to Kyoto",
  6
)

const names = [
  "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamter",
  "rechtsschutzversicherungsgesellschaften_mit_beschraenkter_haftung_suchen"
]

/** Tools with names as long as a wire takes, and ids that are longer. */
export const long = play([
  turn(
    700,
    ...names.map((name, n) => ({
      id: `call_${"0123456789abcdef".repeat(4)}_${n}`,
      name: name.slice(0, 64),
      arguments: {}
    })),
    { ...asks("search_flights", 300, "x"), id: "id-".repeat(30) }
  ),
  answer(400)
], names.join(" "))

/** Many calls: each turn has sixty. */
export const large = (calls: number) =>
  play(
    [
      ...Array.from({ length: Math.ceil(calls / 60) }, (_, round) =>
        turn(
          600 + round % 7 * 90,
          ...Array.from({ length: Math.min(60, calls - round * 60) }, (_, n) =>
            n % 9 === 0
              ? asks("reserve_seat", 40 + n * 7 % 230, String(n % 5))
              : n % 31 === 7
              ? asks("check_visa_rules", 4000, "x")
              : asks("search_flights", 60 + n * 37 % 400, String(n)))
        )),
      answer(500)
    ],
    "many calls",
    24
  )
