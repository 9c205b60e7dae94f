import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { AnthropicMessages } from "@volley/anthropic"
import { Agent, Batch, ChatModel, ChatModelError, Conversation, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { GeminiContent } from "@volley/google"
import { Mcp, McpError } from "@volley/mcp"
import { OpenAiChat, OpenAiResponses } from "@volley/openai"
import { Simulator } from "@volley/simulator"
import { Hostile } from "@volley/testing"
import { Arbitrary, Cause, type Duration, Effect, Redacted, Result, Schema, Stream } from "effect"
import { Command } from "effect/cli"
import { HttpServerRequest } from "effect/http"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, vi } from "vitest"
import { duration, whole } from "../../cli/src/commands/flags.ts"
import * as StandardIo from "../../cli/src/StandardIo.ts"
import * as Wires from "../../cli/src/Wires.ts"
import { http } from "../../mcp/test/support.ts"
import { twoCities } from "../../simulator/test/harness.ts"

/** A tool whose answer names the call that it is for. */
const naming = <P extends Schema.Constraint>(name: string, parameters: P) =>
  Tool.make(name, {
    description: "Names its call.",
    parameters,
    success: Schema.Struct({ id: Schema.String, key: Schema.String }),
    execute: (_parameters, { id, idempotencyKey }) => Effect.succeed({ id, key: idempotencyKey })
  })

interface Tree {
  readonly a?: Tree
}
const Tree: Schema.Codec<Tree> = Schema.Struct({
  a: Schema.optionalKey(Schema.suspend((): Schema.Codec<Tree> => Tree))
})

/** Tools that read the same arguments in different ways. */
const tools = Toolkit.make(
  naming("weather", Schema.Struct({ city: Schema.String })),
  naming("anything", Schema.Record(Schema.String, Schema.Json)),
  naming("tree", Schema.Struct({ city: Schema.Union([Schema.String, Tree]) })),
  Tool.fromJsonSchema("raw", {
    description: "Names its call.",
    parameters: { type: "object", properties: { city: { $ref: "#/$defs/city" } }, $defs: { city: { type: "string" } } },
    execute: (_args, { id }) => Effect.succeed({ id })
  })
)
const toolkit = Toolkit.merge(tools, Toolkit.make(Plan.tool(tools)))

/** Nothing has what a hostile value would have put into a prototype. */
const assertUnpolluted = () => assert.deepStrictEqual(Hostile.pollution(), [])

/** Every call is answered, none of them by a crash, and each by its own result. */
const assertAnswered = (calls: ReadonlyArray<ToolCall.ToolCall>, settled: Batch.Settled<Tool.Any>) => {
  assert.deepStrictEqual(settled.outcomes.map(({ call }) => call), calls)
  for (const { call, encoded, result } of settled.outcomes) {
    assert.notInclude(encoded, "\"type\":\"Defect\"")
    if (Result.isSuccess(result) && call.name !== "plan") assert.include(encoded, JSON.stringify(call.id))
  }
  assertUnpolluted()
}

const layers = {
  "openai-chat": OpenAiChat.layer,
  "openai-responses": OpenAiResponses.layer,
  "anthropic": AnthropicMessages.layer,
  "google": GeminiContent.layer
}

const clientOf = (wire: Wires.Wire, fetch: typeof globalThis.fetch) =>
  layers[wire.name]({ model: wire.model, apiKey: Redacted.make("a-secret-key"), maxRetries: 0, fetch })

