import { assert, describe, it } from "@effect/vitest"
import { type Content, GoogleGenAI, type Part } from "@google/genai"
import { Batch, ToolCall, Toolkit } from "@volley/core"
import * as GeminiContent from "@volley/google/GeminiContent"
import * as GeminiContentWire from "@volley/simulator/GeminiContentWire"
import { Effect, Result, Schema } from "effect"
import { simulated, toolkit as cities } from "../../simulator/test/ChatModelSuite.ts"
import { answers, conversation, turnsOf } from "../../simulator/test/conversations.ts"
import { call, callsOf, opaque, response, skip, toolkit, unlike } from "./support.ts"

/** Runs the calls of a response and puts together what has to be appended. */
const followUp = Effect.fnUntraced(function*(response: GeminiContent.Response) {
  const settled = yield* Batch.run(toolkit, GeminiContent.toolCalls(response))
  return GeminiContent.followUp(response, settled)
})

const user: Content = { role: "user", parts: [{ text: "Go." }] }

const older = "gemini-2.5-flash"
const newer = "gemini-3.8-flash"

/** What the simulator's rules say of contents, as they are once they were sent. */
const check = (contents: ReadonlyArray<Content>, model = newer) => {
  const body: unknown = JSON.parse(JSON.stringify({ contents, tools: GeminiContent.tools(toolkit) }))
  return GeminiContentWire.check(body, { "x-goog-api-key": "key" }, `/v1/models/${model}:generateContent`)
}

const assertAccepted = (contents: ReadonlyArray<Content>, model = newer): void => {
  const checked = check(contents, model)
  assert.isTrue(Result.isSuccess(checked), Result.isFailure(checked) ? checked.failure.message : "")
}

/** The ids of the calls and of the results of each content. */
const idsOf = (contents: ReadonlyArray<Content>) =>
  contents.map(({ parts = [] }) =>
    parts.flatMap(({ functionCall, functionResponse }) => {
      const item = functionCall ?? functionResponse
      return item ? [item.id] : []
    })
  )

/** The results in a content. */
const responsesOf = (content: Content | undefined) =>
  (content?.parts ?? []).map(({ functionResponse }) => functionResponse?.response)

const signedFirst = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> => {
  const at = parts.findIndex(({ functionCall }) => functionCall)
  return parts.map((part, index) => index === at ? { ...part, thoughtSignature: skip } : part)
}

describe("GeminiContent.tools", () => {
  it("declares each tool under its wire name, with its JSON schema as it is", () => {
    assert.deepStrictEqual<unknown>(GeminiContent.tools(toolkit), [{
      functionDeclarations: [
        {
          name: "weather",
          description: "Current weather of a city.",
          parametersJsonSchema: {
            type: "object",
            properties: { city: { type: "string" } },
            required: ["city"],
            additionalProperties: false
          }
        },
        {
          name: "files_read",
          description: "Reads a file.",
          parametersJsonSchema: {
            type: "object",
            properties: { path: { type: "string" }, whole: { type: "boolean" } },
            required: ["path"],
            additionalProperties: false
          }
        }
      ]
    }])
  })

  it("gives tools that the API accepts", () => assertAccepted([user]))

  it("are none for an empty toolkit", () => assert.deepStrictEqual(GeminiContent.tools(Toolkit.make()), []))
})

