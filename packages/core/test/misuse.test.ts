/**
 * What people give who know another library, or who forget something: in plain JavaScript, where no compiler tells them.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Access,
  Agent,
  Batch,
  type ChatModel,
  Content,
  Conversation,
  Limits,
  Pipeline,
  Tool,
  ToolCall,
  Toolkit
} from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Cause, Duration, Effect, Exit, Schedule, Schema } from "effect"
import { expectTypeOf } from "vitest"
import { z } from "zod"
import { acting, recordingLogger, shown } from "./support.ts"

const tool = acting("tool", () => Effect.succeed(""))
const toolkit = Toolkit.make(tool)
const model = ScriptedModel.layer([ScriptedModel.says("Hello.")])
const description = "For tests."
const calls = [ToolCall.make({ id: "c", name: "tool" })]

const fromFunction = (more: object) => () =>
  Tool.fromFunction("t", { description, parameters: z.object({}), execute: async () => "", ...more })
const make = (more: object) => () =>
  Tool.make("t", { description, parameters: Schema.Struct({}), success: Schema.String, ...more })
const batch = (options: object) => () => Batch.runPromise(toolkit, calls, options)
const agent = (more: object) => () => Agent.runPromise({ toolkit, prompt: "Hi!", model, ...more })

const misspeltBound = { timeout: "5 seconds", concurency: 1 } as const
const misspeltRounds = { maxRound: 1 }
const misspeltTrait = { readonly: true }
const ofOthers = { concurrency: 1, abortSignal: new AbortController().signal }
const ofBatches = { retry: Schedule.recurs(1) }

const noBatchOption = (name: string) =>
  `Agent: there is no option \`${name}\`: write it inside \`batch\`, as in batch: { ${name} }.`
const noContent =
  "Conversation.user: part 1 is no content: give a text, or a list of what Content.text, Content.image and Content.document make; "
  + "messages of a whole conversation are a Conversation."
const noData = (part: number) =>
  `Conversation.user: the data of part ${part} are no base64: give bytes, or base64 text without "data:…," before it.`
const noOther = (needs: string) => `Tool "t": there is no option \`${needs}`

describe("what plain JavaScript gives", () => {
  it.each<readonly [what: string, run: () => unknown, said: string]>([
    [
      "the fields of an object in place of its schema",
      fromFunction({ parameters: { city: z.string() } }),
      "Tool \"t\": `parameters` is no schema, but an object of schemas: write z.object({ ... }), or the same of your library."
    ],
    [
      "the same for a result",
      fromFunction({ success: { city: Schema.String } }),
      "Tool \"t\": `success` is no schema, but an object of schemas: write Schema.Struct({ ... }), or the same of your library."
    ],
    [
      "messages as failures of an Effect",
      make({ failure: "message" }),
      "Tool \"t\": `failure: \"message\"` is for Tool.fromFunction: give a schema of the failures, or Schema.String."
    ],
    [
      "the parameters under the name that others use",
      () => Tool.fromFunction("t", { description, inputSchema: z.object({}), execute: async () => "" } as never),
      noOther("inputSchema`: write `parameters`.")
    ],
    [
      "the function under the name that others use",
      () => Tool.fromFunction("t", { description, parameters: z.object({}), handler: async () => "" } as never),
      noOther("handler`: write `execute`.")
    ],
    [
      "the handler of an Effect under the name that others use",
      make({ handler: () => Effect.succeed("") }),
      noOther("handler`: write `execute`.")
    ],
    [
      "approval under the name that others use: such a tool would run unasked",
      fromFunction({ needsApproval: true }),
      noOther("needsApproval`: write `approval`.")
    ],
    [
      "what a model reads under the name that others use",
      make({ toModelOutput: () => [] }),
      noOther("toModelOutput`: write `content`.")
    ],
    [
      "an option of an agent that is a tool, misspelt",
      () => Agent.asTool("t", { description, toolkit, ...misspeltRounds }),
      noOther("maxRound`: write `maxRounds`.")
    ],
    [
      "what such a tool says of itself, misspelt",
      () => Agent.asTool("t", { description, toolkit, ...misspeltTrait }),
      noOther("readonly`: write `readOnly`.")
    ],
    [
      "what makes failures, and no schema of them",
      fromFunction({ catch: () => "no" }),
      "Tool \"t\": `catch` makes failures, and nothing says which: give a schema of them as `failure`."
    ],
    [
      "a schema of failures that nothing makes",
      fromFunction({ failure: z.object({ code: z.string() }) }),
      "Tool \"t\": nothing makes a failure: give `catch`, which makes one of what was thrown, or an error class as `failure`."
    ],
    [
      "no rate",
      () => Limits.rate(undefined as never),
      "Limits.rate: give { limit, window }, such as { limit: 10, window: \"1 second\" }."
    ],
    [
      "a rate as two arguments",
      () => Reflect.apply(Limits.rate, undefined, [10, "1 second"]),
      "Limits.rate: give { limit, window }, such as { limit: 10, window: \"1 second\" }."
    ],
    [
      "an object for a number of calls",
      () => Limits.concurrency({ limit: 2 } as never),
      "Limits.concurrency: the limit is {\"limit\":2}; give a whole number from 1 on."
    ],
    [
      "a text for a number of calls",
      () => Limits.concurrency("2" as never),
      "Limits.concurrency: the limit is \"2\"; give a whole number from 1 on."
    ],
    [
      "a time below zero",
      () => Limits.rate({ limit: 1, window: Duration.seconds(-1) }),
      "Limits.rate: the window is -1000 millis: give a duration such as \"2 seconds\"."
    ],
    [
      "an object of tools",
      () => Toolkit.make({ tool } as never),
      "Toolkit.make: argument 1 is an object of tools: write Toolkit.make(...Object.values(tools))."
    ],
    [
      "a tool that writes to be asked twice",
      () => Tool.hedge("1 second")(acting("pay", () => Effect.succeed(""), { readOnly: false }) as never),
      "Tool.hedge: \"pay\" is not `readOnly`, and its calls must not run twice."
    ],
    [
      "a tool that writes to be asked once for several",
      () => Tool.coalesce(acting("pay", () => Effect.succeed(""), { readOnly: false }) as never),
      "Tool.coalesce: \"pay\" is not `readOnly`, and its calls must not run once for several."
    ],
    [
      "a promise of steps",
      () => Pipeline.make((async () => ({})) as never),
      "Pipeline.make: what is returned is a promise: declare the calls without async and await; none of them runs yet."
    ],
    [
      "an address for the data of an image",
      () => Conversation.make([Content.text("What is this?"), Content.image("image/png", "https://a.org/a.png")]),
      noData(2)
    ],
    [
      "data with their media type before them",
      () => Conversation.user([Content.image("image/png", "data:image/png;base64,AQID")]),
      noData(1)
    ],
    ["no data", () => Conversation.user([Content.image("image/png", new Uint8Array())]), noData(1)],
    [
      "the end of a file's name for a media type",
      () => Conversation.user([Content.document("pdf", "AQID")]),
      "Conversation.user: part 1 has the media type \"pdf\": write one such as \"image/png\"."
    ],
    [
      "media with their arguments in the other order",
      () => Conversation.user([Reflect.apply(Content.image, undefined, [Uint8Array.of(1), "image/png"])]),
      "Conversation.user: part 1 has the media type Uint8Array([1]): write one such as \"image/png\"."
    ],
    [
      "messages of another library",
      () => Conversation.user([{ role: "user", content: "Hi!" }] as never),
      noContent
    ]
  ])("is refused in words that say what to do: %s", (_, run, said) => assert.throws(run, said))

  it.each<readonly [what: string, run: () => Promise<unknown>, said: string]>([
    [
      "a number of retries",
      batch({ retry: 3 }),
      "Batch.Options.retry is 3: give a schedule, such as Schedule.recurs(3)."
    ],
    [
      "retries as an object",
      batch({ retry: { times: 3 } }),
      "Batch.Options.retry is {\"times\":3}: give a schedule, such as Schedule.recurs(3)."
    ],
    [
      "a text for a number",
      batch({ concurrency: "4" }),
      "Batch.Options.concurrency is \"4\": give a whole number from 1 on"
    ],
    [
      "no function that approves",
      batch({ approve: true }),
      "Batch.runPromise: `approve` is no function: give one that decides on a question."
    ],
    [
      "no function that listens",
      batch({ onCall: "log" }),
      "Batch.runPromise: `onCall` is no function: give one that takes an event."
    ],
    [
      "a controller for its signal",
      batch({ signal: new AbortController() }),
      "Batch.runPromise: `signal` is no AbortSignal: give the `signal` of an AbortController, or AbortSignal.timeout(30_000)."
    ],
    [
      "a signal under the name that others use: an abort would stop nothing",
      batch({ abortSignal: AbortSignal.timeout(1000) }),
      "Batch.runPromise: there is no option `abortSignal`: write `signal`."
    ],
    [
      "a limit under the name that others use: it would not hold",
      batch({ maxConcurrency: 2 }),
      "there is no option `maxConcurrency`: write `concurrency`."
    ],
    [
      "the signal of an agent under the name that others use",
      agent({ abortSignal: AbortSignal.timeout(1000) }),
      "Agent: there is no option `abortSignal`: write `signal`."
    ],
    ["rounds as steps", agent({ maxSteps: 3 }), "Agent: there is no option `maxSteps`: write `maxRounds`."],
    ["rounds as turns", agent({ maxTurns: 3 }), "Agent: there is no option `maxTurns`: write `maxRounds`."],
    [
      "a system prompt as instructions",
      agent({ instructions: "Be brief." }),
      "Agent: there is no option `instructions`: write `system`."
    ],
    [
      "an output under the name that others use",
      agent({ responseFormat: z.object({}) }),
      "Agent: there is no option `responseFormat`: write `output`."
    ],
    [
      "a limit of batches under the name that others use",
      agent({ toolCallConcurrency: 4 }),
      "Agent: there is no option `toolCallConcurrency`: write `concurrency`."
    ],
    [
      "no options of an agent",
      () => Agent.runPromise(undefined as never),
      "Agent: give options, such as { toolkit, prompt, model }."
    ],
    [
      "no toolkit",
      agent({ toolkit: undefined }),
      "Agent: `toolkit` is missing: give what Toolkit.make(...tools) makes."
    ],
    [
      "tools in place of one",
      agent({ toolkit: undefined, tools: [tool] }),
      "Agent: there is no option `tools`: write `toolkit`."
    ],
    [
      "no prompt",
      agent({ prompt: undefined }),
      "Agent: `prompt` is missing: give what to ask, as text, or a conversation."
    ],
    [
      "messages in place of a prompt",
      agent({ prompt: undefined, messages: [] }),
      "Agent: there is no option `messages`: write `prompt`."
    ],
    ["messages as a prompt", agent({ prompt: [{ role: "user", content: "Hi!" }] }), noContent],
    ["an option of its batches", agent({ concurrency: 4 }), noBatchOption("concurrency")],
    ["a time for its calls", agent({ timeout: "5 seconds" }), noBatchOption("timeout")],
    [
      "a text for rounds",
      agent({ maxRounds: "5" }),
      "Agent.Options.maxRounds is \"5\": give a whole number from 0 on."
    ],
    [
      "a controller for the signal of an agent",
      agent({ signal: new AbortController() }),
      "Agent: `signal` is no AbortSignal: give the `signal` of an AbortController, or AbortSignal.timeout(30_000)."
    ],
    [
      "no function that approves for an agent",
      agent({ approve: true }),
      "Agent: `approve` is no function: give one that decides on a question."
    ],
    [
      "an output that is none",
      agent({ output: { city: "string" } }),
      "Agent: `output` is no schema: give one, such as Schema.Struct({ city: Schema.String })."
    ]
  ])("rejects in words that say what to do: %s", async (_, run, said) => {
    const rejection = await run().then(() => "nothing is thrown", (error) => String(error))
    assert.include(rejection, said)
  })

  it("may be undefined, as what is left out", async () => {
    const bounds = { concurrency: undefined }
    const { answer } = await Agent.runPromise({ toolkit, prompt: "Hi!", model, ...bounds })
    assert.strictEqual(answer, "Hello.")
  })

  it.effect("ends an Effect in the same words", () =>
    Effect.gen(function*() {
      const given: Effect.Effect<unknown> = Reflect.apply(Object(Agent.run), undefined, [])
      const exit = yield* Effect.exit(given)
      assert.strictEqual(
        Exit.isFailure(exit) && String(Cause.squash(exit.cause)),
        "TypeError: Agent: give options, such as { toolkit, prompt }."
      )
    }))

  // An object that is spread, or named before, may have any other property: the compiler says nothing.
  it.effect.each<readonly [string, Effect.Effect<unknown, unknown, ChatModel.ChatModel>, string]>([
    [
      "an option of a batch that is misspelt",
      Batch.run(toolkit, calls, misspeltBound),
      "Batch.Options: there is no option `concurency`: write `concurrency`."
    ],
    [
      "one of a pipeline",
      Pipeline.run(Pipeline.make((call) => ({ step: call(tool, {}) })), misspeltBound),
      "Batch.Options: there is no option `concurency`: write `concurrency`."
    ],
    [
      "one of a runner",
      Batch.make(misspeltBound),
      "Batch.Options: there is no option `concurency`: write `concurrency`."
    ],
    [
      "one of the defaults",
      Effect.provideService(Batch.run(toolkit, calls), Batch.Defaults, misspeltBound),
      "Batch.Options: there is no option `concurency`: write `concurrency`."
    ],
    [
      "one of an agent",
      Agent.run({ toolkit, prompt: "Hi!", ...misspeltRounds }),
      "Agent: there is no option `maxRound`: write `maxRounds`."
    ],
    [
      "one of its batches",
      Agent.run({ toolkit, prompt: "Hi!", batch: misspeltBound }),
      "Agent: there is no option `concurency`: write `concurrency`."
    ],
    [
      "one of its batches that is not inside `batch`",
      Agent.run({ toolkit, prompt: "Hi!", ...ofBatches }),
      noBatchOption("retry")
    ],
    [
      "a signal under the name that others use, where there is none",
      Batch.run(toolkit, calls, ofOthers),
      "Batch.Options: there is no option `abortSignal`: write `signal`."
    ],
    [
      "the same for an agent",
      Agent.run({ toolkit, prompt: "Hi!", ...ofOthers }),
      "Agent: there is no option `abortSignal`: write `signal`."
    ],
    [
      "a runner that is still to be made",
      Agent.run({ toolkit, prompt: "Hi!", runner: Batch.make() as never }),
      "Agent: `runner` is no runner: give what `yield* Batch.make(options)` gives."
    ]
  ])("ends an Effect in words that say what to do: %s", ([, run, said]) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Effect.provide(run, model))
      assert.strictEqual(Exit.isFailure(exit) && String(Cause.squash(exit.cause)), `TypeError: ${said}`)
    }))

  it.effect.each<readonly [string, object, string]>([
    [
      "access",
      { access: () => Access.write("a") },
      "Tool \"odd\": the function of `access` gives something else: write [Access.write(...)]."
    ],
    [
      "limits",
      { limits: () => Limits.concurrency(1) },
      "Tool \"odd\": the function of `limits` gives something else: write [Limits.concurrency(...)]."
    ],
    [
      "access as text",
      { access: () => ["a"] },
      "Tool \"odd\": the function of `access` gives something else: write [Access.write(...)]."
    ],
    [
      "limits as numbers",
      { limits: () => [2] },
      "Tool \"odd\": the function of `limits` gives something else: write [Limits.concurrency(...)]."
    ]
  ])(
    "crashes a call in words for its host, where a function gives no list: %s",
    ([, traits, said]) =>
      Effect.gen(function*() {
        const { layer, lines } = recordingLogger()
        const odd = Toolkit.make(acting("odd", () => Effect.succeed(""), traits as never))
        const settled = yield* Effect.provide(Batch.run(odd, [ToolCall.make({ id: "c", name: "odd" })]), layer)
        assert.strictEqual(shown(settled)["type"], "Defect")
        assert.include(JSON.stringify(lines.map(({ text }) => text)), "A tool crashed")
        const [outcome] = settled.outcomes
        const failure = outcome?.result._tag === "Failure" ? outcome.result.failure : undefined
        assert(failure?._tag === "CallError" && failure.reason._tag === "Defect")
        assert.include(Cause.pretty(failure.reason.cause), said)
      })
  )
})

describe("an agent that is run as a promise", () => {
  const city = { turns: ScriptedModel.layer([ScriptedModel.says(`{"city":"Oslo"}`)]) }

  it("gives its answer as a schema of another library reads it", async () => {
    const output = z.object({ city: z.string().transform((name) => name.length) })
    const ended = await Agent.runPromise({ toolkit, prompt: "Where?", model: city.turns, output })
    expectTypeOf(ended.output).toEqualTypeOf<{ city: number }>()
    assert.deepStrictEqual(ended.output, { city: 4 })
  })

  it("asks for what is no object under a key of its own, and tells the model what does not fit", async () => {
    const script = ScriptedModel.make([ScriptedModel.says(`{"answer":[1]}`), ScriptedModel.says(`{"answer":["a"]}`)])
    const names = z.array(z.string()).describe("names")
    const { output } = await Agent.runPromise({ toolkit, prompt: "Who?", model: script.layer, output: names })
    assert.deepStrictEqual(output, ["a"])
    assert.deepStrictEqual<unknown>(script.requests[0]?.output?.jsonSchema, {
      type: "object",
      properties: { answer: { type: "array", items: { type: "string" }, description: "names" } },
      required: ["answer"],
      additionalProperties: false
    })
    assert.include(JSON.stringify(script.requests[1]?.conversation.messages.at(-1)), "expected string")
  })

  it("asks for what contains itself as a definition, which it is then", async () => {
    const output: z.ZodType<ReadonlyArray<unknown>> = z.array(z.lazy(() => output))
    const { layer, requests } = ScriptedModel.make([ScriptedModel.says(`{"answer":[[]]}`)])
    assert.deepStrictEqual((await Agent.runPromise({ toolkit, prompt: "?", model: layer, output })).output, [[]])
    const $ref = "#/$defs/whole"
    assert.deepStrictEqual<unknown>(requests[0]?.output?.jsonSchema, {
      type: "object",
      properties: { answer: { $ref } },
      required: ["answer"],
      additionalProperties: false,
      $defs: { whole: { type: "array", items: { $ref } } }
    })
  })

  it("iterates with such an output too", async () => {
    const output = z.object({ city: z.string() })
    for await (const event of Agent.iterate({ toolkit, prompt: "Where?", model: city.turns, output })) {
      if (event._tag === "Answer") assert.strictEqual(event.ended.output.city, "Oslo")
    }
  })
})
