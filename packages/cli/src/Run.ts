/**
 * `volley run`: a provider's response in, its result messages out, for programs of any kind.
 */
import * as AgentEvent from "@volley/core/AgentEvent"
import * as Batch from "@volley/core/Batch"
import * as ChatModel from "@volley/core/ChatModel"
import * as Conversation from "@volley/core/Conversation"
import * as Toolkit from "@volley/core/Toolkit"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as Approval from "./Approval.ts"
import * as McpServers from "./McpServers.ts"
import * as OpenApiDocument from "./OpenApiDocument.ts"
import * as RunFile from "./RunFile.ts"
import { Screen } from "./Screen.ts"
import * as StandardIo from "./StandardIo.ts"
import * as TimelineFile from "./TimelineFile.ts"
import * as ToolkitFile from "./ToolkitFile.ts"
import { UserError } from "./UserError.ts"
import * as Wires from "./Wires.ts"

/**
 * What to run.
 *
 * - `file`: a module whose default export is a toolkit, or `{ toolkit, layer }`
 * - `mcp`: commands that start MCP servers, or their URLs
 * - `openapi`: a document, with operations for tools; one of the three gives tools
 * - `echo`: the assistant turn stands before its results
 * - `stream`: the response is streamed, and read-only calls start while it comes in
 * - `record`: where what happens to the calls is recorded
 * - `approve`: who approves calls; no one where it is left out
 * - `timeline`: a file for a picture of the calls
 */
export interface Options {
  readonly wire: Wires.Wire
  readonly file: string | undefined
  readonly mcp: ReadonlyArray<string>
  readonly openapi: OpenApiDocument.Flags
  readonly echo: boolean
  readonly stream: boolean
  readonly approve: "all" | "ask" | undefined
  readonly timeline: string | undefined
  readonly record: string | undefined
  readonly batch: Batch.Options
}

/** Runs the calls of the response on standard input; prints a JSON array of messages, ready to append, and nothing else. */
export const run = Effect.fnUntraced(
  function*(options: Options): Effect.fn.Return<void, UserError, Screen | FileSystem.FileSystem> {
    if (options.timeline !== undefined) yield* TimelineFile.check(options.timeline)
    yield* StandardIo.reserve
    const json = options.stream ? undefined : yield* StandardIo.readJson
    const results = Effect.gen(function*() {
      const { finish, ...seen } = yield* watchedBy(options)
      const { settled, turn } = yield* options.stream ? settleStreamed(seen) : settleWhole(seen, json)
      const messages = options.echo ? turn.followUp(settled) : turn.results(settled)
      yield* Screen.use(({ print }) => print(`${JSON.stringify(messages)}\n`))
      yield* finish
    })
    // They are there before the servers end, however long that takes.
    yield* Effect.provide(Effect.scoped(results), Approval.layer("run", options.approve))
  }
)

/** Has the calls recorded and kept for their picture, where there are files for that. */
const watchedBy = Effect.fnUntraced(function*(options: Options) {
  const { record, timeline } = options
  if (record === undefined && timeline === undefined) return { ...options, finish: Effect.void }
  const write = record === undefined ? () => Effect.void : (yield* RunFile.open(record, "volley run")).write
  const events: Array<AgentEvent.AgentEvent> = []
  const onCall = (event: Batch.CallEvent) =>
    Effect.suspend(() => {
      const told = AgentEvent.encode(event)
      if (timeline !== undefined) events.push(told)
      return write(told)
    })
  const head = { volley: "run", version: 1, at: yield* Clock.currentTimeMillis, name: "volley run" } as const
  const draw = timeline === undefined
    ? Effect.void
    : Effect.suspend(() => TimelineFile.write(timeline, { head, events }))
  return { ...options, batch: { ...options.batch, onCall }, finish: draw }
})