describe("GeminiContent.toolCalls", () => {
  it("gives the calls of the first candidate in call order, and nothing else of the turn", () => {
    const parts = [{ text: "Well" }, call("b"), ...opaque, call("a", { path: "x", more: [1, null] }, "files_read")]
    const { candidates = [] } = response(parts)
    const [other] = response([call("c")]).candidates ?? []
    const calls = GeminiContent.toolCalls({ candidates: other ? [...candidates, other] : [] })
    assert.deepStrictEqual(calls, [
      { id: "b", name: "weather", arguments: { city: "Oslo" }, index: 0, status: "complete" },
      { id: "a", name: "files_read", arguments: { path: "x", more: [1, null] }, index: 1, status: "complete" }
    ])
  })

  it("takes a call without arguments for one with none", () => {
    const calls = GeminiContent.toolCalls(response([{ functionCall: { name: "weather" } }]))
    assert.deepStrictEqual(calls.map((call) => call.arguments), [{}])
  })

  it("tells calls without ids apart, though they are of one function and equal", () => {
    const calls = GeminiContent.toolCalls(response([call(), call(undefined, { city: "Rome" }), call()]))
    assert.deepStrictEqual(calls.map(({ id }) => id), ["noid_1", "noid_2", "noid_3"])
  })

  it("tells calls apart whose ids repeat, and drops exact repeats", () => {
    const calls = GeminiContent.toolCalls(response([call("a"), call("a", {}), call("a"), call("b"), call()]))
    assert.deepStrictEqual(calls.map(({ id, index }) => [id, index]), [["a", 0], ["a_2", 1], ["b", 2], ["noid_4", 3]])
  })

  it("makes an id up where that of the model is empty, or looks made up", () => {
    const nothing = unlike<Part>({ functionCall: { id: null, name: "weather", args: {} } })
    const calls = GeminiContent.toolCalls(response([call(""), call("noid_1"), nothing]))
    assert.deepStrictEqual(calls.map(({ id }) => id), ["noid_1", "noid_2", "noid_3"])
  })

  it.each(
    [
      ["STOP", "complete"],
      [undefined, "complete"],
      ["MAX_TOKENS", "truncated"],
      ["SAFETY", "truncated"],
      ["RECITATION", "truncated"],
      ["OTHER", "truncated"],
      ["MALFORMED_FUNCTION_CALL", "truncated"],
      ["UNEXPECTED_TOOL_CALL", "truncated"],
      ["TOO_MANY_TOOL_CALLS", "truncated"],
      ["MALFORMED_RESPONSE", "truncated"],
      ["CONTINUATION", "truncated"],
      ["MISSING_THOUGHT_SIGNATURE", "truncated"]
    ] as const
  )("holds the calls of a turn that ended with %s for %s", (finishReason, status) => {
    const content = { role: "model", parts: [call("a"), call("b")] }
    const calls = GeminiContent.toolCalls(unlike({ candidates: [{ content, finishReason }] }))
    assert.deepStrictEqual(calls.map((call) => call.status), [status, status])
  })

  it.each([
    ["an answer", response([{ text: "Fine." }])],
    ["no parts", response([])],
    ["no content", unlike<GeminiContent.Response>({ candidates: [{ finishReason: "SAFETY" }] })],
    ["no candidates", {}]
  ])("gives none for %s", (_, body) => {
    assert.deepStrictEqual(GeminiContent.toolCalls(body), [])
  })
})

describe("GeminiContent.parse", () => {
  it("takes a whole response as it is", () => {
    const body: unknown = JSON.parse(JSON.stringify(response([{ text: "Well" }, ...opaque, call("a")])))
    assert.strictEqual<unknown>(Result.getOrThrow(GeminiContent.parse(body)), body)
  })

  it("takes a content alone, whose calls count as complete", () => {
    const taken = Result.getOrThrow(GeminiContent.parse({ role: "model", parts: [call()] }))
    assert.deepStrictEqual(GeminiContent.toolCalls(taken).map(({ id, status }) => [id, status]), [
      ["noid_1", "complete"]
    ])
  })

  it("takes a candidate without content, and a prompt that was blocked", () => {
    for (const body of [{ candidates: [{ finishReason: "SAFETY" }] }, { promptFeedback: { blockReason: "SAFETY" } }]) {
      assert.deepStrictEqual(GeminiContent.toolCalls(Result.getOrThrow(GeminiContent.parse(body))), [])
    }
  })

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "text"],
    ["an object that is none", {}],
    ["no candidates", { candidates: [] }],
    ["candidates that are no list", { candidates: "text" }],
    ["a content of somebody else", { role: "user", parts: [] }],
    ["parts that are no list", { role: "model", parts: {} }],
    ["a part that is none", { role: "model", parts: [null] }],
    ["a call without a name", { role: "model", parts: [{ functionCall: { id: "a", args: {} } }] }],
    ["a name that is none", { role: "model", parts: [{ functionCall: { name: 7, args: {} } }] }]
  ])("says what is wrong with %s", (_, json) => {
    const parsed = GeminiContent.parse(json)
    assert(Result.isFailure(parsed))
    assert.notStrictEqual(parsed.failure, "")
  })
})

