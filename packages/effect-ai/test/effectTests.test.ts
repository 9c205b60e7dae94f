/**
 * What effect's own tests of tool handling hold `effect/ai` to, held against tools of Volley on a model of Volley.
 * `effect-tests.md` says which of them are here, and which differ.
 */
import { assert, describe, it } from "@effect/vitest"
import { ChatModel, ChatModelError, type Conversation, Tool, ToolCall, Toolkit } from "@volley/core"
import { EffectAi } from "@volley/effect-ai"
import { ScriptedModel } from "@volley/testing"
import { type Cause, Effect, Fiber, Latch, Layer, Queue, Schema, Stream } from "effect"
import { Chat, LanguageModel, Prompt, type Response } from "effect/ai"
import { TestClock } from "effect/testing"

const parameters = Schema.Struct({ n: Schema.Int })

/** A toolkit of one tool. */
const toolOf = (
  execute: (n: number, call: Tool.Call) => Effect.Effect<number, { readonly problem: string }>,
  approval?: "always" | ((parameters: { readonly n: number }) => boolean)
) =>
  Toolkit.make(Tool.make("work", {
    description: "Works. `n` comes from the user.",
    parameters,
    success: Schema.Int,
    failure: Schema.Struct({ problem: Schema.String }),
    approval,
    execute: ({ n }, call) => execute(n, call)
  }))

type Kit = ReturnType<typeof toolOf>

const work = (...ns: ReadonlyArray<unknown>): ScriptedModel.Turn =>
  ScriptedModel.calls(...ns.map((n) => ({ name: "work", arguments: { n } })))

const lengthOf = (turn: ScriptedModel.Turn): ScriptedModel.Turn => ({ ...turn, finish: "length" })

/** Runs a program with the tools of a toolkit, and a model that gives these turns. */
const scripted = (...steps: ReadonlyArray<ScriptedModel.Step>) => {
  const { layer, requests } = ScriptedModel.make(steps, { repeat: true })
  return { layer: Layer.provide(EffectAi.languageModel, layer), requests }
}

/** A model whose turn is streamed as the test says. */
const open = Effect.gen(function*() {
  const queue = yield* Queue.make<ChatModel.Part, ChatModelError.ChatModelError | Cause.Done>()
  const model = Layer.succeed(ChatModel.ChatModel, {
    generate: () => Effect.die(new Error("it streams")),
    stream: () => Stream.fromQueue(queue)
  })
  const calls = (id: string, n = 1) =>
    Queue.offer(queue, { _tag: "Call", call: ToolCall.make({ id, name: "work", arguments: { n } }) })
  const says = Queue.offer(queue, { _tag: "Text", text: "more" })
  const ends = (turn: ChatModel.Turn) =>
    Effect.andThen(Queue.offer(queue, { _tag: "Turn", turn, response: {} }), Queue.end(queue))
  return { queue, calls, says, ends, layer: Layer.provide(EffectAi.languageModel, model) }
})

type Parts = ReadonlyArray<Response.AnyPart>

/** What of a response is about tools. */
const told = (parts: Parts) =>
  parts.flatMap((part) =>
    part.type === "tool-call" || part.type === "finish" || part.type === "tool-approval-request"
      ? [part.type]
      : part.type === "tool-result"
      ? [part.preliminary ? "preliminary" : part.isFailure ? "failure" : "result"]
      : []
  )

const resultsOf = (parts: Parts) => parts.flatMap((part) => part.type === "tool-result" ? [part.result] : [])

const interrupted = (reason: string) => ({
  type: "execution-interrupted",
  reason: `Tool call execution was interrupted because the response finished with reason "${reason}"`
})

