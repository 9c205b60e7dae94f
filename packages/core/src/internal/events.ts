import { makeParser } from "effect/encoding/Sse"
import * as Result from "effect/Result"
import * as Json from "../Json.ts"

/**
 * A server-sent event.
 *
 * - `name`: undefined where it is `message`, as it is where a server says none
 * - `data`: in one line, and never empty
 * - `isDone`: it only says `[DONE]`, as the last one does on some wires
 * - `isCut`: the body ended within it, and its data is no whole JSON
 */
export interface ServerEvent {
  readonly name: string | undefined
  readonly data: string
  readonly isDone: boolean
  readonly isCut: boolean
}

type Bytes = Uint8Array<ArrayBuffer>
type Change = (event: ServerEvent) => ServerEvent | undefined

/** Reads the events of a body as they are wanted, and writes what `change` makes of each, those of a piece together. */
export const changed = (body: ReadableStream<Bytes>, change: Change): ReadableStream<Bytes> => {
  const reader = body.getReader()
  const [decoder, bytesOf] = [new TextDecoder(), new TextEncoder()]
  const rewritten = rewriting(change)
  return new ReadableStream({
    pull: async (controller) => {
      for (let text = ""; text === "";) {
        const { done, value } = await reader.read()
        text = rewritten(decoder.decode(value, { stream: !done }), done)
        if (text !== "") controller.enqueue(bytesOf.encode(text))
        if (done) return controller.close()
      }
    },
    cancel: (reason) => reader.cancel(reason)
  }, { highWaterMark: 0 })
}

/** Takes the text of a body piece by piece, and gives that of the events that are whole by then. */
const rewriting = (change: Change) => {
  let isJson: boolean | undefined
  let isOver = false
  let written = ""
  const parser = makeParser((read) => {
    if (read._tag === "Retry") return
    const data = read.data.replaceAll("\n", " ").trim()
    if (data === "") return
    const isDone = data === "[DONE]"
    const whole = isOver && !isDone ? Json.parse(data, Json.ofResponse) : Result.succeed(undefined)
    const isCut = Result.isFailure(whole)
    // An answer in one piece is no stream.
    if (isJson && !isCut && !saysError(whole.success)) return
    const event = change({ name: read.event === "message" ? undefined : read.event, data, isDone, isCut })
    if (event === undefined) return
    if (event.name !== undefined) written += `event: ${event.name}\n`
    written += `data: ${event.data}${isCut ? "" : "\n\n"}`
  }, { maxEventSize: Infinity })
  const feed = (piece: string): void => {
    const text = isJson === undefined ? piece.trimStart() : piece
    if (text === "") return
    if (isJson === undefined) {
      isJson = /^[[{]/.test(text)
      if (isJson) parser.feed("data:")
    }
    parser.feed(isJson ? text.replaceAll(/[\r\n]/g, " ") : text)
  }
  return (piece: string, isLast: boolean): string => {
    written = ""
    feed(piece)
    isOver = isLast
    if (isLast) parser.feed("\n\n")
    return written
  }
}

/** Some servers put an error into a list. */
const saysError = (json: unknown): boolean =>
  Array.isArray(json) ? json.some(saysError) : Json.isObject(json) && Boolean(json["error"])