/** What goes over a wire when an agent is asked and has two calls answered: its requests and the responses to them. */
const record = Effect.fnUntraced(function*(wire: Wires.Wire, streaming: boolean) {
  const simulator = yield* Simulator.make({ script: () => twoCities })
  const send = yield* Simulator.fetch(simulator.app)
  const sent: Array<{ readonly url: string; readonly headers: Headers; readonly body: string }> = []
  const received: Array<string> = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    sent.push({ url: request.url, headers: request.headers, body: await request.clone().text() })
    const response = await send(request)
    received.push(await response.clone().text())
    return response
  }
  const prompt = "How warm are Oslo and Rome?"
  const { conversation } = yield* Effect.provide(
    Agent.run({ toolkit: tools, prompt, streaming }),
    clientOf(wire, fetch)
  )
  return { first: received[0]!, last: sent[1]!, conversation: jsonOf(JSON.stringify(conversation)) }
})

const jsonOf = (text: string): Schema.Json => JSON.parse(text)

/** The events of a stream. */
const eventsIn = (text: string): Schema.Json =>
  text.split("\n").flatMap((line) => line.startsWith("data: {") ? [jsonOf(line.slice(6))] : [])

/** Events as a client of one's own gives them. */
async function* each(events: unknown): AsyncGenerator<never> {
  yield* isList(events) ? events : []
}

/** The types of the official clients promise events; what comes is another matter. */
const isList = (events: unknown): events is ReadonlyArray<never> => Array.isArray(events)

const partsOf = (wire: Wires.Wire, events: unknown): Stream.Stream<ChatModel.Part, ChatModelError.ChatModelError> => {
  switch (wire.name) {
    case "openai-chat":
      return OpenAiChat.parts(each(events))
    case "openai-responses":
      return OpenAiResponses.parts(each(events))
    case "anthropic":
      return AnthropicMessages.parts(each(events))
    case "google":
      return GeminiContent.parts(each(events))
  }
}

/** Calls once each, as they were told at last: the end of a turn may take back what it told complete, and nothing else. */
const lastTold = (told: ReadonlyArray<ToolCall.ToolCall>): ReadonlyArray<ToolCall.ToolCall> => {
  const byId = new Map<string, ToolCall.ToolCall>()
  for (const call of told) {
    if (byId.has(call.id)) assert.deepStrictEqual({ ...byId.get(call.id), status: "truncated" }, call)
    byId.set(call.id, call)
  }
  return Array.from(byId.values())
}

/** Checks a property of cases that can only be made inside a test. */
const check = Effect.fnUntraced(function*<R = never>(
  cases: Arbitrary.Arbitrary<Hostile.Case>,
  property: (hostile: Hostile.Case) => Effect.Effect<unknown, unknown, R>,
  runs = 80
) {
  const holds = (hostile: Hostile.Case) =>
    Effect.suspend(() => property(hostile)).pipe(Effect.catchDefect(Effect.fail), Effect.as(true))
  const checked = yield* Arbitrary.checkEffect(cases, holds, { runs })
  assert.isUndefined(Arbitrary.formatCheckFailure(checked))
})

/** Checks a property of every case that there is. */
const checkEvery = <R>(
  cases: ReadonlyArray<Hostile.Case>,
  property: (hostile: Hostile.Case) => Effect.Effect<unknown, unknown, R>
) =>
  Effect.forEach(cases, (hostile) =>
    Effect.suspend(() => property(hostile)).pipe(
      Effect.catchCause((cause) => Effect.die(new Error(hostile.changes.join(), { cause: Cause.squash(cause) })))
    ), { discard: true })

const weather: ChatModel.Request = { conversation: Conversation.make("How warm is Oslo?"), toolkit: tools }

/** Asks a model that answers with these bytes; what comes of it is a turn, or a typed error. */
const ask = Effect.fnUntraced(function*(wire: Wires.Wire, streaming: boolean, answer: () => Response) {
  const asked = ChatModel.ChatModel.use((model) =>
    streaming ? Stream.runDrain(model.stream(weather)) : Effect.asVoid(model.generate(weather))
  )
  const ended = yield* Effect.result(Effect.provide(asked, clientOf(wire, async () => answer())))
  if (Result.isFailure(ended)) assert.instanceOf(ended.failure, ChatModelError.ChatModelError)
  assertUnpolluted()
})