describe("GeminiContent.results", () => {
  it.effect("answers all calls in one content of the user, in call order, under the names that the model wrote", () =>
    Effect.gen(function*() {
      const calls = [call("b"), call("a", { city: "Atlantis" }), call("c", { path: "x" }, "files_read"), call()]
      const settled = yield* Batch.run(toolkit, GeminiContent.toolCalls(response(calls)))
      const encoded: unknown = JSON.parse(settled.outcomes[1]?.encoded ?? "")
      assert.deepStrictEqual<unknown>(GeminiContent.results(settled), [{
        role: "user",
        parts: [
          { functionResponse: { id: "b", name: "weather", response: { output: "fine in Oslo" } } },
          { functionResponse: { id: "a", name: "weather", response: encoded } },
          { functionResponse: { id: "c", name: "files_read", response: { output: "contents of x" } } },
          { functionResponse: { name: "weather", response: { output: "fine in Oslo" } } }
        ]
      }])
    }))

  it.effect("says under error that a call failed, even one of a function that there is not", () =>
    Effect.gen(function*() {
      const calls = [call("a", { city: "Atlantis" }), call("b", {}), call("c", {}, "parallel")]
      const settled = yield* Batch.run(toolkit, GeminiContent.toolCalls(response(calls)))
      for (const answer of responsesOf(GeminiContent.results(settled)[0])) {
        assert.deepStrictEqual(Object.keys(answer ?? {}), ["error"])
      }
    }))

  it.effect("has a text that was cut for its length as a text", () =>
    Effect.gen(function*() {
      const calls = GeminiContent.toolCalls(response([call("a", { city: "O".repeat(500) })]))
      const settled = yield* Batch.run(toolkit, calls, { maxResultBytes: 300 })
      const [answer] = responsesOf(GeminiContent.results(settled)[0])
      assert.deepStrictEqual(answer, { output: settled.outcomes[0]?.encoded })
    }))

  it.effect("are none where there were no calls", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(GeminiContent.results(yield* Batch.run(toolkit, [])), [])
    }))
})

describe("GeminiContent.followUp", () => {
  it.effect("echoes the turn whole, part for part, its signatures included, and puts all results behind it", () =>
    Effect.gen(function*() {
      const signed = { ...call("b"), thoughtSignature: "CoMDAZ" }
      const parts = [...opaque, { text: "Well" }, signed, call("a", { city: "Rome" })]
      const before = structuredClone(parts)
      const appended = yield* followUp(response(parts))
      assert.deepStrictEqual(parts, before)
      assert.deepStrictEqual<unknown>(appended, [{ role: "model", parts: before }, {
        role: "user",
        parts: [
          { functionResponse: { id: "b", name: "weather", response: { output: "fine in Oslo" } } },
          { functionResponse: { id: "a", name: "weather", response: { output: "fine in Rome" } } }
        ]
      }])
    }))

  it.effect("gives no id where the model gave none, neither in the turn nor in its results", () =>
    Effect.gen(function*() {
      const appended = yield* followUp(response([call(), call(undefined, { city: "Rome" })]))
      assert.deepStrictEqual(idsOf(appended), [[undefined, undefined], [undefined, undefined]])
      assert.deepStrictEqual(responsesOf(appended[1]), [{ output: "fine in Oslo" }, { output: "fine in Rome" }])
      assertAccepted([user, ...appended], older)
    }))

  it.effect("answers under the ids of toolCalls, which stand in the echoed turn as well", () =>
    Effect.gen(function*() {
      const appended = yield* followUp(response(signedFirst([call("a"), call("", {}), call("a", {}), call("a")])))
      assert.deepStrictEqual(idsOf(appended), [["a", undefined, "a_2"], ["a", undefined, "a_2"]])
      assertAccepted([user, ...appended])
    }))

  it.effect("keeps a turn of Gemini 3 so that its signature still holds", () =>
    Effect.gen(function*() {
      const asked = yield* Effect.fromResult(check([user]))
      const calls = [{ name: "weather", arguments: { city: "Oslo" } }, { name: "weather", arguments: { city: "Rome" } }]
      const rendered = GeminiContentWire.render(asked, { _tag: "Calls", calls })
      const body = yield* Effect.fromResult(GeminiContent.parse(rendered.body))
      const appended = yield* followUp(body)
      assertAccepted([user, ...appended])
      const unsigned = appended.map(({ parts = [], ...content }) => ({
        ...content,
        parts: parts.map((part) => ({ ...part, thoughtSignature: "" }))
      }))
      assert.isTrue(Result.isFailure(check([user, ...unsigned])))
    }))

  it.effect("answers calls that were cut off, though they did not run", () =>
    Effect.gen(function*() {
      const appended = yield* followUp(response(signedFirst([call("a"), call("b", {})]), "MAX_TOKENS"))
      for (const answer of responsesOf(appended[1])) assert.property(answer, "error")
      assertAccepted([user, ...appended])
    }))

  it.effect("is the turn alone where there were no calls, and nothing where the turn was empty", () =>
    Effect.gen(function*() {
      const parts = [{ text: "Fine." }]
      assert.deepStrictEqual<unknown>(yield* followUp(response(parts)), [{ role: "model", parts }])
      for (const empty of [response([]), unlike<GeminiContent.Response>({ candidates: [{}] }), {}]) {
        assert.deepStrictEqual(yield* followUp(empty), [])
      }
    }))

  const Id = Schema.Literals(["", "a", "b", "a_2", "call_1", "noid_1", "noid_2", "x".repeat(64)])
  const Args = Schema.Union([
    Schema.Struct({ city: Schema.Literals(["Oslo", "Atlantis"]) }),
    Schema.Record(Schema.String, Schema.Json)
  ])
  const name = Schema.Union([Schema.Literals(["weather", "files_read", "files.read", "parallel"]), Schema.String])
  const finish = Schema.Literals(["STOP", "MAX_TOKENS", "SAFETY", "MALFORMED_FUNCTION_CALL"])
  const turnOf = <P extends Schema.Constraint>(call: P) =>
    Schema.Struct({
      finish,
      parts: Schema.Array(Schema.Union([
        Schema.Struct({ text: Schema.String }),
        Schema.Struct({ functionCall: call })
      ])).check(Schema.isMinLength(1))
    })

  it.effect.prop(
    "is accepted by Gemini 3 whatever the turn is: every id answered once, in call order",
    {
      turn: turnOf(Schema.Struct({
        id: Schema.Union([Id, Schema.String]),
        name,
        args: Schema.optionalKey(Args)
      }))
    },
    ({ turn: { finish, parts } }) =>
      Effect.gen(function*() {
        const body = response(signedFirst(unlike<ReadonlyArray<Part>>(parts)), finish)
        const calls = GeminiContent.toolCalls(body)
        const ids = calls.map(({ id }) => id)
        const sent = ids.map((id) => id.startsWith("noid_") ? undefined : id)
        const appended = yield* followUp(body)
        const isEcho = parts.some((part) => "text" in part && part.text !== "")
        assert.deepStrictEqual(idsOf(appended), ids.length > 0 ? [sent, sent] : isEcho ? [[]] : [])
        assert.strictEqual(new Set(ids).size, ids.length)
        assertAccepted([user, ...appended, user])
      }),
    { arbitrary: { runs: 300 } }
  )

  it.effect.prop(
    "is accepted by Gemini 2, which gives no ids, whatever the turn is: every call answered in its place",
    { turn: turnOf(Schema.Struct({ name, args: Schema.optionalKey(Args) })) },
    ({ turn: { finish, parts } }) =>
      Effect.gen(function*() {
        const body = response(unlike(parts), finish)
        const ids = GeminiContent.toolCalls(body).map(({ id }) => id)
        const echo = unlike<ReadonlyArray<Part>>(parts).flatMap(echoed)
        const appended = yield* followUp(body)
        assert.deepStrictEqual<unknown>(ids.length > 0 || echo.length > 0 ? appended[0]?.parts : [], echo)
        assert.strictEqual(appended.flatMap(callsOf).length, GeminiContent.toolCalls(body).length)
        assertAccepted([user, ...appended, user], older)
      }),
    { arbitrary: { runs: 300 } }
  )
})

