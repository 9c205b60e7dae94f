/**
 * Standard input and output of a command whose output is for a program to read.
 */
import * as Json from "@volley/core/Json"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { UserError } from "./UserError.ts"

/**
 * Keeps standard output for the result, and the process alive until it is there.
 *
 * - what tools print goes to standard error, by whatever means they print it
 * - a rejected promise that a tool has dropped is reported there too, and ends nothing
 */
export const reserve: Effect.Effect<void> = Effect.sync(() => {
  process.stdout.write = process.stderr.write.bind(process.stderr)
  process.on("uncaughtException", (error) => console.error("A tool left this behind:", error))
})

/**
 * Standard input as it comes, read no faster than it is used.
 *
 * - `problem`: what is wrong with it, as far as it was read
 */
export const stream = (
  input: AsyncIterable<Uint8Array | string> = process.stdin
): {
  readonly body: ReadableStream<Uint8Array>
  readonly problem: () => UserError | undefined
} => {
  const chunks = chunksOf(input)
  let problem: UserError | undefined
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    try {
      const { done, value } = await chunks.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    } catch (error) {
      problem = unusable(messageOf(error))
      throw error
    }
  }
  return { body: new ReadableStream({ pull }, { highWaterMark: 0 }), problem: () => problem }
}

const maxBytes = 64 * 1024 * 1024

/** Reads standard input as JSON. */
export const readJson: Effect.Effect<unknown, UserError> = Effect.suspend(() =>
  Effect.flatMap(readBytes, (bytes) => Effect.fromResult(jsonOf(bytes)))
)

/** Takes bytes for JSON, or says what is wrong with them. */
export const jsonOf = (bytes: Uint8Array): Result.Result<unknown, UserError> => {
  const text = Result.try(() => utf8.decode(bytes).trim())
  if (Result.isFailure(text)) return Result.fail(unusable("standard input is no text in UTF-8"))
  if (text.success === "") return Result.fail(unusable("standard input is empty; it takes a response as JSON"))
  return Result.mapError(
    Json.parse(text.success, Json.ofResponse),
    (problem) => unusable(`standard input is not JSON: ${problem}`)
  )
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

const readBytes = Effect.tryPromise({
  try: async () => {
    const chunks: Array<Uint8Array> = []
    for await (const chunk of chunksOf(process.stdin)) chunks.push(chunk)
    return Buffer.concat(chunks)
  },
  catch: (error) => unusable(messageOf(error))
})

async function* chunksOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let bytes = 0
  for await (const chunk of input) {
    const part = new Uint8Array(Buffer.from(chunk))
    bytes += part.length
    if (bytes > maxBytes) throw new Error(`standard input has more than ${maxBytes} bytes`)
    yield part
  }
}

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

const unusable = (message: string) => new UserError({ message, exitCode: 2 })
