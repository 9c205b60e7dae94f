/**
 * `volley run`: a provider's response in, its result messages out, for programs of any kind.
 */
import * as Batch from "@volley/core/Batch"
import type * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { Console } from "node:console"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { UserError } from "./UserError.ts"
import * as Wires from "./Wires.ts"

/**
 * What to run.
 *
 * - `file`: a module whose default export is a toolkit, or `{ toolkit, layer }`
 * - `echo`: the assistant turn stands before its results
 */
export interface Options {
  readonly wire: Wires.Wire
  readonly file: string
  readonly echo: boolean
  readonly batch: Batch.Options
}

/** Runs the calls of the response on standard input; prints a JSON array of messages, ready to append, and nothing else. */
export const run = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<void, UserError> {
  yield* printToStandardError
  const turn = yield* readTurn(options)
  const toolkit = yield* loadToolkit(options.file)
  const settled = yield* Batch.run(toolkit, turn.calls, options.batch)
  const messages = options.echo ? turn.followUp(settled) : turn.results(settled)
  yield* write(`${JSON.stringify(messages)}\n`)
})

/** What tools print must not stand among the messages. */
const printToStandardError = Effect.sync(() => {
  globalThis.console = new Console(process.stderr)
})

const unusable = (message: string) => new UserError({ message, exitCode: 2 })

const readTurn = Effect.fnUntraced(function*({ echo, wire }: Options) {
  const json = yield* parseJson(yield* readInput)
  const turn = wire.read(json)
  if (Result.isFailure(turn)) return yield* unusable(noTurn(wire, json, turn.failure))
  const { calls, ids } = turn.success
  if (!echo && calls.some(({ id }, index) => id !== ids[index]) || !echo && calls.length !== ids.length) {
    return yield* unusable(
      "the calls have repeated or missing ids, so that results alone could not be accepted; --echo prints the assistant " +
        "turn with ids of its own"
    )
  }
  return turn.success
})

const noTurn = (wire: Wires.Wire, json: unknown, problem: string): string => {
  const other = Wires.all.find(({ read }) => Result.isSuccess(read(json)))
  const hint = other === undefined ? problem.replaceAll(/\s*\n\s*/g, " ") : `it is one of ${other.name}`
  return `standard input is no response of ${wire.name}, nor an assistant message of one: ${hint}`
}

const maxBytes = 64 * 1024 * 1024

const readInput = Effect.tryPromise({
  try: async () => {
    const chunks: Array<Buffer> = []
    let bytes = 0
    for await (const chunk of process.stdin) {
      chunks.push(Buffer.from(chunk))
      bytes += chunks.at(-1)?.length ?? 0
      if (bytes > maxBytes) throw new Error(`standard input has more than ${maxBytes} bytes`)
    }
    return Buffer.concat(chunks).toString("utf8")
  },
  catch: (error) => unusable(error instanceof Error ? error.message : String(error))
})

const parseJson = (text: string): Effect.Effect<unknown, UserError> =>
  text.trim() === ""
    ? unusable("standard input is empty; it takes a response as JSON")
    : Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: (error) =>
        unusable(`standard input is not JSON: ${error instanceof Error ? error.message : String(error)}`)
    })

type AnyToolkit = Toolkit.Toolkit<Tool.Tool<string, Tool.Any["parameters"], Tool.Any["success"], Tool.Any["failure"]>>

const loadToolkit = Effect.fnUntraced(function*(file: string): Effect.fn.Return<AnyToolkit, UserError> {
  const module: unknown = yield* Effect.tryPromise({
    try: () => import(pathToFileURL(resolve(file)).href),
    catch: (error) =>
      unusable(`cannot load the toolkit ${file}: ${error instanceof Error ? error.message : String(error)}`)
  })
  const exported = get(module, "default")
  if (isToolkit(exported)) return exported
  const toolkit = get(exported, "toolkit")
  const layer = get(exported, "layer")
  if (isToolkit(toolkit) && isLayer(layer)) return Toolkit.provide(toolkit, layer)
  return yield* unusable(
    `${file} has no toolkit: its default export must be what Toolkit.make gives, or { toolkit, layer } where tools need services`
  )
})

const get = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined

const isToolkit = (value: unknown): value is AnyToolkit =>
  Array.isArray(get(value, "tools")) && get(value, "byName") instanceof Map

/** Nobody can know what the layer of a file gives; a tool that lacks a service crashes, and says which. */
const isLayer = (value: unknown): value is Layer.Layer<never> => Layer.isLayer(value)

/** Waits until the text is written, since the process ends right after. */
const write = (text: string): Effect.Effect<void> =>
  Effect.callback((resume) => {
    process.stdout.write(text, () => resume(Effect.void))
  })