/** Streams a turn; gives its parts as they come, and opens a latch at the first part of a kind. */
const streaming = Effect.fnUntraced(function*(kit: Kit, layer: Layer.Layer<LanguageModel.LanguageModel>) {
  const { layer: handlers, toolkit } = EffectAi.toToolkit(kit)
  const parts: Array<Response.AnyPart> = []
  const seen = { call: Latch.makeUnsafe(), result: Latch.makeUnsafe(), approval: Latch.makeUnsafe() }
  const fiber = yield* LanguageModel.streamText({ prompt: "Go.", toolkit }).pipe(
    Stream.runForEach((part) =>
      Effect.suspend(() => {
        parts.push(part)
        if (part.type === "tool-call") return seen.call.open
        if (part.type === "tool-approval-request") return seen.approval.open
        return part.type === "tool-result" ? seen.result.open : Effect.void
      })
    ),
    Effect.provide(Layer.merge(handlers, layer)),
    Effect.forkChild
  )
  return { fiber, parts, seen }
})

/** A turn in one piece. */
const generated = Effect.fnUntraced(function*(kit: Kit, turn: ScriptedModel.Turn) {
  const { layer, toolkit } = EffectAi.toToolkit(kit)
  const { content } = yield* LanguageModel.generateText({ prompt: "Go.", toolkit }).pipe(
    Effect.provide(Layer.merge(layer, scripted(turn).layer))
  )
  return content
})

/** A tool that says when it started, and when it was interrupted. */
const hanging = () => {
  const started = Latch.makeUnsafe()
  const stopped = Latch.makeUnsafe()
  const kit = toolOf(() => Effect.andThen(started.open, Effect.never).pipe(Effect.onInterrupt(() => stopped.open)))
  return { kit, started, stopped }
}

describe("a turn of effect/ai in one piece", () => {
  it.effect("has the result of a call, the failure of one, and an error for arguments that do not fit", () =>
    Effect.gen(function*() {
      const kit = toolOf((n) => n === 2 ? Effect.fail({ problem: "two" }) : Effect.succeed(n))
      const parts = yield* generated(kit, work(1))
      assert.deepStrictEqual([told(parts), resultsOf(parts)], [["tool-call", "finish", "result"], [1]])
      const [failure] = resultsOf(yield* generated(kit, work(2)))
      assert.deepNestedInclude(failure, { "error.data": { problem: "two" } })
      const [wrong] = resultsOf(yield* generated(kit, work("three")))
      assert.deepNestedInclude(wrong, { "error.type": "InvalidArguments" })
    }))

  it.effect("has no preliminary results", () =>
    Effect.gen(function*() {
      const kit = toolOf((n, { progress }) => Effect.as(progress("half"), n))
      assert.deepStrictEqual(told(yield* generated(kit, work(1))), ["tool-call", "finish", "result"])
    }))

  it.effect.each([["length", "length"], ["refusal", "content-filter"], ["malformed", "error"]] as const)(
    "runs no tool where it ended by %s, and answers its calls",
    ([finish, reason]) =>
      Effect.gen(function*() {
        const ran: Array<number> = []
        const parts = yield* generated(toolOf((n) => Effect.sync(() => ran.push(n))), { ...work(1), finish })
        assert.deepStrictEqual([ran, resultsOf(parts)], [[], [interrupted(reason)]])
      })
  )

  it.effect("keeps arguments as they were sent where the program runs the calls", () =>
    Effect.gen(function*() {
      const { toolkit } = EffectAi.toToolkit(toolOf(Effect.succeed))
      const { toolCalls, toolResults } = yield* LanguageModel.generateText({
        prompt: "Go.",
        toolkit,
        disableToolCallResolution: true
      }).pipe(Effect.provide(scripted(work("21")).layer))
      assert.deepStrictEqual([toolCalls.map(({ params }) => params), toolResults], [[{ n: "21" }], []])
    }))

  it.effect("gives the text with the error where it is no object of the schema", () =>
    Effect.gen(function*() {
      const error = yield* LanguageModel.generateObject({ prompt: "Go.", schema: parameters }).pipe(
        Effect.provide(scripted(ScriptedModel.says("{\"n\":\"x\"}")).layer),
        Effect.flip
      )
      assert.deepInclude(error.reason, { _tag: "StructuredOutputError", responseText: "{\"n\":\"x\"}" })
    }))
})