const toolkitOf = Effect.fnUntraced(function*({ file, mcp, openapi }: Options) {
  const own: ToolkitFile.AnyToolkit = file === undefined ? Toolkit.make() : yield* ToolkitFile.load(file)
  return yield* McpServers.addTo(yield* OpenApiDocument.addTo(own, openapi), mcp)
})

const settleWhole = Effect.fnUntraced(function*(options: Options, json: unknown) {
  const turn = yield* turnOf(options, json)
  return { turn, settled: yield* Batch.run(yield* toolkitOf(options), turn.calls, options.batch) }
})

/** The provider's own client reads standard input, as if it were the answer to a request. */
const settleStreamed = Effect.fnUntraced(function*(options: Options) {
  const toolkit = yield* toolkitOf(options)
  const { layer } = yield* Effect.promise(options.wire.load)
  const { body, problem } = StandardIo.stream()
  const fetch = async () => new Response(body, { headers: { "content-type": "text/event-stream" } })
  const client = layer({
    model: options.wire.model,
    apiKey: Redacted.make("none"),
    maxRetries: 0,
    fetch,
    // Standard input has a limit of its own, and its writer may take their time.
    firstByte: "unbounded",
    idle: "unbounded",
    maxBytes: "unbounded"
  })
  const model = yield* Effect.provide(ChatModel.ChatModel, client)
  const whole = yield* Deferred.make<Wires.Turn, UserError>()
  const calls = model.stream({ conversation: Conversation.make("Whatever was asked.") }).pipe(
    Stream.tap((part) => part._tag === "Turn" ? Deferred.into(turnOf(options, part.response), whole) : Effect.void),
    Stream.filter((part) => part._tag === "Call"),
    Stream.map(({ call }) => call)
  )
  const { end, ...settled } = yield* Batch.dispatch(toolkit, calls, options.batch)
  yield* Effect.mapError(
    end,
    ({ reason }) =>
      problem() ?? unusableInput(
        `standard input is no whole stream: ${reason.message}${
          reason._tag === "Unreachable" || reason._tag === "UnusableResponse"
            ? "; a response in one piece goes without --stream"
            : ""
        }`
      )
  )
  return { turn: yield* Deferred.await(whole), settled }
})

const turnOf = Effect.fnUntraced(function*({ echo, wire }: Options, json: unknown) {
  const { read } = yield* Effect.promise(wire.load)
  const turn = read(json)
  if (Result.isFailure(turn)) return yield* noTurn(wire, json, turn.failure)
  const { calls, ids } = turn.success
  const renamed = calls.length !== ids.length || calls.some(({ id }, index) => id !== ids[index])
  if (!renamed || echo) return turn.success
  return yield* unusable(
    "the calls have repeated or missing ids, so that results alone could not be accepted; add --echo, and append what it " +
      "prints in place of the assistant turn that you have"
  )
})

const noTurn = Effect.fnUntraced(function*(wire: Wires.Wire, json: unknown, problem: string) {
  const codecs = yield* Effect.forEach(
    Wires.all,
    ({ load, name }) => Effect.map(Effect.promise(load), ({ read }) => ({ name, read }))
  )
  const other = codecs.find(({ read }) => Result.isSuccess(read(json)))
  const hint = other === undefined
    ? kindOf(json) ?? problem
    : `it is one of ${other.name}: use --provider ${other.name}`
  return yield* unusable(`standard input is no response of ${wire.name}, nor an assistant message of one: ${hint}`)
})

const kindOf = (json: unknown): string | undefined => {
  if (typeof json !== "object" || json === null) return `it is ${JSON.stringify(json).slice(0, 40)}`
  if ("error" in json) return `it is an error of the provider: ${JSON.stringify(json.error).slice(0, 200)}`
  return "messages" in json ? "it is a request; pipe in what the provider answered" : undefined
}

const unusableInput = (message: string) => new UserError({ message, exitCode: 2 })

const unusable = (message: string) => Effect.fail(unusableInput(message))
