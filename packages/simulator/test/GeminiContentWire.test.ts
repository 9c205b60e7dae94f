import { assert, describe, it } from "@effect/vitest"
import { ApiError, GoogleGenAI } from "@google/genai"
import * as Effect from "effect/Effect"
import { isObject } from "../src/internal/json.ts"
import * as Simulator from "../src/Simulator.ts"
import { post, twoCities } from "./harness.ts"

const newer = "gemini-3.8-flash"
const older = "gemini-2.5-flash"

const send = (body: unknown, model = newer, headers: Record<string, string> = { "x-goog-api-key": "key" }) =>
  post(`/v1/models/${model}:generateContent`, headers, body)

const skip = "skip_thought_signature_validator"
const user = { role: "user", parts: [{ text: "How is the weather in Oslo and Rome?" }] }
const image = (mimeType: string, data = "AAAA") => ({ parts: [{ inlineData: { mimeType, data } }] })
const said = { role: "model", parts: [{ text: "Hm." }] }
const call = (id?: string, more: object = {}) => ({ functionCall: { id, name: "weather", args: {}, ...more } })
const signed = (id?: string, more: object = {}) => ({ ...call(id, more), thoughtSignature: skip })
const calls = (first: string, ...ids: ReadonlyArray<string>) => ({
  role: "model",
  parts: [signed(first), ...ids.map((id) => call(id))]
})
const result = (id?: string, more: object = {}) => ({
  functionResponse: { id, name: "weather", response: { output: 3 }, ...more }
})
const results = (...ids: ReadonlyArray<string>) => ({ role: "user", parts: ids.map((id) => result(id)) })
const declaration = (more: object = {}) => ({
  name: "weather",
  parametersJsonSchema: { type: "object", properties: {}, additionalProperties: false },
  ...more
})
const declared = (...declarations: ReadonlyArray<object>) => ({
  contents: [user],
  tools: [{ functionDeclarations: declarations }]
})
const request = (more: object = {}) => ({ ...declared(declaration()), ...more })
const conversation = (...contents: ReadonlyArray<object>) => request({ contents: [user, ...contents] })
const parameters = (schema: object) => declared({ name: "weather", parameters: schema })
const city = { type: "OBJECT", properties: { city: { type: "STRING", nullable: true } }, required: ["city"] }
const config = (functionCallingConfig: object) => ({ toolConfig: { functionCallingConfig } })

interface Case {
  readonly row: string
  readonly title: string
  readonly bad: unknown
  readonly good: unknown
  readonly model?: string
  readonly says?: ReadonlyArray<string>
}

