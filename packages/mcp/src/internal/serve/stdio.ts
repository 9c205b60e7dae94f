import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio"
import * as Effect from "effect/Effect"
import { Console } from "node:console"
import process from "node:process"
import { type Readable, Writable } from "node:stream"
import type { Factory } from "./factory.ts"

/** Where the protocol is spoken; the process's own standard input and output where it is left out. */
export interface Streams {
  readonly input: Readable
  readonly output: Writable
}

/** Speaks to the one client that there is, until it is gone. */
export const untilGone = (factory: Factory, streams: Streams | undefined): Effect.Effect<void> =>
  Effect.scoped(Effect.flatMap(
    streams === undefined
      ? Effect.map(reserved, (output) => ({ input: process.stdin, output }))
      : Effect.succeed(streams),
    ({ input, output }) =>
      Effect.callback<void>((resume) => {
        const transport = new Wire(input, output, () => resume(Effect.void))
        const server = serveStdio(factory, { transport })
        return Effect.promise(() => server.close())
      })
  ))

/** The SDK's transport, which ends with its input. */
class Wire extends StdioServerTransport {
  readonly #gone: () => void

  constructor(input: Readable, output: Writable, gone: () => void) {
    super(input, output)
    this.#gone = gone
  }

  override async close(): Promise<void> {
    await super.close()
    this.#gone()
  }
}

/** Keeps standard output for the protocol: what tools print and log goes to standard error, by whatever means. */
const reserved = Effect.acquireRelease(
  Effect.sync(() => {
    const { console } = globalThis
    const { write } = process.stdout
    process.stdout.write = process.stderr.write.bind(process.stderr)
    globalThis.console = new Console(process.stderr)
    const output = new Writable({
      decodeStrings: false,
      write: (chunk, encoding, done) => void write.call(process.stdout, chunk, encoding, done)
    })
    const fail = (error: Error) => output.destroy(error)
    process.stdout.on("error", fail)
    const restore = () => {
      process.stdout.off("error", fail)
      process.stdout.write = write
      globalThis.console = console
    }
    return { output, restore }
  }),
  ({ restore }) => Effect.sync(restore)
).pipe(Effect.map(({ output }) => output))
