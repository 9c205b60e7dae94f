import { assert, describe, it } from "@effect/vitest"
import { Batch, Conversation } from "@volley/core"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import * as OpenAiResponsesWire from "@volley/simulator/OpenAiResponsesWire"
import { Effect, Result, Schema } from "effect"
import OpenAI from "openai"
import type {
  Response,
  ResponseCustomToolCall,
  ResponseFunctionToolCall,
  ResponseInputItem,
  ResponseOutputItem,
  ResponseOutputMessage
} from "openai/resources/responses/responses"
import { simulated, toolkit as cities } from "../../simulator/test/ChatModelSuite.ts"
import { answers, conversation as started, turnsOf } from "../../simulator/test/conversations.ts"
import { toolkit, unlike } from "./support.ts"

const oslo = "{\"city\":\"Oslo\"}"

/** A call as the API sends it; the number in its ids is the same. */
const call = (n: number, args = oslo, name = "weather"): ResponseFunctionToolCall => ({
  type: "function_call",
  id: `fc_${n}`,
  call_id: `call_${n}`,
  name,
  arguments: args,
  status: "completed"
})

const customCall = (n: number, input: string): ResponseCustomToolCall => ({
  type: "custom_tool_call",
  id: `ctc_${n}`,
  call_id: `call_${n}`,
  name: "sql",
  input
})

/** Reasoning as the simulator encrypts it. */
const reasoning: ResponseOutputItem = {
  type: "reasoning",
  id: "rs_1",
  summary: [],
  encrypted_content: btoa("sim:rs_1")
}

const said = (text: string, id = "msg_1"): ResponseOutputMessage => ({
  type: "message",
  id,
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text, annotations: [] }]
})

const response = (output: ReadonlyArray<ResponseOutputItem>, more: Partial<Response> = {}): Response =>
  unlike({ id: "resp_1", object: "response", status: "completed", model: "gpt-5.4", output, ...more })

const cut: Partial<Response> = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }

/** Runs the calls of a response and puts together what has to be appended. */
const followUp = Effect.fnUntraced(function*(response: Response) {
  const settled = yield* Batch.run(toolkit, OpenAiResponses.toolCalls(response))
  return OpenAiResponses.followUp(response, settled)
})

const user = { role: "user", content: "Go." } as const

/** Holds input items to the simulator's rules, as they are once they were sent. */
const assertAccepted = (input: ReadonlyArray<ResponseInputItem>): void => {
  const body = { model: "gpt-5.4", input, tools: OpenAiResponses.tools(toolkit) }
  const checked = OpenAiResponsesWire.check(JSON.parse(JSON.stringify(body)), { authorization: "Bearer key" })
  assert.isTrue(Result.isSuccess(checked), Result.isFailure(checked) ? checked.failure.message : "")
}

const callsIn = (input: ReadonlyArray<ResponseInputItem>) =>
  input.flatMap((item) => item.type === "function_call" || item.type === "custom_tool_call" ? [item.call_id] : [])

const outputsIn = (input: ReadonlyArray<ResponseInputItem>) =>
  input.flatMap((item) => item.type === "function_call_output" || item.type === "custom_tool_call_output" ? [item] : [])

describe("OpenAiResponses.tools", () => {
  it("are flat, and say that they are not strict, which this API would take them for", () => {
    assert.deepStrictEqual(OpenAiResponses.tools(toolkit)[1], {
      type: "function",
      name: "files_read",
      description: "Reads a file.",
      parameters: {
        type: "object",
        properties: { path: { type: "string" }, whole: { type: "boolean" } },
        required: ["path"],
        additionalProperties: false
      },
      strict: false
    })
  })

  it("are strict where the toolkit is, but for what strict mode cannot take", () => {
    const tools = OpenAiResponses.tools(OpenAiResponses.strict(toolkit))
    assert.deepStrictEqual(tools.map(({ name, strict }) => [name, strict]), [
      ["weather", true],
      ["files_read", true],
      ["sql", false]
    ])
  })

  it("are tools that the API accepts", () => assertAccepted([user]))
})

