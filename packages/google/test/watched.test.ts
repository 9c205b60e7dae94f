import { assert, describe, it } from "@effect/vitest"
import { watched } from "../src/internal/watched.ts"

async function* noEvents(): AsyncGenerator<unknown> {}

/** What an SDK reads of a stream that comes in these pieces. */
const readOf = async (pieces: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const read: Array<string> = []
  await streamOf(pieces, read)
  return read
}

/** The same, noted; gives what is seen besides that. */
const streamOf = async (pieces: ReadonlyArray<string>, read: Array<string>) => {
  const left = pieces.map((piece) => new TextEncoder().encode(piece))
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => {
      const piece = left.shift()
      if (piece === undefined) controller.close()
      else controller.enqueue(piece)
    }
  })
  const fetch = async () => new Response(body, { headers: { "content-type": "text/event-stream" } })
  const client = watched({
    models: {
      generateContent: () => Promise.reject(new Error("not asked")),
      generateContentStream: async ({ config }) => {
        const response = await config?.httpOptions?.fetch?.("http://gemini.test")
        for await (const bytes of response?.body ?? []) read.push(new TextDecoder().decode(bytes))
        return noEvents()
      }
    }
  }, () => fetch)
  return client.models.generateContentStream({ model: "m", contents: [] })
}

describe("a stream that is watched", () => {
  it("comes as whole events, in however many pieces they are", async () => {
    const events = ["data: {\"text\":\"", "x".repeat(1000), "\"}\r\n\r\n", "data: {}\n\ndata: {}\n\nda", "ta: {}"]
    const letters = events.flatMap((text) => text.split(""))
    for (const pieces of [events, letters]) {
      const read = await readOf(pieces)
      assert.strictEqual(read.join(""), `${events.join("").replaceAll("\r\n", "\n")}\n\n`)
      assert.isAtMost(read.length, 6)
    }
  })

  it.each([
    ["data of one line", "data: {\"error\":{\"code\":503}}\n\n"],
    ["data of two lines", "data: {\"error\":\ndata: {\"code\":503}}\n\n"],
    ["no event, in lines of its own", "{\n  \"error\": {\n    \"code\": 503\n  }\n}\n"],
    ["the last thing in it", "data: {}\n\ndata: {\"error\":{\"code\":503}}"]
  ])("has an error seen that is %s", async (_, text) => {
    for (const pieces of [[text], text.split("")]) {
      const seen: Array<unknown> = []
      for await (const event of await streamOf(pieces, [])) seen.push(event)
      assert.deepStrictEqual(seen, [{ error: { code: 503 } }])
    }
  })

  it.each([
    ["one that is cut off stays so", "data: {}\n\ndata: {\"a\":", "data: {}\n\ndata: {\"a\":"],
    ["one of nothing is left out", "data:\n\ndata: {}\n\ndata: [DONE]\n\n", "data: {}\n\n"],
    ["one with a name has none", "event: message_start\ndata: {}\n\n", "data: {}\n\n"],
    ["an error in their place is one", "{\"error\":{}}", "data: {\"error\":{}}\n\n"]
  ])("has its events as the SDK reads them: %s", async (_, text, expected) => {
    for (const pieces of [[text], text.split("")]) assert.strictEqual((await readOf(pieces)).join(""), expected)
  })
})