describe("a streamed turn of effect/ai", () => {
  it.effect("starts a call once the stream has gone on behind it, and ends behind its results", () =>
    Effect.gen(function*() {
      const { calls, ends, layer, says } = yield* open
      const { fiber, parts, seen } = yield* streaming(toolOf(Effect.succeed), layer)
      yield* calls("call_1", 7)
      yield* seen.call.await
      yield* says
      yield* seen.result.await
      yield* ends(work(7))
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([told(parts), resultsOf(parts)], [["tool-call", "result", "finish"], [7]])
    }))

  it.effect("interrupts what is at work where it was cut off, and answers it", () =>
    Effect.gen(function*() {
      const { kit, started, stopped } = hanging()
      const { calls, ends, layer, says } = yield* open
      const { fiber, parts, seen } = yield* streaming(kit, layer)
      yield* calls("call_1")
      yield* seen.call.await
      yield* says
      yield* started.await
      yield* ends(lengthOf(work(1)))
      yield* Fiber.join(fiber)
      yield* stopped.await
      assert.deepStrictEqual(told(parts), ["tool-call", "failure", "finish"])
      assert.deepStrictEqual(resultsOf(parts), [interrupted("length")])
    }))

  it.effect("starts nothing where the end of a turn that was cut off is the next thing", () =>
    Effect.gen(function*() {
      const ran: Array<number> = []
      const { calls, ends, layer } = yield* open
      const { fiber, parts, seen } = yield* streaming(toolOf((n) => Effect.sync(() => ran.push(n))), layer)
      yield* calls("call_1")
      yield* seen.call.await
      yield* ends(lengthOf(work(1)))
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([ran, told(parts)], [[], ["tool-call", "failure", "finish"]])
    }))

  it.effect("keeps the results that were there before it was cut off", () =>
    Effect.gen(function*() {
      const { calls, ends, layer, says } = yield* open
      const { fiber, parts, seen } = yield* streaming(toolOf(Effect.succeed), layer)
      yield* calls("call_1")
      yield* seen.call.await
      yield* says
      yield* seen.result.await
      yield* ends(lengthOf(work(1)))
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([told(parts), resultsOf(parts)], [["tool-call", "result", "finish"], [1]])
    }))

  it.effect("answers no call that waits for approval where it was cut off", () =>
    Effect.gen(function*() {
      const { calls, ends, layer, says } = yield* open
      const { fiber, parts, seen } = yield* streaming(toolOf(Effect.succeed, "always"), layer)
      yield* calls("call_1")
      yield* seen.call.await
      yield* says
      yield* seen.approval.await
      yield* ends(lengthOf(work(1)))
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(told(parts), ["tool-call", "tool-approval-request", "finish"])
    }))

  it.effect("interrupts what is at work where it breaks off", () =>
    Effect.gen(function*() {
      const { kit, started, stopped } = hanging()
      const { calls, layer, queue, says } = yield* open
      const { fiber, seen } = yield* streaming(kit, layer)
      yield* calls("call_1")
      yield* seen.call.await
      yield* says
      yield* started.await
      const reason = new ChatModelError.InvalidRequest({ message: "no" })
      yield* Queue.fail(queue, new ChatModelError.ChatModelError({ wire: "test", reason }))
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.deepInclude(error.reason, { _tag: "InvalidRequestError", description: "test: no" })
      yield* stopped.await
    }))

  it.effect("has progress before the result, and before a failure", () =>
    Effect.gen(function*() {
      const kit = toolOf((n, { progress }) =>
        Effect.andThen(
          Effect.forEach([10, 50, 90], progress),
          n === 2 ? Effect.fail({ problem: "two" }) : Effect.succeed(n)
        )
      )
      for (const [n, end] of [[1, "result"], [2, "failure"]] as const) {
        const { fiber, parts } = yield* streaming(kit, scripted(work(n)).layer)
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(
          told(parts),
          ["tool-call", "preliminary", "preliminary", "preliminary", end, "finish"]
        )
        assert.deepStrictEqual(resultsOf(parts).slice(0, 3), [10, 50, 90])
      }
    }))

  it.effect("has what several calls tell come as it comes", () =>
    Effect.gen(function*() {
      const started = yield* Latch.make()
      const kit = toolOf((n, { progress }) =>
        Effect.gen(function*() {
          yield* progress(`${n}: half`)
          if (n === 2) yield* started.open
          yield* Effect.sleep(n * 1000)
          return n
        })
      )
      const { fiber, parts } = yield* streaming(kit, scripted(work(1, 2)).layer)
      yield* started.await
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(resultsOf(parts), ["1: half", "2: half", 1, 2])
    }))

  it.effect.each([1, 2])(
    "runs %i calls at once where it is told so, each with its id",
    (concurrency) =>
      Effect.gen(function*() {
        const seen = { now: 0, most: 0, ids: new Array<string>() }
        const full = yield* Latch.make()
        const release = yield* Latch.make()
        const kit = toolOf((n, { id }) =>
          Effect.gen(function*() {
            seen.ids.push(id)
            seen.most = Math.max(seen.most, ++seen.now)
            if (seen.now === concurrency) yield* full.open
            yield* release.await
            seen.now--
            return n
          })
        )
        const { layer, toolkit } = EffectAi.toToolkit(kit)
        const fiber = yield* LanguageModel.streamText({ prompt: "Go.", toolkit, concurrency }).pipe(
          Stream.runDrain,
          Effect.provide(Layer.merge(layer, scripted(work(1, 1, 1)).layer)),
          Effect.forkChild
        )
        yield* full.await
        yield* release.open
        yield* Fiber.join(fiber)
        assert.deepStrictEqual([seen.most, seen.ids.sort()], [concurrency, ["call_1", "call_2", "call_3"]])
      })
  )
})