describe("OpenAiResponses.toolCalls", () => {
  it("gives the calls in call order by call_id, with their arguments as they came", () => {
    const calls = OpenAiResponses.toolCalls(response([reasoning, call(2), said("Hm."), call(1, "{\"ci", "files_read")]))
    assert.deepStrictEqual(calls, [
      { id: "call_2", name: "weather", arguments: oslo, index: 0, status: "complete" },
      { id: "call_1", name: "files_read", arguments: "{\"ci", index: 1, status: "complete" }
    ])
  })

  it("tells calls apart whose ids repeat or are missing, and drops exact repeats", () => {
    const missing = [{ ...call(7), call_id: undefined }, { ...call(8), call_id: null }, { ...call(9), call_id: "" }]
    const output = [call(1), call(1, "{}"), call(1), ...missing]
    const calls = OpenAiResponses.toolCalls(response(unlike(output)))
    assert.deepStrictEqual(calls.map(({ id, index }) => [id, index]), [
      ["call_1", 0],
      ["call_1_2", 1],
      ["call_4", 2],
      ["call_5", 3],
      ["call_6", 4]
    ])
  })

  it("reads calls of custom tools, whose input is any text", () => {
    const calls = OpenAiResponses.toolCalls(response([customCall(1, "select 1"), call(2)]))
    assert.deepStrictEqual(calls.map(({ arguments: args, id, name }) => [id, name, args]), [
      ["call_1", "sql", "select 1"],
      ["call_2", "weather", oslo]
    ])
  })

  it.each(
    [
      ["completed", "complete"],
      [undefined, "complete"],
      [null, "complete"],
      ["incomplete", "truncated"],
      ["failed", "truncated"],
      ["cancelled", "truncated"],
      ["in_progress", "truncated"]
    ] as const
  )("holds the calls of a response that is %s for %s", (status, expected) => {
    const calls = OpenAiResponses.toolCalls(response([call(1), call(2)], unlike({ status })))
    assert.deepStrictEqual(calls.map((call) => call.status), [expected, expected])
  })

  it.each(["incomplete", "in_progress"] as const)("holds a call that is %s for truncated, and no other", (status) => {
    const calls = OpenAiResponses.toolCalls(response([call(1), { ...call(2), status }]))
    assert.deepStrictEqual(calls.map((call) => call.status), ["complete", "truncated"])
  })

  it("gives none of those that OpenAI runs", () => {
    const search = unlike<ResponseOutputItem>({ type: "web_search_call", id: "ws_1", status: "completed" })
    assert.deepStrictEqual(OpenAiResponses.toolCalls(response([search, said("Fine.")])), [])
  })
})

describe("OpenAiResponses.parse", () => {
  it("takes a whole response as it is", () => {
    const body: unknown = JSON.parse(
      JSON.stringify(response([reasoning, call(1), customCall(2, "select 1"), said("Hm.")], cut))
    )
    assert.strictEqual<unknown>(Result.getOrThrow(OpenAiResponses.parse(body)), body)
  })

  it("takes items that nobody knows yet", () => {
    assert.isTrue(Result.isSuccess(OpenAiResponses.parse({ output: [{ type: "telepathy", id: "tp_1" }] })))
  })

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "text"],
    ["an object that is none", {}],
    ["output that is no list", { output: "text" }],
    ["an item without a type", { output: [{}] }],
    ["a call without a name", { output: [{ type: "function_call", call_id: "a", arguments: "{}" }] }],
    ["a call of a custom tool with arguments", { output: [{ ...call(1), type: "custom_tool_call" }] }],
    ["a call of a function with the input of another", { output: [{ ...customCall(1, "x"), type: "function_call" }] }],
    ["a message without content", { output: [{ type: "message", role: "assistant" }] }]
  ])("says what is wrong with %s", (_, json) => {
    const parsed = OpenAiResponses.parse(json)
    assert(Result.isFailure(parsed))
    assert.notStrictEqual(parsed.failure, "")
  })
})