const cases: ReadonlyArray<Case> = [
  {
    row: "G1",
    title: "a turn whose calls are not all answered",
    bad: conversation(calls("a", "b", "c"), results("b", "a")),
    good: conversation(calls("a", "b", "c"), results("c", "b", "a")),
    says: ["the number of function response parts is equal to the number of function call parts"]
  },
  {
    row: "G1",
    title: "a turn whose calls nobody answers",
    bad: conversation(calls("a")),
    good: conversation(calls("a"), results("a"))
  },
  {
    row: "4c",
    title: "an image in a result for a model before Gemini 3",
    model: "gemini-2.5-pro",
    bad: conversation({ role: "model", parts: [call()] }, {
      role: "user",
      parts: [result(undefined, image("image/png"))]
    }),
    good: conversation(
      { role: "model", parts: [call()] },
      { role: "user", parts: [result()] },
      { role: "user", parts: image("image/png").parts }
    ),
    says: ["`function_response.parts` is not supported for this model"]
  },
  {
    row: "4c",
    title: "an image of a type that it does not know",
    bad: conversation(calls("a"), { role: "user", parts: [result("a", image("image/svg+xml"))] }),
    good: conversation(calls("a"), { role: "user", parts: [result("a", image("image/png"))] }),
    says: ["Unsupported MIME type: image/svg+xml"]
  },
  {
    row: "shape",
    title: "an image whose data are no base64",
    bad: conversation(calls("a"), { role: "user", parts: [result("a", image("image/png", "?"))] }),
    good: conversation(calls("a"), { role: "user", parts: [result("a", image("image/png"))] })
  },
  {
    row: "G1",
    title: "more results than calls",
    bad: conversation(calls("a"), results("a", "b")),
    good: conversation(calls("a", "b"), results("a", "b"))
  },
  {
    row: "G1",
    title: "results that are split over two contents",
    bad: conversation(calls("a", "b"), results("a"), results("b")),
    good: conversation(calls("a", "b"), results("a", "b"))
  },
  {
    row: "G1",
    title: "a content between a turn and its results",
    bad: conversation(calls("a"), user, results("a")),
    good: conversation(calls("a"), results("a"), user)
  },
  {
    row: "G2",
    title: "results behind no turn with calls",
    bad: conversation(said, results("a")),
    good: conversation(calls("a"), results("a")),
    says: ["function response turn comes immediately after a function call turn"]
  },
  {
    row: "G2",
    title: "results that the model wrote",
    bad: conversation({ ...results("a"), role: "model" }),
    good: conversation(calls("a"), results("a"))
  },
  {
    row: "G3",
    title: "a turn with calls behind another one of the model",
    bad: conversation(said, calls("a"), results("a")),
    good: conversation(said, user, calls("a"), results("a")),
    says: ["function call turn comes immediately after a user turn or after a function response turn"]
  },
  {
    row: "G3",
    title: "a turn with calls at the start",
    bad: request({ contents: [calls("a"), results("a")] }),
    good: conversation(calls("a"), results("a"), calls("b"), results("b"))
  },
  {
    row: "G3",
    title: "calls that the user wrote",
    bad: conversation(said, { ...calls("a"), role: "user" }, results("a")),
    good: conversation(said, user, calls("a"), results("a"))
  },
  {
    row: "4c",
    title: "results whose id no call has",
    bad: conversation(calls("a", "b"), results("a", "x")),
    good: conversation(calls("a", "b"), results("b", "a"))
  },
  {
    row: "4c",
    title: "two calls of one id",
    bad: conversation(calls("a", "a"), results("a", "b")),
    good: conversation(calls("a", "b"), results("a", "b"))
  },
  {
    row: "4c",
    title: "two results of one call",
    bad: conversation(calls("a", "b"), results("a", "a")),
    good: conversation(calls("a", "b"), results("a", "b"))
  },
  {
    row: "4c",
    title: "a result without the id that its call has, beside one with an id",
    bad: conversation(calls("a", "b"), { role: "user", parts: [result("a"), result()] }),
    good: conversation(calls("a", "b"), { role: "user", parts: [result(), result()] })
  },
  {
    row: "4c",
    title: "a result with an id that its call has not",
    model: older,
    bad: conversation({ role: "model", parts: [call()] }, results("a")),
    good: conversation({ role: "model", parts: [call()] }, { role: "user", parts: [result()] })
  },
  {
    row: "4c",
    title: "results without ids in another order",
    model: older,
    bad: conversation({ role: "model", parts: [call(), call(undefined, { name: "time" })] }, {
      role: "user",
      parts: [result(undefined, { name: "time" }), result()]
    }),
    good: conversation({ role: "model", parts: [call(), call(undefined, { name: "time" })] }, {
      role: "user",
      parts: [result(), result(undefined, { name: "time" })]
    })
  },
  {
    row: "G4",
    title: "a turn whose first call has no signature",
    bad: conversation({ role: "model", parts: [call("a"), signed("b")] }, results("a", "b")),
    good: conversation({ role: "model", parts: [{ text: "Hm." }, signed("a"), call("b")] }, results("a", "b")),
    says: ["Function call is missing a thought_signature in functionCall parts.", "`default_api:weather` , position 2"]
  },
  {
    row: "G4",
    title: "a parallel turn that was split",
    bad: conversation(
      calls("a"),
      results("a"),
      { role: "model", parts: [call("b")] },
      results("b")
    ),
    good: conversation(calls("a", "b"), results("a", "b"))
  },
  {
    row: "G5",
    title: "a keyword in parameters that it does not know",
    bad: parameters({ ...city, additionalProperties: false }),
    good: parameters(city),
    says: [
      "Invalid JSON payload received. Unknown name \"additionalProperties\" "
      + "at 'tools[0].function_declarations[0].parameters': Cannot find field."
    ]
  },
  {
    row: "G5",
    title: "such a keyword further down",
    bad: parameters({ ...city, properties: { at: { type: "ARRAY", items: { const: 1 } } } }),
    good: parameters({ ...city, properties: { at: { type: "ARRAY", items: { type: "NUMBER" } } } }),
    says: ["Unknown name \"const\" at 'tools[0].function_declarations[0].parameters.properties[0].value.items'"]
  },
  {
    row: "G6",
    title: "a function name that begins with a digit",
    bad: declared(declaration({ name: "1st" })),
    good: declared(declaration({ name: "first.of:all-1" })),
    says: ["function_declarations[0].name: Invalid function name."]
  },
  {
    row: "G6",
    title: "a function name that is too long",
    bad: declared(declaration({ name: "n".repeat(65) })),
    good: declared(declaration({ name: "n".repeat(64) }))
  },
  {
    row: "G7",
    title: "two functions of one name",
    bad: declared(declaration(), declaration()),
    good: declared(declaration(), declaration({ name: "time" })),
    says: ["Duplicate function declaration found: weather"]
  },
  {
    row: "4a",
    title: "both kinds of schema in one declaration",
    bad: declared(declaration({ parameters: city })),
    good: declared(declaration())
  },
  {
    row: "4a",
    title: "more than 512 functions",
    bad: declared(...Array.from({ length: 513 }, (_, at) => declaration({ name: `f${at}` }))),
    good: declared(...Array.from({ length: 512 }, (_, at) => declaration({ name: `f${at}` })))
  },
  {
    row: "G8",
    title: "a calling config without functions",
    bad: { contents: [user], ...config({ mode: "NONE" }) },
    good: request(config({ mode: "NONE" })),
    says: ["Function calling config is set without function_declarations."]
  },
  {
    row: "4e",
    title: "an allowed function that is not declared",
    bad: request(config({ mode: "ANY", allowedFunctionNames: ["time"] })),
    good: request(config({ mode: "ANY", allowedFunctionNames: ["weather"] }))
  },
  {
    row: "4e",
    title: "allowed functions in another mode",
    bad: request(config({ mode: "AUTO", allowedFunctionNames: ["weather"] })),
    good: request(config({ mode: "VALIDATED", allowedFunctionNames: ["weather"] }))
  },
  {
    row: "G9",
    title: "an OBJECT without properties in parameters",
    bad: parameters({ type: "OBJECT", properties: {} }),
    good: parameters(city),
    says: ["parameters.properties: should be non-empty for OBJECT type"]
  },
  {
    row: "G10",
    title: "a role other than user and model",
    bad: conversation(calls("a"), { ...results("a"), role: "function" }),
    good: conversation(calls("a"), results("a")),
    says: ["Please use a valid role: user, model."]
  },
  { row: "G11", title: "no contents", bad: request({ contents: [] }), good: request() },
  {
    row: "G11",
    title: "a content without parts",
    bad: conversation({ role: "model", parts: [] }, user),
    good: conversation(said, user),
    says: ["* GenerateContentRequest.contents[1].parts: contents.parts must not be empty."]
  },
  {
    row: "G12",
    title: "a signature that it never wrote",
    bad: conversation({ role: "model", parts: [{ ...call("a"), thoughtSignature: "CoMDAX" }] }, results("a")),
    good: conversation(calls("a"), results("a")),
    says: ["Corrupted thought signature."]
  },
  {
    row: "4e",
    title: "JSON asked for beside tools, of a model that takes one of both",
    bad: request({ generationConfig: { responseMimeType: "application/json" } }),
    good: { contents: [user], generationConfig: { responseMimeType: "application/json" } },
    model: older,
    says: ["response mime type: 'application/json' is unsupported"]
  },
  {
    row: "shape",
    title: "a field that it does not know",
    bad: request({ parallel_tool_calls: false }),
    good: request({ generationConfig: { maxOutputTokens: 1 } }),
    says: ["Unknown name \"parallel_tool_calls\": Cannot find field."]
  },
  {
    row: "shape",
    title: "a result that is no object",
    bad: conversation(calls("a"), { role: "user", parts: [result("a", { response: "3" })] }),
    good: conversation(calls("a"), { role: "user", parts: [result("a", { response: { degrees: 3 } })] })
  },
  {
    row: "shape",
    title: "a result without the name of its function",
    bad: conversation(calls("a"), { role: "user", parts: [result("a", { name: undefined })] }),
    good: conversation(calls("a"), results("a"))
  },
  {
    row: "shape",
    title: "arguments that are text",
    bad: conversation({ role: "model", parts: [signed("a", { args: "{}" })] }, results("a")),
    good: conversation(calls("a"), results("a"))
  },
  { row: "JSON", title: "what is no JSON", bad: "{", good: request() }
]

