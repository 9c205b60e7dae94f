/**
 * What servers keep of a turn, and what a request may go on from.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fault from "../src/Fault.ts"
import type * as Simulator from "../src/Simulator.ts"
import { connect, type Reply } from "./harness.ts"

const prompt = "How is the weather in Oslo and Rome?"

/** What a refusal or an answer is told by: the row of the rule, and the status. */
const told = ({ entry, status }: Reply) => [entry?.row, status]

describe("OpenAiResponsesWire: a response that is kept", () => {
  const responsesWhere = (options: Partial<Simulator.Options>) =>
    Effect.map(connect(options), (send) => (more: object) =>
      send("/v1/responses", { authorization: "Bearer key" }, {
        model: "gpt-5.4",
        reasoning: { effort: "low" },
        tools: [{ type: "function", name: "weather" }],
        ...more
      }))
  const responses = responsesWhere({})
  const output = (n: number, result: string) => ({
    type: "function_call_output",
    call_id: `call_${n}`,
    output: result
  })
  const outputs = [output(1, "3"), output(2, "21")]

  it.effect("is gone on from with the outputs alone", () =>
    Effect.gen(function*() {
      const send = yield* responses
      const first = yield* send({ input: prompt })
      const second = yield* send({ previous_response_id: first.body["id"], input: outputs })
      assert.strictEqual(second.status, 200)
      assert.include(JSON.stringify(second.body["output"]), "I saw: 3, 21")
      assert.strictEqual(second.body["previous_response_id"], first.body["id"])
      const third = yield* send({ previous_response_id: second.body["id"], input: "Are you sure?" })
      assert.strictEqual(third.status, 200)
      assert.include(JSON.stringify(third.body["output"]), "I saw: 3, 21")
    }))

  it.effect("is answered, and costs, as the whole conversation is", () =>
    Effect.gen(function*() {
      const send = yield* responses
      const photo = { type: "input_image", image_url: "data:image/png;base64,aaaa" }
      const user = { role: "user", content: [{ type: "input_text", text: prompt }, photo] }
      const first = yield* send({ input: [user] })
      const said = first.body["output"]
      const resumed = yield* send({ previous_response_id: first.body["id"], input: outputs })
      const resent = yield* send({ input: [user, ...(Array.isArray(said) ? said : []), ...outputs] })
      assert.strictEqual(resumed.status, 200)
      assert.deepStrictEqual(resumed.body["output"], resent.body["output"])
      assert.strictEqual(resumed.entry?.inputTokens, resent.entry?.inputTokens)
    }))

  it.effect("is checked as one with what comes behind it", () =>
    Effect.gen(function*() {
      const send = yield* responses
      const first = yield* send({ input: prompt })
      const said = first.body["output"]
      const goOn = (...input: ReadonlyArray<unknown>) => send({ previous_response_id: first.body["id"], input })
      assert.deepStrictEqual(told(yield* goOn(output(1, "3"))), ["R1", 400])
      assert.deepStrictEqual(told(yield* goOn({ role: "user", content: "Well?" })), ["R1", 400])
      assert.deepStrictEqual(told(yield* goOn(...outputs, output(3, "4"))), ["R2", 400])
      assert.deepStrictEqual(told(yield* goOn(...(Array.isArray(said) ? said : []), ...outputs)), ["R5", 400])
      assert.deepStrictEqual(told(yield* goOn(...outputs)), [undefined, 200])
    }))

  it.effect("may be gone on from twice, and hands on no tools", () =>
    Effect.gen(function*() {
      const send = yield* responses
      const first = yield* send({ input: prompt, parallel_tool_calls: false })
      const next = { previous_response_id: first.body["id"], input: [output(1, "3")] }
      assert.deepStrictEqual((yield* send(next)).entry?.calls, ["call_2"])
      const without = yield* send({ ...next, tools: [] })
      assert.deepStrictEqual(without.entry?.calls, [])
      assert.include(JSON.stringify(without.body["output"]), "I saw: 3")
    }))

  it.effect("is kept as a fault left it, and not at all where it failed", () =>
    Effect.gen(function*() {
      const invented = yield* responsesWhere({ faults: Fault.first(1, { _tag: "InventedTool", name: "parallel" }) })
      const first = yield* invented({ input: prompt })
      const again = first.body["output"]
      assert.include(JSON.stringify(again), "parallel")
      const goOn = { previous_response_id: first.body["id"], input: outputs }
      const resent = { input: [{ role: "user", content: prompt }, ...(Array.isArray(again) ? again : []), ...outputs] }
      assert.deepStrictEqual((yield* invented(goOn)).body["output"], (yield* invented(resent)).body["output"])
      const failing = yield* responsesWhere({ faults: Fault.first(1, { _tag: "ResponseFailed" }) })
      const failed = yield* failing({ input: prompt })
      const next = { previous_response_id: failed.body["id"], input: [] }
      assert.deepStrictEqual(told(yield* failing(next)), ["R8", 400])
    }))

  it.effect("is none where it was not to be stored, or was refused", () =>
    Effect.gen(function*() {
      const send = yield* responses
      const goOn = (previous_response_id: unknown) => send({ previous_response_id, input: outputs })
      const unstored = yield* send({ input: prompt, store: false })
      const refused = yield* goOn(unstored.body["id"])
      assert.deepStrictEqual(told(refused), ["R8", 400])
      assert.deepInclude(refused.body["error"], { code: "previous_response_not_found" })
      assert.deepStrictEqual(told(yield* goOn("resp_2")), ["R8", 400])
    }))

  it.effect("is not mistaken for one of another conversation", () =>
    Effect.gen(function*() {
      const send = yield* responses
      const [one, other] = [yield* send({ input: prompt }), yield* send({ input: prompt, parallel_tool_calls: false })]
      assert.notStrictEqual(one.body["id"], other.body["id"])
      const goOn = { previous_response_id: other.body["id"], input: outputs }
      assert.deepStrictEqual(told(yield* send(goOn)), ["R2", 400])
    }))
})