describe("approval in effect/ai", () => {
  /** A chat in which a call waits for approval, and is answered so; gives what the model was asked, and what ran. */
  const decided = Effect.fnUntraced(function*(approved: boolean) {
    const ran: Array<number> = []
    const { layer, toolkit } = EffectAi.toToolkit(
      toolOf((n) => Effect.as(Effect.sync(() => ran.push(n)), n), ({ n }) => n > 1)
    )
    const model = scripted(work(1, 2), ScriptedModel.says("Done."))
    yield* Effect.gen(function*() {
      const chat = yield* Chat.empty
      const { content } = yield* chat.generateText({ prompt: "Go.", toolkit })
      const asked = content.flatMap((part) => part.type === "tool-approval-request" ? [part] : [])
      assert.deepStrictEqual(asked.map(({ toolCallId }) => toolCallId), ["call_2"])
      const answers = asked.map(({ approvalId }) =>
        Prompt.toolApprovalResponsePart({ approvalId, approved, ...(!approved && { reason: "too many" }) })
      )
      yield* chat.generateText({ prompt: [Prompt.toolMessage({ content: answers })], toolkit })
      yield* chat.generateText({ prompt: "Continue.", toolkit })
    }).pipe(Effect.provide(Layer.merge(layer, model.layer)))
    return { ran, asked: model.requests.map(({ conversation }) => conversation.messages) }
  })

  const answersIn = (messages: ReadonlyArray<Conversation.Message> = []) =>
    messages.flatMap((message) => message.role === "tool" ? message.results : [])
      .map(({ callId, isError, text }) => [callId, isError, JSON.parse(text)])

  it.effect("has a call run once where it was allowed, and the model see nothing of the question", () =>
    Effect.gen(function*() {
      const { asked: [, second, third], ran } = yield* decided(true)
      assert.deepStrictEqual(ran, [1, 2])
      assert.deepStrictEqual(second?.map(({ role }) => role), ["user", "assistant", "tool"])
      assert.deepStrictEqual(answersIn(second), [["call_1", false, 1], ["call_2", false, 2]])
      assert.deepStrictEqual(third?.map(({ role }) => role), ["user", "assistant", "tool", "assistant", "user"])
      assert.deepStrictEqual(answersIn(third), answersIn(second))
    }))

  it.effect("has the model read why a call was not allowed", () =>
    Effect.gen(function*() {
      const { asked: [, second], ran } = yield* decided(false)
      assert.deepStrictEqual(ran, [1])
      assert.deepStrictEqual(answersIn(second), [
        ["call_1", false, 1],
        ["call_2", true, { type: "execution-denied", reason: "too many" }]
      ])
    }))
})