describe("GeminiContentWire.check", () => {
  it.effect.each(cases.map((test) => [test.row, test.title, test] as const))(
    "%s refuses %s",
    ([row, , { bad, good, model, says = [] }]) =>
      Effect.gen(function*() {
        const { body, entry, status } = yield* send(bad, model)
        assert.deepStrictEqual([entry?.row, entry?.wire, status], [row, "google", 400])
        const { error = null } = body
        assert(isObject(error))
        assert.deepInclude(error, { code: 400, status: "INVALID_ARGUMENT" })
        for (const text of says) assert.include(error["message"], text)
        const twin = yield* send(good, model)
        assert.strictEqual(twin.status, 200, JSON.stringify(twin.body))
        const path = `/v1/models/${model ?? newer}:streamGenerateContent?alt=sse`
        const streamed = yield* post(path, { "x-goog-api-key": "key" }, bad)
        assert.deepStrictEqual([streamed.body, streamed.entry?.row], [body, row])
      })
  )

  it.effect("G4 wants no signature from models before Gemini 3", () =>
    Effect.gen(function*() {
      const parts = [call("a")]
      const { status } = yield* send(conversation({ role: "model", parts }, results("a")), older)
      assert.strictEqual(status, 200)
    }))

  it.effect("wants a key that is valid", () =>
    Effect.gen(function*() {
      const none = yield* send(request(), newer, {})
      assert.deepStrictEqual([none.entry?.row, none.status], ["403", 403])
      const wrong = yield* send(request(), newer, { "x-goog-api-key": "invalid" })
      assert.deepStrictEqual([wrong.entry?.row, wrong.status], ["G13", 400])
      assert.include(JSON.stringify(wrong.body), "API_KEY_INVALID")
    }))

  it.effect("takes both versions in the path, logs the model that it names, and knows no other path", () =>
    Effect.gen(function*() {
      const headers = { "x-goog-api-key": "key" }
      for (const version of ["v1", "v1beta"]) {
        const { entry, status } = yield* post(`/${version}/models/${newer}:generateContent`, headers, request())
        assert.deepStrictEqual([entry?.model, status], [newer, 200])
      }
      const counted = yield* post(`/v1/models/${newer}:countTokens`, headers, request())
      assert.deepStrictEqual([counted.entry?.wire, counted.status], ["google", 404])
      assert.deepInclude(counted.body["error"], { status: "NOT_FOUND" })
      const unknown = yield* send(request(), "no-such-model")
      assert.deepStrictEqual([unknown.entry?.row, unknown.status], ["404", 404])
    }))
})

