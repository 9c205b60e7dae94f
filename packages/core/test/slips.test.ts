/**
 * Values of the wrong kind, and options that belong elsewhere: slips that were once taken in silence, or ended in words of
 * JavaScript.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Batch, ChatModel, Conversation, Limits, Pipeline, Tool, ToolCall, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Cause, Effect, Exit, Schema, Stream } from "effect"
import { acting } from "./support.ts"

const tool = acting("tool", () => Effect.succeed(""))
const toolkit = Toolkit.make(tool)
const model = ScriptedModel.layer([ScriptedModel.says("Hello.")])
const calls = [ToolCall.make({ id: "c", name: "tool" })]
const description = "For tests."

const retrying = { concurrency: 1, retries: 3 }

const ofAgents = { concurrency: 1, runner: {} }

const agent = (more: object) => Agent.run({ toolkit, prompt: "Hi!", ...more })
const batch = (options: object) => Batch.run(toolkit, calls, options)
const make = (more: object) => () =>
  Tool.make("t", { description, parameters: Schema.Struct({}), success: Schema.String, ...more })
const asTool = (more: object) => () => Agent.asTool("t", { description, toolkit, ...more })

const noPrompt =
  "Agent: `prompt` is neither text, nor a list of content, nor a conversation: write \"Hi!\", or take `conversation` of how an agent ended."
const noConversation =
  "is no conversation: make it with Conversation.make, or take `conversation` of how an agent ended."
const noLimits = "`limits` are of tools: Limits.layer shares them."
const noMessage = "is no message: make it with Conversation.user, or take `message` of a turn."

describe("a slip", () => {
  it.effect.each<readonly [string, Effect.Effect<unknown, unknown, ChatModel.ChatModel>, string, string?]>([
    ["a number as the system prompt", agent({ system: 5 }), "Agent: `system` is no text: write \"Answer briefly.\"."],
    ["a number as a name", agent({ name: 5 }), "Agent: `name` is no text: write \"support\"."],
    [
      "a number as prices",
      agent({ pricing: 5 }),
      "Agent: `pricing` has no rates by model: write { \"gpt-x\": { input: 2, output: 8 } }, for a million tokens."
    ],
    [
      "rates without the name of a model",
      agent({ pricing: { input: 2, output: 8 } }),
      "Agent: `pricing` has no rates by model: write { \"gpt-x\": { input: 2, output: 8 } }, for a million tokens."
    ],
    ["a number as a prompt", agent({ prompt: 5 }), noPrompt],
    ["an object as a prompt", agent({ prompt: { text: "Hi!" } }), noPrompt],
    ["messages that are no list", agent({ prompt: { runId: "r", messages: "Hi!" } }), noPrompt],
    ["messages of another library", agent({ prompt: { messages: [{ role: "user", content: "Hi!" }] } }), noPrompt],
    ["a conversation without its id", agent({ prompt: { messages: [Conversation.user("Hi!")] } }), noPrompt],
    [
      "another word for what to do at a limit",
      agent({ atLimit: "stop" }),
      "Agent: `atLimit` is neither \"answer\" nor \"fail\"."
    ],
    [
      "a function that steers",
      agent({ steer: () => [] }),
      "Agent: `steer` is no Effect: write Effect.sync(() => [\"Faster!\"])."
    ],
    [
      "no function for what is left",
      agent({ onInterrupt: 5 }),
      "Agent: `onInterrupt` is no function: write (left) => store(left.conversation)."
    ],
    ["a text as a time", agent({ startedAt: "now" }), "Agent: `startedAt` is no number: write Date.now()."],
    [
      "a text for yes or no",
      agent({ streaming: "false" }),
      "Agent: `streaming` is neither true nor false."
    ],
    [
      "what was spent as a number",
      agent({ spent: 5 }),
      "Agent: `spent` is not what an agent spent: give what an AgentRecorder was told."
    ],
    ["a number as options of batches", agent({ batch: 5 }), "Agent: `batch` is no object: write { concurrency: 4 }."],
    [
      "a model, which comes as a Layer",
      agent({ model }),
      "Agent: `model` is for promises: a model comes as a Layer, as in Effect.provide(Agent.run(options), layer)."
    ],
    [
      "a signal, which only promises need",
      agent({ signal: AbortSignal.timeout(30_000) }),
      "Agent: `signal` is for promises: run it as one."
    ],
    [
      "a function that approves, which comes as a Layer",
      agent({ approve: () => "allowed" }),
      "Agent: `approve` is for promises: run it as one."
    ],
    [
      "retries inside `batch`",
      agent({ batch: { retries: 3 } }),
      "Agent: there is no option `retries`: write `retry`."
    ],
    [
      "no options of a stream",
      Effect.suspend(() => Stream.runDrain(Agent.stream<typeof tool>(undefined as never))),
      "Agent: give options, such as { toolkit, prompt }."
    ],
    [
      "retries under another name",
      batch({ retries: 3 }),
      "Batch.Options: there is no option `retries`: write `retry`."
    ],
    [
      "retries of a runner under another name",
      Batch.make(retrying),
      "Batch.Options: there is no option `retries`: write `retry`."
    ],
    [
      "retries of a runner as a number",
      Batch.make({ retry: 3 as never }),
      "Batch.Options.retry is 3: give a schedule, such as Schedule.recurs(3).",
      "RangeError"
    ],
    [
      "a time of a runner that is none",
      Batch.make({ timeout: "soon" as never }),
      "Batch.Options.timeout is \"soon\": give a duration such as \"2 seconds\", or \"unbounded\".",
      "RangeError"
    ],
    [
      "a signal of a batch",
      batch({ signal: AbortSignal.timeout(30_000) }),
      "Batch.Options: `signal` is for promises: run it as one."
    ],
    ["limits of a batch", batch({ limits: [Limits.concurrency(1)] }), `Batch.Options: ${noLimits}`],
    ["limits of an agent", agent({ limits: [Limits.concurrency(1)] }), `Agent: ${noLimits}`],
    [
      "a runner of a pipeline",
      Pipeline.run(Pipeline.make((call) => ({ step: call(tool, {}) })), ofAgents),
      "Batch.Options: `runner` is of agents: use its own `run`, or share limits by Limits.layer."
    ],
    [
      "a conversation under its own name",
      agent({ prompt: undefined, conversation: Conversation.make("Hi!") }),
      "Agent: there is no option `conversation`: write `prompt`."
    ],
    [
      "a text for yes or no, in a batch",
      batch({ failFast: "false" }),
      "Batch.Options: `failFast` is neither true nor false."
    ],
    [
      "another word for an order",
      batch({ undeclared: "serial" }),
      "Batch.Options: `undeclared` is neither \"parallel\" nor \"ordered\"."
    ],
    [
      "no function that listens",
      batch({ onCall: 5 }),
      "Batch.Options: `onCall` is no function: write (event) => Console.log(event._tag)."
    ],
    [
      "null for options",
      Batch.run(toolkit, calls, null as never),
      "Batch.Options is no object: write { concurrency: 4 }."
    ],
    [
      "a number for options",
      Batch.run(toolkit, calls, 5 as never),
      "Batch.Options is no object: write { concurrency: 4 }."
    ],
    [
      "a number for options of a runner",
      Batch.make(4 as never),
      "Batch.Options is no object: write { concurrency: 4 }."
    ],
    [
      "a toolkit for a runner",
      Batch.make(toolkit as never),
      "Batch.Options: a toolkit stands where options do: give it to `run`, and options behind the calls."
    ],
    [
      "a number for the id of a run",
      batch({ runId: 5 }),
      "Batch.Options: `runId` is no text: write one that says which conversation it is, such as \"order 7\"."
    ],
    [
      "a number for options of a batch on a runner",
      Effect.flatMap(Batch.make(), ({ run }) => run(toolkit, calls, 5 as never)),
      "Batch.Options is no object: write { concurrency: 4 }."
    ],
    [
      "a text for yes or no, in a pipeline",
      Pipeline.run(Pipeline.make((call) => ({ step: call(tool, {}) })), { failFast: "false" as never }),
      "Batch.Options: `failFast` is neither true nor false."
    ]
  ])("ends an Effect in words that say what to do: %s", ([, run, said, error = "TypeError"]) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Effect.provide(run, model))
      assert.strictEqual(Exit.isFailure(exit) && String(Cause.squash(exit.cause)), `${error}: ${said}`)
    }))

  it.each<readonly [string, () => Promise<unknown>, string]>([
    [
      "null for options",
      () => Batch.runPromise(toolkit, calls, null as never),
      "Batch.Options is no object: write { concurrency: 4 }."
    ],
    [
      "a number as the system prompt",
      () => Agent.runPromise({ toolkit, prompt: "Hi!", model, system: 5 as never }),
      "Agent: `system` is no text: write \"Answer briefly.\"."
    ],
    [
      "what steers as a list",
      () => Agent.runPromise({ toolkit, prompt: "Hi!", model, steer: ["Faster!"] as never }),
      "Agent: `steer` is no function: write () => [\"Faster!\"]."
    ]
  ])("rejects in words that say what to do: %s", async (_, run, said) => {
    assert.include(await run().then(() => "nothing is thrown", String), said)
  })

  it.effect("in the options of a provider fails each request in such words", () =>
    Effect.gen(function*() {
      const options = { apiKey: "key", retries: 3 }
      const made = yield* ChatModel.reached("parrot", options, () => assert.fail("a client was made"))
      const { reason } = yield* Effect.flip(made.generate({ conversation: Conversation.make("Hi!") }))
      assert.strictEqual(reason.message, "there is no option `retries`: write `maxRetries`")
    }))

  it.each<readonly [string, () => unknown, string]>([
    [
      "a tool and a time at once",
      () => Reflect.apply(Tool.hedge, undefined, [tool, "1 second"]),
      "Tool.hedge: argument 1 is a tool: write Tool.hedge(\"1 second\")(tool)."
    ],
    [
      "no time",
      () => Reflect.apply(Tool.hedge, undefined, []),
      "Tool.hedge: the time is undefined: give a duration such as \"2 seconds\"."
    ],
    [
      "a text for yes or no",
      make({ readOnly: "false" }),
      "Tool \"t\": `readOnly` is neither true nor false."
    ],
    [
      "a number for yes or no",
      make({ idempotent: 1 }),
      "Tool \"t\": `idempotent` is neither true nor false."
    ],
    [
      "a key that is none",
      () => Tool.breaker(tool, { key: 5 as never }),
      "Tool.breaker: `key` is neither text nor a function: write \"search\", or ({ host }) => host."
    ],
    [
      "no function for what counts",
      () => Tool.breaker(tool, { isOutage: true as never }),
      "Tool.breaker: `isOutage` is no function: write (failure) => failure.status === 503."
    ],
    [
      "a key in place of options",
      () => Tool.breaker(tool, "search" as never),
      "Tool.breaker: argument 2 is no object: write { key: \"search\" }."
    ],
    [
      "a number as the system prompt of a tool",
      asTool({ system: 5 }),
      "Tool \"t\": `system` is no text: write \"Answer briefly.\"."
    ],
    [
      "a text as what a tool asks",
      asTool({ prompt: "Hi!" }),
      "Tool \"t\": `prompt` is no function: give one that takes the parameters, and gives what to ask."
    ],
    [
      "a number as a system prompt",
      () => Conversation.make("Hi!", { system: 5 as never }),
      "Conversation.make: `system` is no text: give one, such as \"Answer briefly.\"."
    ],
    [
      "a system prompt in place of options",
      () => Conversation.make("Hi!", "Answer briefly." as never),
      "Conversation.make: argument 2 is no object: write { system: \"Answer briefly.\" }."
    ],
    [
      "settled calls in place of their outcomes",
      () => Conversation.answers({ outcomes: [] } as never),
      "Conversation: what was settled is no list: give one of outcomes, as `outcomes` of a batch."
    ],
    [
      "parameters, and nothing that asks with them",
      asTool({ parameters: Schema.Struct({ city: Schema.String }) }),
      "Tool \"t\": `prompt` is no function: give one that takes the parameters, and gives what to ask."
    ],
    [
      "an object for the key of a limit",
      () => Limits.concurrency(2, { key: "search" } as never),
      "Limits.concurrency: the key is no text: give one, such as \"search\"."
    ],
    [
      "a number for the key of a rate",
      () => Limits.rate({ limit: 1, window: "1 second", key: 5 as never }),
      "Limits.rate: the key is no text: give one, such as \"search\"."
    ],
    [
      "a key in place of options of a limit",
      () => Limits.backOff("search" as never),
      "Limits.backOff: what is given is no object: write { key: \"search\" }."
    ],
    [
      "a text behind a conversation",
      () => Conversation.append(Conversation.make("Hi!"), "More." as never),
      `Conversation.append: argument 2 ${noMessage}`
    ],
    [
      "a list of messages behind a conversation",
      () => Conversation.append(Conversation.make("Hi!"), [Conversation.user("More.")] as never),
      `Conversation.append: argument 2 ${noMessage}`
    ],
    [
      "a list of messages in place of a conversation, to append to",
      () => Conversation.append([] as never, Conversation.user("Hi!")),
      `Conversation.append: argument 1 ${noConversation}`
    ],
    [
      "a list of messages in place of a conversation, to find what is pending",
      () => Conversation.pending([Conversation.user("Hi!")] as never),
      `Conversation.pending: argument 1 ${noConversation}`
    ],
    [
      "messages without a run id in place of a conversation, to put decisions in",
      () => Conversation.decided({ messages: [] } as never, []),
      `Conversation.decided: argument 1 ${noConversation}`
    ],
    [
      "a conversation that was written as text, and not read again",
      () => Conversation.close(JSON.stringify(Conversation.make("Hi!")) as never),
      `Conversation.close: argument 1 ${noConversation}`
    ]
  ])("is refused in words that say what to do: %s", (_, run, said) => assert.throws(run, said))
})