describe("AnthropicMessagesWire: a thread", () => {
  const headers = {
    authorization: "Bearer key",
    "anthropic-version": "2026-10-21",
    "anthropic-beta": "other-2026-01-01, message-threads-2026-08-12"
  }
  const create = {
    system: "Be brief.",
    tools: [{ name: "weather", input_schema: { type: "object" } }],
    messages: [{ role: "user", content: prompt }],
    thread: { type: "create" }
  }
  const messages = Effect.map(
    connect(),
    (send) => (more: object, sent: Record<string, string> = headers) =>
      send("/v1/messages", sent, {
        model: "claude-opus-5-5",
        max_tokens: 1024,
        thinking: { type: "adaptive" },
        ...more
      })
  )
  const result = (n: number, content: string) => ({ type: "tool_result", tool_use_id: `toolu_${n}`, content })
  const results = [{ role: "user", content: [result(1, "3"), result(2, "21")] }]
  const after = ({ body }: Reply, messages: ReadonlyArray<object> = results) => ({
    messages,
    thread: { type: "continue", previous_message_id: body["id"] }
  })

  it.effect("is continued with the results alone", () =>
    Effect.gen(function*() {
      const send = yield* messages
      const first = yield* send(create)
      const second = yield* send(after(first))
      assert.strictEqual(second.status, 200)
      assert.include(JSON.stringify(second.body["content"]), "I saw: 3, 21")
      const third = yield* send(after(second, [{ role: "user", content: "Are you sure?" }]))
      assert.strictEqual(third.status, 200)
      assert.include(JSON.stringify(third.body["content"]), "I saw: 3, 21")
    }))

  it.effect("hands on its system prompt and its tools, and is answered, and costs, as the whole conversation is", () =>
    Effect.gen(function*() {
      const send = yield* messages
      const one = { tool_choice: { type: "auto", disable_parallel_tool_use: true } }
      const first = yield* send({ ...create, ...one })
      const answered = [{ role: "user", content: [result(1, "3")] }]
      const second = yield* send({ ...after(first, answered), ...one })
      assert.deepStrictEqual(second.entry?.calls, ["toolu_2"])
      const { thread: _, ...whole } = create
      const said = { role: "assistant", content: first.body["content"] }
      const resent = yield* send({ ...whole, ...one, messages: [...create.messages, said, ...answered] })
      assert.deepStrictEqual(second.body["content"], resent.body["content"])
      assert.strictEqual(second.entry?.inputTokens, resent.entry?.inputTokens)
    }))

  it.effect("is checked as one with what comes behind it", () =>
    Effect.gen(function*() {
      const send = yield* messages
      const first = yield* send(create)
      assert.deepStrictEqual(told(yield* send(after(first, [{ role: "user", content: "Well?" }]))), ["A1", 400])
      const part = [{ role: "user", content: [result(1, "3")] }]
      assert.deepStrictEqual(told(yield* send(after(first, part))), ["A1", 400])
      const stray = [{ role: "user", content: [result(1, "3"), result(2, "21"), result(3, "4")] }]
      assert.deepStrictEqual(told(yield* send(after(first, stray))), ["A2", 400])
      assert.deepStrictEqual(told(yield* send(after(first))), [undefined, 200])
    }))

  it.effect("is continued once", () =>
    Effect.gen(function*() {
      const send = yield* messages
      const first = yield* send(create)
      yield* send(after(first))
      const again = yield* send(after(first))
      assert.deepStrictEqual(told(again), ["3h", 400])
      assert.deepInclude(again.body["error"], {
        type: "invalid_request_error",
        details: { error_code: "thread_already_continued" }
      })
    }))

  it.effect("is not found where none was created", () =>
    Effect.gen(function*() {
      const send = yield* messages
      const { thread: _, ...unthreaded } = create
      const unknown = yield* send(after(yield* send(unthreaded)))
      assert.deepStrictEqual(told(unknown), ["3h", 404])
      assert.deepInclude(unknown.body["error"], {
        type: "not_found_error",
        details: { error_code: "thread_not_found" }
      })
    }))

  it.effect.each(["system", "tools"] as const)("takes no other %s later on", (field) =>
    Effect.gen(function*() {
      const send = yield* messages
      const first = yield* send(create)
      const repeated = yield* send({ ...after(first), [field]: create[field] })
      assert.deepStrictEqual(told(repeated), ["3h", 400])
      assert.include(JSON.stringify(repeated.body["error"]), field)
    }))

  it.effect("needs its beta", () =>
    Effect.gen(function*() {
      const send = yield* messages
      const { "anthropic-beta": _, ...stable } = headers
      const refused = yield* send(create, stable)
      assert.deepStrictEqual(told(refused), ["A24", 400])
      assert.deepInclude(refused.body["error"], { message: "thread: Extra inputs are not permitted" })
      const { thread: __, ...unthreaded } = create
      assert.strictEqual((yield* send({ ...unthreaded, thread: null }, stable)).status, 200)
    }))
})