/** The content of an answer, and its calls. */
const contentOf = (body: { readonly [key: string]: unknown }) => {
  const candidates = body["candidates"]
  const candidate: unknown = Array.isArray(candidates) ? candidates[0] : undefined
  assert(isObject(candidate))
  return candidate
}

describe("GeminiContentWire.render", () => {
  it.effect("asks for all missing calls at once, with ids and one signature on Gemini 3", () =>
    Effect.gen(function*() {
      const { body, entry } = yield* send(request())
      const { content = null, finishReason } = contentOf(body)
      assert.strictEqual(finishReason, "STOP")
      assert(isObject(content) && Array.isArray(content["parts"]))
      const [first, ...rest] = content["parts"]
      assert(isObject(first))
      assert.match(String(first["thoughtSignature"]), /^[A-Za-z0-9+/]+=*$/)
      assert.deepStrictEqual<unknown>(rest, [
        { functionCall: { id: "fc_2", name: "weather", args: { city: "Rome" } } }
      ])
      assert.deepStrictEqual(entry?.calls, ["fc_1", "fc_2"])
    }))

  it.effect("gives neither ids nor signatures before Gemini 3", () =>
    Effect.gen(function*() {
      const { body, entry } = yield* send(request(), older)
      assert.deepStrictEqual<unknown>(contentOf(body)["content"], {
        role: "model",
        parts: [
          { functionCall: { name: "weather", args: { city: "Oslo" } } },
          { functionCall: { name: "weather", args: { city: "Rome" } } }
        ]
      })
      assert.deepStrictEqual(entry?.calls, [])
    }))

  it.effect("numbers calls and responses on from the conversation, always the same way", () =>
    Effect.gen(function*() {
      const asked = conversation(calls("a"), results("a"))
      const { body, entry } = yield* send(asked)
      assert.strictEqual(body["responseId"], "response_2")
      assert.deepStrictEqual(entry?.calls, ["fc_2", "fc_3"])
      assert.deepStrictEqual((yield* send(asked)).body, body)
    }))

  it.effect("answers where functions are switched off", () =>
    Effect.gen(function*() {
      const { body } = yield* send(request(config({ mode: "NONE" })))
      assert.deepStrictEqual<unknown>(contentOf(body)["content"], { role: "model", parts: [{ text: "I saw: " }] })
    }))

  it.effect("counts prompt, answer and thoughts each in a field of its own", () =>
    Effect.gen(function*() {
      const { body, entry } = yield* send(request())
      const usage = body["usageMetadata"] ?? null
      assert(isObject(usage))
      const { candidatesTokenCount, promptTokenCount, thoughtsTokenCount, totalTokenCount } = usage
      assert.strictEqual(promptTokenCount, entry?.inputTokens)
      assert.strictEqual(Number(candidatesTokenCount) + Number(thoughtsTokenCount), entry?.outputTokens)
      assert.strictEqual(totalTokenCount, (entry?.inputTokens ?? 0) + (entry?.outputTokens ?? 0))
      assert.notProperty((yield* send(request(), older)).body["usageMetadata"], "thoughtsTokenCount")
    }))

  it.effect("signs a call so that it holds for that call alone", () =>
    Effect.gen(function*() {
      const { content = null } = contentOf((yield* send(request())).body)
      const answered = results("fc_1", "fc_2")
      assert(isObject(content))
      assert.strictEqual((yield* send(conversation(content, answered))).status, 200)
      const edited: unknown = JSON.parse(JSON.stringify(content).replace("Oslo", "Paris"))
      const { entry } = yield* send(conversation(Object(edited), answered))
      assert.strictEqual(entry?.row, "G12")
    }))
})

