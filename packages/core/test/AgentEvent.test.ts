import { assert, describe, it } from "@effect/vitest"
import { Agent, AgentEvent, ChatModelError, Json, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Cause, Effect, Logger, Result, Schema, Stream } from "effect"
import { acting, recordingLogger } from "./support.ts"

const secret = "s3cret-of-the-host"

const look = Tool.make("look", {
  description: "Looks.",
  parameters: Schema.Struct({}),
  success: Schema.Struct({ seen: Schema.String }),
  content: ({ seen }) => [{ type: "text", text: `I saw ${seen.length} letters.` }],
  readOnly: true,
  execute: (_, call) => Effect.as(call.progress({ part: 1 }), { seen: secret })
})
const crash = acting("crash", () => Effect.die(new Error(secret)))
const inner = Agent.asTool("inner", { description: "Inner.", toolkit: Toolkit.make(crash), system: `be ${secret}` })
const toolkit = Toolkit.make(look, inner)

const native = { wire: "scripted", message: { secret } }

const turn = ScriptedModel.calls({ name: "look" }, { name: "inner", arguments: { task: "Crash." } }, {
  name: "look",
  arguments: "{"
})

const model = (last: ScriptedModel.Step) =>
  ScriptedModel.layer(({ conversation: { messages } }) => {
    const isInner = JSON.stringify(messages).includes("Crash.") && messages.length < 5 && messages[0]?.role === "system"
      && messages[0].text === `be ${secret}`
    const turns = messages.filter(({ role }) => role === "assistant").length
    if (isInner) return turns === 0 ? ScriptedModel.calls({ name: "crash" }) : ScriptedModel.says("It crashed.")
    return turns === 0 ? { ...turn, message: { ...turn.message, native } } : last
  })

const agent = Agent.stream({ toolkit, prompt: "Go on.", system: secret })

describe("AgentEvent.encode", () => {
  it.effect("writes every event as JSON of its schema, without what is the host's alone", () =>
    Effect.gen(function*() {
      const events = yield* Effect.provide(Stream.runCollect(agent), model(ScriptedModel.says("Done.")))
      const written = events.map(AgentEvent.encode)
      const text = JSON.stringify(written)
      assert.notInclude(text, secret)
      const read = Schema.decodeUnknownResult(Schema.Array(AgentEvent.AgentEvent))(Result.getOrThrow(Json.parse(text)))
      assert.deepStrictEqual(Result.getOrThrow(read), written)
      assert.deepStrictEqual(written.map(({ _tag }) => _tag), events.map(({ _tag }) => _tag))
      const settled = written.flatMap((event) => event._tag === "CallSettled" ? [[event.call.id, event.isError]] : [])
      assert.sameDeepMembers(settled, [["call_1", false], ["call_3", true], ["call_2", false]])
      assert.deepInclude(written.at(-1), { _tag: "Answer", text: "Done.", limited: false })
      assert.isTrue(written.some((event) => event._tag === "Nested" && event.event._tag === "CallSettled"))
    }).pipe(Effect.provide(Logger.layer([]))))
})

describe("AgentEvent.toSse", () => {
  it("says that events of promises are written one by one", () => {
    const events = Agent.iterate({ toolkit, prompt: "Hi!", model: ScriptedModel.layer([]) })
    assert.throws(
      () => AgentEvent.toSse(events as never),
      "AgentEvent.toSse: this is no stream: give Agent.stream(options), or write JSON.stringify(AgentEvent.encode(event)) "
        + "for each event of Agent.iterate."
    )
  })

  it.effect("writes server-sent events, one behind the other", () =>
    Effect.gen(function*() {
      const lines = yield* Effect.provide(
        Stream.runCollect(AgentEvent.toSse(agent)),
        model(ScriptedModel.says("Done."))
      )
      assert.match(
        lines[0]!,
        /^id: 1\nevent: TurnStarted\ndata: \{.*\}\n\n$|^event: TurnStarted\nid: 1\ndata: \{.*\}\n\n$/
      )
      assert.include(lines.at(-1)!, "event: Answer\n")
      assert.isTrue(lines.every((line) => line.endsWith("\n\n") && line.split("\n").length === 5))
    }).pipe(Effect.provide(Logger.layer([]))))

  it.effect("ends with what may be said of an error", () =>
    Effect.gen(function*() {
      const reason = new ChatModelError.RateLimited({ message: secret, retryAfterMillis: undefined })
      const lines = yield* Effect.provide(
        Stream.runCollect(AgentEvent.toSse(agent)),
        model(ScriptedModel.fails(reason))
      )
      assert.include(lines.at(-1)!, `"reason":"RateLimited","message":"The model gave no turn.","mayPass":true`)
      assert.notInclude(lines.join(), secret)
    }).pipe(Effect.provide(Logger.layer([]))))

  it.effect("ends with no more than that where the agent crashed, which is logged", () => {
    const { layer, lines } = recordingLogger()
    return Effect.gen(function*() {
      const events = Stream.concat(Stream.take(agent, 1), Stream.die(new Error(secret)))
      const written = yield* Effect.provide(Stream.runCollect(AgentEvent.toSse(events)), model(ScriptedModel.says("")))
      assert.include(written.at(-1)!, `"message":"The agent crashed."`)
      const reason = new ChatModelError.RateLimited({ message: secret, retryAfterMillis: undefined })
      const failed = Cause.fail(new ChatModelError.ChatModelError({ wire: "w", reason }))
      assert.deepInclude(AgentEvent.failed(Cause.combine(failed, Cause.die("bug")), 0), { reason: "Defect" })
      assert.notInclude(written.join(), secret)
      assert.strictEqual(lines.at(-1)?.text, "An agent crashed")
    }).pipe(Effect.provide(layer))
  })
})
