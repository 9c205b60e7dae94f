/**
 * What an editor shows of a name, by the compiler's own language server.
 */
import { spawn } from "node:child_process"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

const root = dirname(import.meta.dirname)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

/** A message of the protocol, whole, and what comes behind it; undefined while there is none. */
const split = (bytes: Buffer): { readonly message: unknown; readonly rest: Buffer } | undefined => {
  const head = bytes.indexOf("\r\n\r\n")
  const length = Number(/Content-Length: (\d+)/i.exec(bytes.subarray(0, Math.max(head, 0)).toString())?.[1])
  const end = head + 4 + length
  if (head < 0 || bytes.length < end) return undefined
  return { message: JSON.parse(bytes.subarray(head + 4, end).toString()), rest: bytes.subarray(end) }
}

/** Hovers over the first character of each line that is asked for; the text of a file need not be on disk. */
export const hovers = async (
  file: string,
  text: string,
  places: ReadonlyArray<{ readonly line: number; readonly character: number }>
): Promise<ReadonlyArray<string>> => {
  const server = spawn(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--lsp", "--stdio"], {
    stdio: ["pipe", "pipe", "ignore"]
  })
  const waiting = new Map<unknown, (result: unknown) => void>()
  const send = (message: object): void => {
    const json = JSON.stringify({ jsonrpc: "2.0", ...message })
    server.stdin.write(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`)
  }
  const receive = (message: unknown): void => {
    if (!isRecord(message) || message["id"] === undefined) return
    if (message["method"] === undefined) waiting.get(message["id"])?.(message["result"])
    else send({ id: message["id"], result: null })
  }
  let bytes = Buffer.alloc(0)
  server.stdout.on("data", (more: Buffer) => {
    bytes = Buffer.concat([bytes, more])
    for (let next = split(bytes); next !== undefined; next = split(bytes)) {
      bytes = Buffer.from(next.rest)
      receive(next.message)
    }
  })
  const ask = (method: string, params: object): Promise<unknown> => {
    const id = waiting.size + 1
    const answer = Promise.withResolvers<unknown>()
    waiting.set(id, answer.resolve)
    send({ id, method, params })
    return answer.promise
  }
  const uri = pathToFileURL(file).href
  const hover = async (position: object): Promise<string> => {
    const result = await ask("textDocument/hover", { textDocument: { uri }, position })
    const contents = isRecord(result) ? result["contents"] : undefined
    return isRecord(contents) ? String(contents["value"]) : ""
  }
  try {
    await ask("initialize", { processId: process.pid, rootUri: pathToFileURL(root).href, capabilities: {} })
    send({ method: "initialized", params: {} })
    send({
      method: "textDocument/didOpen",
      params: { textDocument: { uri, languageId: "typescript", version: 1, text } }
    })
    return await Promise.all(places.map(hover))
  } finally {
    server.kill()
  }
}
