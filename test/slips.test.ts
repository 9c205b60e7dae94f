/**
 * Values of the wrong kind, given to the packages around the core: in plain JavaScript, where no compiler tells of them.
 */
import { assert, describe, it } from "@effect/vitest"
import { AnthropicMessages } from "@volley/anthropic"
import { Conversation, Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { EffectAi } from "@volley/effect-ai"
import { GeminiContent } from "@volley/google"
import { OpenAiChat, OpenAiResponses } from "@volley/openai"
import { Simulator } from "@volley/simulator"
import { Faults, Generate, Laws, Timeline } from "@volley/testing"
import { Effect, Schema } from "effect"

const tool = Tool.make("ping", {
  description: "Answers.",
  parameters: Schema.Struct({}),
  success: Schema.String,
  execute: () => Effect.succeed("pong")
})

/** Calls a function with what its types refuse. */
const given = (call: (...given: ReadonlyArray<never>) => unknown, ...values: ReadonlyArray<unknown>) => () =>
  Reflect.apply(call, undefined, values)

const noClient = "`client` is missing: write { client, model }, with a client of the official SDK."
const noToolkit = "is no toolkit: make it with Toolkit.make."
const noConversation =
  "what is to be sent is no conversation: make it with Conversation.make, or take `conversation` of how an agent ended."
const noSubject =
  "Laws.check: there is nothing to check: give a toolkit, a pipeline, or the options of an agent with its `toolkit`."

const messages = [{ role: "user", content: "Hello!" }]

describe("a value of the wrong kind", () => {
  it.each<readonly [string, () => unknown, string]>([
    [
      "a client in place of options",
      given(OpenAiChat.layerClient, { chat: {} }),
      `OpenAiChat.layerClient: ${noClient}`
    ],
    ["no options", given(OpenAiResponses.layerClient), `OpenAiResponses.layerClient: ${noClient}`],
    [
      "a key in place of a client",
      given(AnthropicMessages.layerClient, { client: "sk" }),
      `AnthropicMessages.layerClient: ${noClient}`
    ],
    [
      "no client",
      given(GeminiContent.layerClient, { model: "gemini-3-pro" }),
      `GeminiContent.layerClient: ${noClient}`
    ],
    ["messages of the API", given(OpenAiChat.messages, messages), `openai-chat: ${noConversation}`],
    ["messages of the API", given(OpenAiResponses.messages, messages), `openai-responses: ${noConversation}`],
    ["messages of the API", given(AnthropicMessages.messages, messages), `anthropic: ${noConversation}`],
    ["messages of the API", given(GeminiContent.messages, messages), `google: ${noConversation}`],
    ["a tool to be made strict", given(OpenAiChat.strict, tool), `What is to be made strict ${noToolkit}`],
    ["a tool to draw calls of", given(Generate.calls, tool), `Generate: what is given ${noToolkit}`],
    ["a tool to draw conversations of", given(Generate.conversations, tool), `Generate: what is given ${noToolkit}`],
    [
      "a tool that is to be faulty",
      given(Faults.toolkit, tool, { seed: 1 }),
      `Faults.toolkit: what is given ${noToolkit}`
    ],
    [
      "a tool under laws",
      given(Laws.check, tool),
      "Laws.check: a tool is no toolkit: write Laws.check(Toolkit.make(tool))."
    ],
    ["nothing under laws", given(Laws.check), noSubject],
    ["options without a toolkit under laws", given(Laws.check, { system: "Answer briefly." }), noSubject],
    [
      "the name of a law",
      given(Laws.check, Toolkit.make(tool), { laws: ["bounded"] }),
      "Laws.check: `laws` has \"bounded\", which is no law: write Laws.bounded."
    ],
    [
      "a settled batch in place of its outcomes",
      given(Timeline.fromOutcomes, { outcomes: [] }),
      "Timeline.fromOutcomes: give a list, as `outcomes` of a batch."
    ],
    ["a durable agent without tools", given(Durable.agent, "clerk", {}), `Durable.agent: what is given ${noToolkit}`],
    ["a tool for effect/ai", given(EffectAi.toToolkit, tool), `EffectAi.toToolkit: what is given ${noToolkit}`],
    [
      "a toolkit of Volley in place of one of effect/ai",
      given(EffectAi.fromToolkit, Toolkit.make(tool)),
      "EffectAi.fromToolkit: what is given is no toolkit of effect/ai: make it with its Toolkit.make."
    ]
  ])("is refused in words that say what to do: %s", (_, run, said) => assert.throws(run, said))

  it.each([[undefined], [{}], [{ script: "Hello." }], ["Hello."]])(
    "is no script, which a simulator says: %o",
    async (options) => {
      const said = await Simulator.start(options as never).then(() => "nothing is thrown", String)
      assert.include(said, "Simulator: `script` is no function: write { script: () => ({ wants:")
    }
  )

  it("leaves a conversation as it is where it is one", () => {
    assert.strictEqual(OpenAiChat.messages(Conversation.make("Hello!")).length, 1)
  })
})