// The SDKs print events that they cannot parse before they throw.
beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => {}))
afterAll(() => vi.restoreAllMocks())

for (const wire of Wires.all) {
  describe(`hostile JSON on the wire ${wire.name}`, () => {
    it.effect("is no response, or one whose calls are each answered by their own result", () =>
      Effect.gen(function*() {
        const { first } = yield* record(wire, false)
        const { read } = yield* Effect.promise(wire.load)
        yield* check(
          Hostile.json(jsonOf(first)),
          Effect.fnUntraced(function*({ value }) {
            const turn = read(value)
            if (Result.isFailure(turn)) return assertUnpolluted()
            const { calls, followUp, results } = turn.success
            assert.strictEqual(new Set(calls.map(({ id }) => id)).size, calls.length)
            const settled = yield* Batch.run(toolkit, calls)
            assertAnswered(calls, settled)
            assert.isString(JSON.stringify([followUp(settled), results(settled)]))
          })
        )
      }))

    it.effect("is no turn in events, or one whose calls are told once", () =>
      Effect.gen(function*() {
        const { first } = yield* record(wire, true)
        yield* check(
          Hostile.json(eventsIn(first)),
          Effect.fnUntraced(function*({ value }) {
            const told: Array<ToolCall.ToolCall> = []
            const ended = yield* partsOf(wire, Array.isArray(value) ? value : [value]).pipe(
              Stream.runForEach((part) => Effect.sync(() => part._tag === "Call" && told.push(part.call))),
              Effect.result
            )
            if (Result.isFailure(ended)) assert.instanceOf(ended.failure, ChatModelError.ChatModelError)
            const calls = lastTold(told)
            assertAnswered(calls, yield* Batch.run(toolkit, calls))
          })
        )
      }))

    it.effect.each([false, true])(
      "is an error or a turn where it comes as bytes; streamed: %s",
      (streaming) =>
        Effect.gen(function*() {
          const { first } = yield* record(wire, streaming)
          const headers = { "content-type": streaming ? "text/event-stream" : "application/json" }
          const cases = streaming ? Hostile.raw(first) : Hostile.text(jsonOf(first))
          yield* check(cases, ({ bytes }) => ask(wire, streaming, () => new Response(bytes, { headers })), 50)
        })
    )

    it.effect.each([false, true])("is an error where it comes with the status of one; streamed: %s", (streaming) => {
      const headers = { "content-type": "application/json", "retry-after": "1e999", "retry-after-ms": "1e999" }
      const error = { message: "No.", type: "invalid_request_error", code: 400, details: [{ retryDelay: "1e999s" }] }
      return check(
        Hostile.text({ error }),
        ({ bytes }) => ask(wire, streaming, () => new Response(bytes, { headers, status: 429 })),
        30
      )
    })

    it.effect("is refused by the simulator for what it is, or answered", () =>
      Effect.gen(function*() {
        const { last } = yield* record(wire, false)
        const simulator = yield* Simulator.make({ script: () => twoCities })
        const send = yield* Simulator.fetch(simulator.app)
        yield* check(
          Hostile.text(jsonOf(last.body)),
          Effect.fnUntraced(function*({ bytes }) {
            const request = new Request(last.url, { method: "POST", headers: last.headers, body: bytes })
            const response = yield* Effect.promise(() => send(request))
            assert.isBelow(response.status, 500)
            assert.isObject(yield* Effect.promise(() => response.json()))
            assertUnpolluted()
          })
        )
      }))

    it.effect("is no stored conversation, or one that every wire takes", () =>
      Effect.gen(function*() {
        const { conversation } = yield* record(wire, false)
        yield* check(
          Hostile.json(conversation),
          Effect.fnUntraced(function*({ value }) {
            const read = yield* Effect.option(Schema.decodeUnknownEffect(Conversation.Conversation)(value))
            if (read._tag === "None") return
            for (const { messages } of [OpenAiChat, OpenAiResponses, AnthropicMessages, GeminiContent]) {
              assert.isString(JSON.stringify(messages(read.value)))
            }
            assertUnpolluted()
          })
        )
      }))
  })
}