describe("the google client", () => {
  const contents = [user]
  const connect = Effect.gen(function*() {
    const { google, requests } = yield* Simulator.serve({ script: () => twoCities })
    return { client: new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: google } }), requests }
  })
  const tools = [{ functionDeclarations: [{ name: "weather" }] }]

  it.live.each([newer, older])("plays a turn of two calls and its follow-up: %s", (model) =>
    Effect.gen(function*() {
      const { client, requests } = yield* connect
      const first = yield* Effect.promise(() => client.models.generateContent({ model, contents, config: { tools } }))
      const asked = first.functionCalls ?? []
      assert.deepStrictEqual(asked.map(({ id }) => id), model === newer ? ["fc_1", "fc_2"] : [undefined, undefined])
      const parts = asked.map(({ id, name = "" }, at) => ({
        functionResponse: { ...(id !== undefined && { id }), name, response: { output: at } }
      }))
      const turn = first.candidates?.[0]?.content
      const second = yield* Effect.promise(() =>
        client.models.generateContent({
          model,
          contents: [...contents, ...(turn ? [turn] : []), { role: "user", parts }],
          config: { tools }
        })
      )
      assert.strictEqual(second.text, "I saw: 0, 1")
      assert.deepStrictEqual((yield* requests).map(({ status, wire }) => [status, wire]), [
        [200, "google"],
        [200, "google"]
      ])
    }))

  it.live("throws its own error for a refusal", () =>
    Effect.gen(function*() {
      const { client } = yield* connect
      const error = yield* Effect.flip(Effect.tryPromise({
        try: () => client.models.generateContent({ model: "no-such-model", contents }),
        catch: (error) => error
      }))
      assert.instanceOf(error, ApiError)
      assert.strictEqual(error.status, 404)
    }))
})