describe("OpenAiResponses.results", () => {
  it.effect("answers each call in an item of its own, in call order, failures and all", () =>
    Effect.gen(function*() {
      const body = response([call(2), call(1, "{\"city\":\"Atlantis\"}"), call(3, "{"), call(4, "{}", "parallel")])
      const settled = yield* Batch.run(toolkit, OpenAiResponses.toolCalls(body))
      assert.deepStrictEqual(
        OpenAiResponses.results(settled),
        [2, 1, 3, 4].map((n, at) => ({
          type: "function_call_output",
          call_id: `call_${n}`,
          output: settled.outcomes[at]?.encoded ?? "none"
        }))
      )
      assert.strictEqual(settled.outcomes[0]?.encoded, "\"fine in Oslo\"")
    }))

  it.effect("are none where there were no calls", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(OpenAiResponses.results(yield* Batch.run(toolkit, [])), [])
    }))
})

describe("OpenAiResponses.followUp", () => {
  it.effect("echoes every item as it came, with both of its ids, and puts the outputs behind them", () =>
    Effect.gen(function*() {
      const output = [reasoning, call(2), said("Hm."), customCall(1, "{}")]
      const before = structuredClone(output)
      const appended = yield* followUp(response(output))
      assert.deepStrictEqual(output, before)
      assert.deepStrictEqual<unknown>(appended, [
        ...before,
        { type: "function_call_output", call_id: "call_2", output: "\"fine in Oslo\"" },
        { type: "custom_tool_call_output", call_id: "call_1", output: "\"1 row\"" }
      ])
      assertAccepted([user, ...appended])
    }))

  it.effect("leaves out what only a response has", () =>
    Effect.gen(function*() {
      const parsed = { ...call(1), parsed_arguments: { city: "Oslo" }, created_by: "somebody" }
      const [echoed] = yield* followUp(response([parsed]))
      assert.deepStrictEqual<unknown>(echoed, call(1))
    }))

  it.effect("keeps what the API asks to have kept", () =>
    Effect.gen(function*() {
      const whole = { ...call(1), caller: { type: "direct" as const }, namespace: "crm", async: false }
      const phased = { ...said("Hm."), phase: "commentary" as const }
      assert.deepStrictEqual<unknown>((yield* followUp(response([phased, whole]))).slice(0, 2), [phased, whole])
    }))

  it.effect("echoes items that the SDK does not know yet", () =>
    Effect.gen(function*() {
      const unknown = { type: "telepathy", id: "tp_1" }
      assert.deepStrictEqual<unknown>((yield* followUp(response(unlike([unknown, call(1)])))).slice(0, 2), [
        unknown,
        call(1)
      ])
    }))

  it.effect("answers under the ids of toolCalls, which stand in the echoed items as well", () =>
    Effect.gen(function*() {
      const body = response([call(1), { ...call(2), call_id: "" }, call(1, "{"), call(1), customCall(3, "select 1")])
      const ids = OpenAiResponses.toolCalls(body).map(({ id }) => id)
      const appended = yield* followUp(body)
      assert.deepStrictEqual(callsIn(appended), ids)
      assert.deepStrictEqual(outputsIn(appended).map((item) => item.call_id), ids)
      assert.strictEqual(ids.length, 4)
      assertAccepted([user, ...appended])
    }))

  // R5: a server that repeats the one id repeats the other as well.
  it.effect("leaves out the item ids of calls that got another call_id", () =>
    Effect.gen(function*() {
      const { id: _, ...second } = { ...call(1, "{}"), call_id: "call_1_2" }
      const appended = yield* followUp(response([call(1), call(1, "{}")]))
      assert.deepStrictEqual<unknown>(appended.slice(0, 2), [call(1), second])
    }))

  it.effect("answers calls that were cut off, though they did not run", () =>
    Effect.gen(function*() {
      const appended = yield* followUp(response([call(1), { ...call(2, "{\"ci"), status: "incomplete" }], cut))
      for (const { output } of outputsIn(appended)) assert.include(JSON.stringify(output), "Truncated")
      assertAccepted([user, ...appended])
    }))

  // R4: the API wants the item that follows reasoning.
  it.effect("leaves out reasoning in which the turn was cut off", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* followUp(response([reasoning], cut)), [])
      const ended = { ...reasoning, id: "rs_2" }
      assert.deepStrictEqual<unknown>(yield* followUp(response([reasoning, said("Hm."), ended], cut)), [
        reasoning,
        said("Hm.")
      ])
    }))

  const Turn = Schema.Struct({
    status: Schema.Literals(["completed", "incomplete"]),
    items: Schema.Array(Schema.Struct({
      kind: Schema.Literals(["function", "custom", "text", "refusal", "reasoning"]),
      callId: Schema.Literals(["", "a", "b", "a_2", "call_1", "call_2", "ü:1", "x".repeat(64)]),
      hasId: Schema.Boolean,
      isWhole: Schema.Boolean,
      name: Schema.Union([
        Schema.Literals(["weather", "files_read", "files.read", "sql", "toString", ""]),
        Schema.String
      ]),
      text: Schema.Union([
        Schema.Literals(["", "{}", oslo, "{\"city\":\"Atlantis\"}", "{\"city\":", "null"]),
        Schema.String
      ])
    })).check(Schema.isMinLength(1))
  })

  const itemOf = (item: typeof Turn.Type["items"][number], at: number): object => {
    const status = item.isWhole ? "completed" : "incomplete"
    const id = (prefix: string) => item.hasId ? { id: `${prefix}_${at}` } : {}
    switch (item.kind) {
      case "function":
        return {
          ...id("fc"),
          type: "function_call",
          call_id: item.callId,
          name: item.name,
          arguments: item.text,
          status
        }
      case "custom":
        return { ...id("ctc"), type: "custom_tool_call", call_id: item.callId, name: item.name, input: item.text }
      case "text":
        return { ...said(item.text, `msg_${at}`), status }
      case "refusal":
        return { ...said("", `msg_${at}`), content: [{ type: "refusal", refusal: item.text }] }
      case "reasoning":
        return { type: "reasoning", id: `rs_${at}`, summary: [], encrypted_content: btoa(`sim:rs_${at}`) }
    }
  }

  it.effect.prop(
    "is accepted by the API whatever the turn is: every call_id answered once, in call order",
    { turn: Turn },
    ({ turn }) =>
      Effect.gen(function*() {
        const body = response(unlike(turn.items.map(itemOf)), { status: turn.status })
        assert.isTrue(Result.isSuccess(OpenAiResponses.parse(body)))
        const ids = OpenAiResponses.toolCalls(body).map(({ id }) => id)
        const appended = yield* followUp(body)
        assert.deepStrictEqual(callsIn(appended), ids)
        assert.deepStrictEqual(outputsIn(appended).map((item) => item.call_id), ids)
        assert.strictEqual(new Set(ids).size, ids.length)
        assertAccepted([user, ...appended, user])
      }),
    { arbitrary: { runs: 300 } }
  )
})