describe("hostile arguments", () => {
  it.effect.each(tools.tools.map(({ name }) => name))(
    "are an error of their call alone, or run: %s",
    (name) =>
      checkEvery(
        Hostile.every({ city: "Oslo", more: [1] }),
        Effect.fnUntraced(function*({ text, value }) {
          const calls = [text, value, { city: "Rome" }].map((args, index) => ({
            ...ToolCall.make({ id: `call_${index}`, name, index }),
            arguments: args
          }))
          const settled = yield* Batch.run(toolkit, calls)
          assertAnswered(calls, settled)
          assert.isTrue(Result.isSuccess(settled.outcomes[2]!.result))
        })
      )
  )

  it.effect("are an error, or run, as a plan", () => {
    const steps = [
      { id: "a", tool: "anything", arguments: { city: "Oslo" } },
      { id: "b", tool: "weather", arguments: { city: { $ref: "a/key" } } },
      { id: "c", tool: "anything", arguments: { both: [{ $ref: "a" }, { $ref: "b/id" }] } }
    ]
    return checkEvery(
      Hostile.every({ steps }),
      Effect.fnUntraced(function*({ text }) {
        const calls = [ToolCall.make({ id: "call_1", name: "plan", arguments: text })]
        assertAnswered(calls, yield* Batch.run(toolkit, calls))
      })
    )
  })
})

describe("hostile input of the command line", () => {
  it.effect("is refused in one line, or is JSON that every wire can look at", () => {
    const sample = { choices: [{ message: { role: "assistant", content: "Hello." }, finish_reason: "stop" }] }
    return check(
      Hostile.text(sample),
      Effect.fnUntraced(function*({ bytes }) {
        const json = StandardIo.jsonOf(bytes)
        if (Result.isFailure(json)) return assert.match(json.failure.message, /^standard input is /)
        for (const { load } of Wires.all) {
          const { read } = yield* Effect.promise(load)
          assert.isDefined(read(json.success)._tag)
        }
        assertUnpolluted()
      })
    )
  })

  it.effect("is refused as a flag, or is a number and a duration that a batch takes", () => {
    const seen: Array<{ readonly concurrency: number; readonly timeout: Duration.Duration }> = []
    const flags = { concurrency: whole("concurrency", 1), timeout: duration("timeout") }
    const command = Command.make("try", flags, (given) => Effect.sync(() => void seen.push(given)))
    const parse = Command.runWith(command, { version: "1" })
    return check(
      Hostile.text("2"),
      Effect.fnUntraced(function*({ text }) {
        seen.length = 0
        for (const unit of ["", " seconds"]) {
          yield* Effect.ignore(parse([`--concurrency=${text}`, "--timeout=1 second"]))
          yield* Effect.ignore(parse(["--concurrency=1", `--timeout=${text}${unit}`]))
        }
        for (const options of seen) {
          const { outcomes } = yield* Batch.run(toolkit, [ToolCall.make({ id: "a", name: "anything" })], options)
          assert.isTrue(outcomes.every(({ result }) => Result.isSuccess(result)), JSON.stringify(options))
        }
      })
    ).pipe(Effect.provide(NodeServices.layer))
  })
})

describe("hostile requests by their path", () => {
  it.effect.each(["//", "/\\", "/%", "/v1beta/models/%E0%A4%A:generateContent", "/__proto__", `/${"x".repeat(9_999)}`])(
    "are refused by the simulator: %s",
    (path) =>
      Effect.gen(function*() {
        const simulator = yield* Simulator.make({ script: () => twoCities })
        const request = HttpServerRequest.fromWeb(new Request("http://localhost/", { method: "POST", body: "{}" }))
        const { status } = yield* simulator.app.pipe(
          Effect.provideService(HttpServerRequest.HttpServerRequest, request.modify({ url: path }))
        )
        assert.isAtLeast(status, 400)
        assert.isBelow(status, 500)
      })
  )
})

