/**
 * What it costs to make tools of a document, in milliseconds and bytes, beside validating it:
 *
 *     node --expose-gc cost.ts DOCUMENT FOLDER
 *
 * FOLDER has the parser installed. Prints JSON. The memory is what stays while the tools are there, the document apart; the
 * time is the least of five, which take turns.
 */
import * as OpenApi from "@volley/openapi/OpenApi"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

const [file = "", folder = ""] = process.argv.slice(2)
const text = readFileSync(file, "utf8")

const heap = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await work()
  return performance.now() - began
}

const make = (document: unknown) =>
  Effect.runPromise(
    Effect.provide(OpenApi.toolkit(document, { maxTools: 10_000 }), FetchHttpClient.layer)
  )

const { validate } = await import(pathToFileURL(join(folder, "node_modules/@readme/openapi-parser/dist/index.js")).href)

const empty = heap()
const document = JSON.parse(text)
const withDocument = heap()
const tools = await make(document)
const withTools = heap()
const times: Array<readonly [making: number, validating: number]> = []
for (let n = 0; n < 5; n++) {
  times.push([
    await timed(() => make(document)),
    await timed(() => validate(JSON.parse(text)))
  ])
}
console.log(JSON.stringify({
  making: Math.min(...times.map(([making]) => making)),
  validating: Math.min(...times.map(([, validating]) => validating)),
  parsed: withDocument - empty,
  memory: withTools - withDocument,
  tools: tools.toolkit.tools.length
}))
