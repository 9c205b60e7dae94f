/**
 * What a loop of one's own gives to the codecs by mistake, and Layers that lack something, in plain JavaScript.
 */
import { assert, describe, it } from "@effect/vitest"
import { AnthropicMessages } from "@volley/anthropic"
import { Agent, Batch, Toolkit } from "@volley/core"
import { GeminiContent } from "@volley/google"
import { OpenAiChat, OpenAiResponses } from "@volley/openai"

/** The functions of a codec, whatever they are given. */
interface Codec {
  readonly tools: (toolkit: never) => unknown
  readonly toolCalls: (response: never) => unknown
  readonly results: (settled: never) => unknown
  readonly followUp: (response: never, settled: never) => unknown
  readonly layer: (options: never) => unknown
}

const codecs: ReadonlyArray<readonly [name: string, codec: Codec]> = Object.entries({
  OpenAiChat,
  OpenAiResponses,
  AnthropicMessages,
  GeminiContent
})

async function* events() {
  yield {}
}

const later: unknown = Promise.resolve({})
const toolkit = Toolkit.make()
const batch: unknown = Batch.runPromise(toolkit, [])
const none: unknown = {}

describe("a codec", () => {
  it.each(codecs)("says where an await is missing: %s", (name, codec) => {
    const response = (where: string) => `${name}.${where}: the response is a promise: write \`await\` before it.`
    assert.throws(() => codec.toolCalls(later as never), response("toolCalls"))
    assert.throws(() => codec.followUp(later as never, none as never), response("followUp"))
    assert.throws(
      () => codec.results(batch as never),
      `${name}.results: the batch is a promise: write \`await\` before it.`
    )
    assert.throws(
      () => codec.followUp(none as never, batch as never),
      "the batch is a promise: write `await` before it."
    )
  })

  it.each(codecs)("says what to do with a stream: %s", (name, codec) => {
    const text = `${name}.toolCalls: the response is a stream: read it with \`parts\`, or ask without \`stream\`.`
    assert.throws(() => codec.toolCalls(events() as never), text)
  })

  it.each(codecs)("says where the toolkit stands in the place of the response: %s", (name, codec) => {
    const text = `${name}.toolCalls: the response is a toolkit: give what the client gave, alone.`
    assert.throws(() => Reflect.apply(codec.toolCalls, undefined, [toolkit, none]), text)
  })

  it.each([
    ["toolCalls", OpenAiChat.toolCalls],
    ["followUp", OpenAiChat.followUp]
  ])("says that the message of a turn is no response: %s", (where, take) => {
    const text = `OpenAiChat.${where}: the response is a part of one: give all that the client gave.`
    const message = { role: "assistant", content: null, tool_calls: [] }
    for (const part of [message, { index: 0, finish_reason: "tool_calls", message }]) {
      assert.throws(() => Reflect.apply(take, undefined, [part, none]), text)
    }
  })

  it.each(codecs)("says what is no toolkit, and what is no batch: %s", (name, codec) => {
    assert.throws(
      () => codec.tools([] as never),
      `${name}.tools: what is given is no toolkit: make it with Toolkit.make.`
    )
    const text = "what is given is no settled batch: give what Batch.run or Batch.runPromise came to."
    assert.throws(() => codec.results([] as never), `${name}.results: ${text}`)
    assert.throws(() => codec.followUp(none as never, undefined as never), text)
  })

  it.each(codecs)("finds no call in what is no response: %s", (_, codec) => {
    assert.deepStrictEqual(codec.toolCalls(none as never), [])
  })

  it.each(codecs)("asks no provider for a turn of no model: %s", async (_, codec) => {
    const model = codec.layer({ apiKey: "key", baseUrl: "http://127.0.0.1:9" } as never) as never
    const rejection = await Agent.runPromise({ toolkit, prompt: "Hi!", model }).then(() => "an answer", String)
    assert.include(rejection, "`model` is missing: name one, such as \"gpt-4.1\"")
  })
})