const unknownMethod = () =>
  new Hostile.Case([], () => Buffer.from(`{"jsonrpc":"2.0","id":"ID","error":{"code":-32601,"message":"Not found"}}`))

/** A server of MCP, written by hand, that replies with these bytes; in them `"ID"` is the id of the request. */
const mcpServer = (replies: Record<string, () => Hostile.Case>) =>
  http(async (request, response) => {
    const { id, method } = JSON.parse((await text(request)) || "{}")
    const reply = replies[method]
    if (id === undefined) return response.writeHead(request.method === "POST" ? 202 : 405).end()
    const body = Buffer.from((reply ?? unknownMethod)().bytes).toString("latin1").replaceAll(
      "\"ID\"",
      JSON.stringify(id)
    )
    response.writeHead(200, { "content-type": "application/json" }).end(Buffer.from(body, "latin1"))
  })

describe("hostile results of MCP servers", () => {
  const plain = (result: Schema.Json) => new Hostile.Case([], () => Buffer.from(JSON.stringify(replyOf(result))))
  const replyOf = (result: Schema.Json): Schema.Json => ({ jsonrpc: "2.0", id: "ID", result })
  const hello = {
    protocolVersion: "2025-06-18",
    capabilities: { tools: {} },
    serverInfo: { name: "by hand", version: "1.0.0" }
  }
  const listed = {
    tools: [{ name: "say", inputSchema: { type: "object", properties: { city: { type: "string" } } } }]
  }
  const said = {
    content: [{ type: "text", text: "[1, 2]" }],
    structuredContent: { celsius: 3 },
    isError: false
  }

  it.live("are an error of their call alone, or its result", () =>
    Effect.gen(function*() {
      let answer = plain(said)
      const url = yield* mcpServer({
        "initialize": () => plain(hello),
        "tools/list": () => plain(listed),
        "tools/call": () => answer
      })
      const { toolkit } = yield* Mcp.connect({ name: "shop", prefix: "", url })
      const calls = [ToolCall.make({ id: "a", name: "say" }), ToolCall.make({ id: "b", name: "nobody", index: 1 })]
      yield* checkEvery(
        [...Hostile.every(said), ...Hostile.every({ content: said.content })],
        Effect.fnUntraced(function*(hostile) {
          answer = new Hostile.Case(hostile.changes, () =>
            Buffer.from(`{"jsonrpc":"2.0","id":"ID","result":${hostile.text}}`))
          const { outcomes } = yield* Batch.run(toolkit, calls, { timeout: "100 millis" })
          assert.deepStrictEqual(
            outcomes.map(({ call }) =>
              call
            ),
            calls
          )
          assert.notInclude(outcomes[0]!.encoded, "\"type\":\"Defect\"")
          assertUnpolluted()
        })
      )
    }))

  it.live("are an error of the connection, or its tools", () =>
    Effect.gen(function*() {
      let answer = plain(listed)
      const url = yield* mcpServer({ "initialize": () => plain(hello), "tools/list": () => answer })
      yield* checkEvery(
        Hostile.every(listed.tools),
        Effect.fnUntraced(function*({ changes, text }) {
          answer = new Hostile.Case(
            changes,
            () => Buffer.from(`{"jsonrpc":"2.0","id":"ID","result":{"tools":${text}}}`)
          )
          const server = yield* Effect.result(Effect.scoped(Mcp.connect({ name: "shop", prefix: "", url })))
          if (Result.isFailure(server)) assert.instanceOf(server.failure, McpError.McpError)
          assertUnpolluted()
        })
      )
    }))
})
