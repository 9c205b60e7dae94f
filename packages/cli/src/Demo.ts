/**
 * `volley demo`: the main job end to end, on real SDKs over real HTTP.
 */
import * as ChatModel from "@volley/core/ChatModel"
import type { Scenario } from "@volley/simulator/Scenario"
import * as Simulator from "@volley/simulator/Simulator"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Approval from "./Approval.ts"
import * as Live from "./Live.ts"
import * as McpServers from "./McpServers.ts"
import * as OpenApiDocument from "./OpenApiDocument.ts"
import * as Picture from "./Picture.ts"
import { type Needs, play, type Progress } from "./Play.ts"
import * as Report from "./Report.ts"
import * as RunFile from "./RunFile.ts"
import { Screen, visible } from "./Screen.ts"
import * as Simulate from "./Simulate.ts"
import * as TimelineFile from "./TimelineFile.ts"
import { UserError } from "./UserError.ts"
import type { Wire } from "./Wires.ts"

/**
 * What to play.
 *
 * - `baseUrl`, `live`: another server, which needs a key; the embedded simulator otherwise
 * - `mcp`: commands that start MCP servers, or their URLs; a model is offered their tools besides the scenario's
 * - `openapi`: a document, whose operations it is offered as well
 * - `approve`: who approves calls; no one where it is left out
 * - `stream`: the model's turns are streamed, and read-only calls start while they are
 * - `timeline`: a file for a picture of the first wire, parallel where that is played
 * - `record`: where the agents are recorded, each in a file of its own: the wire and the side stand before the extension
 * - `latency`: how long the simulator's model takes before a turn; where it streams, each call takes it a fifth of a second
 */
export interface Options {
  readonly scenario: Scenario
  readonly wires: ReadonlyArray<Wire>
  readonly sides: ReadonlyArray<"serial" | "parallel">
  readonly model: string | undefined
  readonly baseUrl: string | undefined
  readonly live: boolean
  readonly mcp: ReadonlyArray<string>
  readonly openapi: OpenApiDocument.Flags
  readonly approve: "all" | "ask" | undefined
  readonly stream: boolean
  readonly latency: Duration.Input
  readonly json: boolean
  readonly timeline: string | undefined
  readonly record: string | undefined
}

/** Plays every side of every wire at the same time, and prints what happened. */
export const run = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<void, UserError, Needs | Screen> {
  if (options.timeline !== undefined) yield* TimelineFile.check(options.timeline)
  yield* Effect.forEach(options.wires, (wire) => isRemote(options) ? keyOf(wire) : Effect.void, { discard: true })
  const plays = yield* Effect.scoped(playAll(options)).pipe(Effect.provide(Approval.layer("demo", options.approve)))
  yield* Screen.use(({ page, paint, print }) =>
    options.json ? print(`${JSON.stringify(plays.map(Report.make), undefined, 2)}\n`) : paint(Picture.draw(plays, page))
  )
  const shown = plays[0]?.parallel ?? plays[0]?.serial
  if (options.timeline !== undefined && shown !== undefined) {
    const name = `${options.scenario.name}, ${shown.run.head.name} on ${plays[0]?.wire}`
    yield* TimelineFile.write(options.timeline, { ...shown.run, head: { ...shown.run.head, name } })
  }
})

const playAll = Effect.fnUntraced(function*({ scenario, ...options }: Options) {
  const toolkit = yield* McpServers.addTo(yield* OpenApiDocument.addTo(scenario.toolkit, options.openapi), options.mcp)
  const added = toolkit.tools.slice(scenario.toolkit.tools.length).map(({ name }) => name)
  const wires = options.wires.map(({ name }) => name).join(" and ")
  yield* Console.error(`Playing ${scenario.name} on ${wires}, ${options.sides.join(" and ")} …`)
  if (added.length > 0) yield* Console.error(`Tools besides those of the scenario: ${added.map(visible).join(", ")}`)
  const offered = { ...options, scenario: { ...scenario, toolkit } }
  const show = yield* Live.make((yield* Screen).terminal)
  return yield* Effect.forEach(options.wires, (wire) => playWire(offered, wire, show), { concurrency: "unbounded" })
})

const playWire = Effect.fnUntraced(function*(
  options: Options,
  wire: Wire,
  show: (name: string, progress: Progress) => Effect.Effect<void>
): Effect.fn.Return<Report.Plays, UserError, Needs> {
  const side = (name: "serial" | "parallel") =>
    options.sides.includes(name) && (name === "parallel" || wire.hasParallelSwitch)
      ? play(
        options.scenario,
        { serial: name === "serial", streaming: options.stream },
        (progress) => wire === options.wires[0] ? show(name, progress) : Effect.void
      ).pipe(
        Effect.provide([modelOf(options, wire), recordingOf(options, wire, name)]),
        Effect.catchTag(["ChatModelError", "AgentError"], ({ message }) => new UserError({ message, exitCode: 1 }))
      )
      : Effect.undefined
  const [serial, parallel] = yield* Effect.all([side("serial"), side("parallel")], { concurrency: 2 })
  return { scenario: options.scenario.name, wire: wire.name, serial, parallel }
})

const recordingOf = ({ record, scenario, sides, wires }: Options, wire: Wire, side: string) =>
  RunFile.layer(
    record === undefined || wires.length * sides.length === 1 ? record : RunFile.marked(record, `${wire.name}.${side}`),
    `${scenario.name} on ${wire.name}, ${side}`
  )

const modelOf = (options: Options, wire: Wire): Layer.Layer<ChatModel.ChatModel, UserError> =>
  Layer.unwrap(isRemote(options) ? remote(options, wire) : embedded(options, wire))

const isRemote = ({ baseUrl, live }: Options): boolean => live || baseUrl !== undefined

const remote = (options: Options, wire: Wire) =>
  Effect.flatMap(keyOf(wire), (apiKey) => layerOf(options, wire, apiKey, options.baseUrl))

const layerOf = (options: Options, wire: Wire, apiKey: Redacted.Redacted<string>, baseUrl: string | undefined) =>
  Effect.map(Effect.promise(wire.load), ({ layer }) => layer({ model: options.model ?? wire.model, apiKey, baseUrl }))

const keyOf = ({ key, name }: Wire): Effect.Effect<Redacted.Redacted<string>, UserError> =>
  Effect.mapError(Effect.suspend(() => Config.Redacted(key)), () =>
    new UserError({
      message: `${key} is not set: --live and --base-url need the key of ${name}, and a local server takes any text`,
      exitCode: 2
    }))

const embedded = (options: Options, wire: Wire) =>
  Simulator.serve({
    script: () => options.scenario.script,
    latency: options.latency,
    pace: options.stream ? () => Simulate.pace : undefined
  }).pipe(
    Effect.mapError(({ message }) => new UserError({ message, exitCode: 1 })),
    Effect.flatMap((server) => layerOf(options, wire, Redacted.make("simulated"), server[wire.server]))
  )