/** A part of a turn as it goes back: nothing of what is empty, and names as the API takes them. */
const echoed = (part: Part): ReadonlyArray<Part> => {
  const { functionCall: call, text } = part
  if (call === undefined) return text === "" ? [] : [part]
  const { args = {}, name = "" } = call
  if (name === "" && Object.keys(args).length === 0) return []
  return [{ functionCall: { ...call, name: ToolCall.spelled(name) } }]
}

describe("GeminiContent.messages", () => {
  const turn = turnsOf("call", "{}")

  const go = { role: "user", text: "Go." } as const

  it("writes every role where it stands, but for the system prompt", () => {
    const written = GeminiContent.messages(conversation(
      { role: "system", text: "Be brief." },
      go,
      turn([{ arguments: "{\"city\":\"Oslo\"}" }, { arguments: { city: "Rome" } }], "Let me see."),
      {
        role: "tool",
        results: [
          { callId: "call_1", name: "weather", text: "3", isError: false },
          { callId: "call_2", name: "weather", text: "{\"error\":{\"type\":\"x\"}}", isError: true }
        ]
      },
      turn([], "Fine.")
    ))
    assert.deepStrictEqual<unknown>(written, [
      { role: "user", parts: [{ text: "Go." }] },
      {
        role: "model",
        parts: [
          { text: "Let me see." },
          { functionCall: { id: "call_1", name: "weather", args: { city: "Oslo" } }, thoughtSignature: skip },
          { functionCall: { id: "call_2", name: "weather", args: { city: "Rome" } } }
        ]
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "call_1", name: "weather", response: { output: 3 } } },
          { functionResponse: { id: "call_2", name: "weather", response: { error: { type: "x" } } } }
        ]
      },
      { role: "model", parts: [{ text: "Fine." }] }
    ])
    assertAccepted(written)
  })

  it("puts no mark in place of a signature where the model wants none", () => {
    const told = conversation(go, turn([{}]), answers("call_1"))
    for (const model of [older, `models/${older}`]) {
      assert.notInclude(JSON.stringify(GeminiContent.messages(told, model)), skip)
    }
    assertAccepted(GeminiContent.messages(told, older), older)
    assert.include(JSON.stringify(GeminiContent.messages(told, newer)), skip)
  })

  it("echoes a turn that came from this wire as it came", () => {
    const message = [{ role: "model", parts: [...opaque, { ...call("a"), thoughtSignature: "CoMDAZ" }, call("b")] }]
    const native = { wire: GeminiContent.wire, message }
    const [echoed] = GeminiContent.messages(conversation({ ...turn([{}], "another text"), native }))
    assert.strictEqual<unknown>(echoed, message[0])
  })

  // G4: a conversation that began with an older model.
  it("marks a turn of Gemini 2 for Gemini 3, and gives its calls no ids", () => {
    const native = { wire: GeminiContent.wire, message: [{ role: "model", parts: [call(), call()] }] }
    const ids = ["noid_1", "noid_2"]
    const told = conversation(go, { ...turn(ids.map((id) => ({ id }))), native }, answers(...ids))
    const written = GeminiContent.messages(told, newer)
    assert.deepStrictEqual(idsOf(written), [[], [undefined, undefined], [undefined, undefined]])
    assertAccepted(written)
    assert.strictEqual<unknown>(GeminiContent.messages(told, older)[1], native.message[0])
  })

  it("leaves out an empty turn, because the API takes no content without parts", () => {
    const native = { wire: GeminiContent.wire, message: [] }
    const written = GeminiContent.messages(conversation(go, turn([]), go, { ...turn([]), native }, go))
    assert.deepStrictEqual(written, [user, user, user])
    assertAccepted(written)
  })

  it("writes no content for no results", () => {
    assert.deepStrictEqual(GeminiContent.messages(conversation(go, { role: "tool", results: [] })), [user])
  })

  it.prop(
    "writes turns of another wire so that they are accepted",
    {
      text: Schema.String,
      calls: Schema.Array(Schema.Union([
        Schema.Record(Schema.String, Schema.Json),
        Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)),
        Schema.String
      ])),
      model: Schema.Literals([older, newer])
    },
    ({ calls, model, text }) => {
      const foreign = turn(calls.map((args) => ({ arguments: args })), text)
      const results = calls.length === 0 ? [] : [answers(...foreign.calls.map(({ id }) => id))]
      assertAccepted(GeminiContent.messages(conversation(go, foreign, ...results), model), model)
    },
    { arbitrary: { runs: 200 } }
  )

  it.each(["3", "null", "[1]", "\"Oslo\"", "true", "{\"city\":"])(
    "writes arguments as an object that are none: %s",
    (args) => {
      const [written] = GeminiContent.messages(conversation(turn([{ arguments: args }])))
      assert.property(written?.parts?.[0]?.functionCall?.args, "unreadable")
    }
  )

  it("writes an empty text as no arguments", () => {
    const [written] = GeminiContent.messages(conversation(turn([{ arguments: "" }])))
    assert.deepStrictEqual(written?.parts?.[0]?.functionCall?.args, {})
  })

  it("spells ids of another wire anew that repeat, are empty, or look made up, in the turn and in its results", () => {
    const round = (id: string) => [turn([{ id }]), answers(id)]
    const written = GeminiContent.messages(
      conversation(go, ...round("call_1"), ...round("call_1"), ...round(""), ...round("noid_1"))
    )
    const ids = idsOf(written).flat()
    assert.strictEqual(new Set(ids).size, 4)
    assert.notInclude(ids, undefined)
    assertAccepted(written)
  })
})

describe("GeminiContent in a loop of one's own", () => {
  it.effect.each([older, newer])("takes three lines beside the official client: %s", (model) =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const client = new GoogleGenAI({ apiKey: "key", httpOptions: { fetch } })
      const contents: Array<Content> = [user]
      const config = { tools: GeminiContent.tools(cities) }
      const ask = Effect.promise(() => client.models.generateContent({ model, contents, config }))
      const response = yield* ask
      const settled = yield* Batch.run(cities, GeminiContent.toolCalls(response))
      contents.push(...GeminiContent.followUp(response, settled))
      assert.strictEqual((yield* ask).text, "I saw: 3, 21")
      assert.deepStrictEqual((yield* requests).map(({ status }) => status), [200, 200])
    }))
})