describe("OpenAiResponses.messages", () => {
  const conversation = (...messages: ReadonlyArray<Conversation.Message>): Conversation.Conversation =>
    started({ role: "user", text: "Go." }, ...messages)

  const turn = turnsOf("toolu", {})

  it("writes every role where it stands, but for the system, whose messages are the instructions", () => {
    const told = conversation(
      { role: "system", text: "Be brief." },
      turn([{ arguments: { city: "Oslo" } }, { arguments: "{\"ci" }, { arguments: undefined }], "Let me see."),
      answers("toolu_1", "toolu_2", "toolu_3"),
      { role: "system", text: "Be briefer." },
      turn([], "Fine.")
    )
    const written = OpenAiResponses.messages(told)
    const spelled = (n: number, args: string) => ({
      type: "function_call",
      call_id: `toolu_${n}`,
      name: "weather",
      arguments: args
    })
    assert.deepStrictEqual<unknown>(written, [
      user,
      { role: "assistant", content: "Let me see." },
      spelled(1, oslo),
      spelled(2, "{\"unreadable\":\"{\\\"ci\"}"),
      spelled(3, "{}"),
      ...[1, 2, 3].map((n) => ({ type: "function_call_output", call_id: `toolu_${n}`, output: "3" })),
      { role: "assistant", content: "Fine." }
    ])
    assert.strictEqual(OpenAiResponses.instructions(told), "Be brief.\n\nBe briefer.")
    assertAccepted(written)
  })

  it("has no instructions where there is no system message", () => {
    assert.isUndefined(OpenAiResponses.instructions(conversation()))
  })

  it("echoes a turn that came from this wire as it came, and answers its custom calls in their kind", () => {
    const items = [reasoning, call(1), customCall(2, "select 1")]
    const native = { wire: OpenAiResponses.wire, message: { items } }
    const own = { ...turn([{ id: "call_1" }, { id: "call_2" }], "another text"), native }
    const written = OpenAiResponses.messages(conversation(own, answers("call_1", "call_2")))
    assert.deepStrictEqual<unknown>(written.slice(1, 4), items)
    assert.deepStrictEqual(outputsIn(written).map(({ type }) => type), [
      "function_call_output",
      "custom_tool_call_output"
    ])
    assertAccepted(written)
  })

  it("writes nothing for an empty turn of another wire", () => {
    assert.deepStrictEqual<unknown>(OpenAiResponses.messages(conversation(turn([]))), [user])
  })

  // R7: this wire takes ids of 64 characters, others longer ones.
  it("shortens ids of another wire that are too long here, in the turn and in its results", () => {
    const id = `toolu_${"x".repeat(59)}`
    const written = OpenAiResponses.messages(conversation(turn([{ id }]), answers(id)))
    assert.deepStrictEqual(callsIn(written), ["call_1"])
    assertAccepted(written)
    const short = id.slice(0, 64)
    assert.deepStrictEqual(callsIn(OpenAiResponses.messages(conversation(turn([{ id: short }]), answers(short)))), [
      short
    ])
  })

  it("tells calls apart whose ids come again in a later turn, as outputs need not follow their calls", () => {
    const round = [turn([{ id: "call_1" }]), answers("call_1")]
    const written = OpenAiResponses.messages(conversation(...round, ...round))
    assert.strictEqual(new Set(callsIn(written)).size, 2)
    assertAccepted(written)
  })

  it.prop(
    "writes turns of another wire so that they are accepted",
    {
      text: Schema.String,
      calls: Schema.Array(Schema.Union([Schema.Record(Schema.String, Schema.Json), Schema.String]))
    },
    ({ calls, text }) => {
      const foreign = turn(calls.map((args) => ({ arguments: args })), text)
      const results = calls.length === 0 ? [] : [answers(...foreign.calls.map(({ id }) => id))]
      assertAccepted(OpenAiResponses.messages(conversation(foreign, ...results)))
    },
    { arbitrary: { runs: 200 } }
  )
})

describe("OpenAiResponses in a loop of one's own", () => {
  it.effect.each([{ effort: "none" }, { effort: "low", summary: "auto" }] as const)(
    "takes three lines beside the official client, reasoning with %j",
    (reasoning) =>
      Effect.gen(function*() {
        const { fetch, requests } = yield* simulated()
        const client = new OpenAI({ apiKey: "key", fetch })
        const input: Array<ResponseInputItem> = [user]
        const ask = Effect.promise(() =>
          client.responses.create({
            model: "gpt-5.4",
            input,
            store: false,
            include: ["reasoning.encrypted_content"],
            reasoning,
            tools: OpenAiResponses.tools(cities)
          })
        )
        const response = yield* ask
        const settled = yield* Batch.run(cities, OpenAiResponses.toolCalls(response))
        input.push(...OpenAiResponses.followUp(response, settled))
        const answer = yield* ask
        assert.strictEqual(answer.output_text, "I saw: 3, 21")
        input.push(...OpenAiResponses.followUp(answer, yield* Batch.run(cities, [])), user)
        assert.strictEqual((yield* ask).output_text, "I saw: 3, 21")
        assert.deepStrictEqual((yield* requests).map(({ status }) => status), [200, 200, 200])
      })
  )
})
