/**
 * The lines of a stream of bytes, one of which may be too long to keep.
 */

/** A line; of one that is too long, only its first and its last bytes. */
export type Line = { readonly text: string } | { readonly head: string; readonly tail: string }

/** How many bytes are kept of both ends of a line that is too long: there is its id. */
const kept = 4096

/** Makes what takes bytes as they come and gives the lines that end in them; keeps at most `most` bytes of a line. */
export const make = (most: number): (chunk: Uint8Array) => ReadonlyArray<Line> => {
  let parts: Array<Uint8Array> = []
  let bytes = 0
  let head: string | undefined
  const add = (part: Uint8Array) => {
    parts.push(part)
    bytes += part.length
    if (bytes <= (head === undefined ? most : 16 * kept)) return
    const whole = Buffer.concat(parts)
    head ??= whole.toString("utf8", 0, kept)
    parts = [Buffer.from(whole.subarray(-kept))]
    bytes = kept
  }
  const end = (): Line => {
    const whole = Buffer.concat(parts)
    const line = head === undefined ? { text: whole.toString() } : { head, tail: whole.subarray(-kept).toString() }
    parts = []
    bytes = 0
    head = undefined
    return line
  }
  return (chunk) => {
    const lines: Array<Line> = []
    let from = 0
    for (let to = chunk.indexOf(10); to !== -1; to = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, to))
      lines.push(end())
      from = to + 1
    }
    if (from < chunk.length) add(chunk.subarray(from))
    return lines
  }
}

/**
 * The id of the request that a JSON-RPC answer is to, from the two ends of the answer.
 *
 * - `"none"` where it is no answer but something that the server says of itself
 * - servers write the id at one of the ends, where a result that is well-formed JSON cannot look like it; `undefined` where not
 */
export const answered = (head: string, tail: string): number | "none" | undefined => {
  if (said.test(head)) return "none"
  const [, id] = first.exec(head) ?? last.exec(tail) ?? []
  return id === undefined ? undefined : Number(id)
}

// Two ends of 4 KiB is all that these ever see.
const said = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?(?:"id"\s*:[^,]+,\s*)?"method"/
const first = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d+)\s*,/
const last = /,\s*"id"\s*:\s*(\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/
