/**
 * What is said to whoever makes something that cannot be, and to a model that asks for it.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Access,
  Agent,
  AgentError,
  Batch,
  CallError,
  Conversation,
  Limits,
  Pipeline,
  Plan,
  Tool,
  ToolCall,
  Toolkit
} from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Cause, Effect, Exit, Result, Schema, Stream } from "effect"
import { aDayOf } from "./order/support.ts"
import { acting, callsOf, ends, gauge, recordingLogger, shown, timesOf } from "./support.ts"

const { says } = ScriptedModel
const scripted = (...turns: ReadonlyArray<ScriptedModel.Step>) => ScriptedModel.make(turns)

const description = "For tests."

const reads = (parameters: Schema.Constraint) =>
  Tool.make("t", { description, parameters, success: Schema.Void }).jsonSchema

describe("a limit", () => {
  it.each([0, -1, 1.5, Number.NaN, Infinity])("of %s throws, and says what to give", (limit) => {
    const text = `the limit is ${limit}; give a whole number from 1 on.`
    assert.throws(() => Limits.concurrency(limit), RangeError, `Limits.concurrency: ${text}`)
    assert.throws(() => Limits.rate({ limit, window: "1 second" }), RangeError, `Limits.rate: ${text}`)
  })

  it.each(
    [
      ["rounds", "rounds"],
      ["calls", "calls"],
      ["tokens", "tokens"],
      ["time", "milliseconds"]
    ] as const
  )("of an agent that is met is named with its unit: %s", (limit, unit) => {
    const { message } = new AgentError.LimitReached({ limit, bound: 7 })
    assert.strictEqual(message, `the agent met its limit of 7 ${unit}`)
  })

  it.effect("of a runner is named where it makes no sense, and ten calls where none is given", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Batch.make({ concurrency: 0 }))
      assert(Exit.isFailure(exit))
      assert.include(Cause.pretty(exit.cause), "Batch.Options.concurrency is 0")
      const { counts, measured } = gauge()
      const toolkit = Toolkit.make(acting("wait", () => measured(Effect.as(Effect.sleep(10), "done"))))
      const runner = yield* Batch.make()
      yield* aDayOf(Effect.all([1, 2].map(() => runner.run(toolkit, timesOf(8, "wait"))), { concurrency: 2 }))
      assert.strictEqual(counts.most, 10)
    }))
})

describe("Pipeline.each", () => {
  it("throws where its call is made something else of", () => {
    const list = acting("list", () => Effect.succeed("a"))
    assert.throws(
      () =>
        Pipeline.make((call) => {
          const names = call(list, {}).pipe(Pipeline.map((text) => [text]))
          // @ts-expect-error: it does not compile either
          return { all: Pipeline.each(names, () => call(list, {}).pipe(Pipeline.map(String))) }
        }),
      "Pipeline.each: return the call itself, not what is made of it."
    )
  })
})

describe("a pipeline", () => {
  it.effect("whose own function crashes says so in its step, logs it with the step's name, and may be asked again", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const give = acting("give", () => Effect.succeed("a"))
      const pipeline = Pipeline.make((call) => ({
        odd: call(give, {}).pipe(Pipeline.map((): string => {
          throw new Error("bug")
        }))
      }))
      const { steps } = yield* Effect.provide(Pipeline.run(pipeline), layer)
      assert(Result.isFailure(steps.odd.result))
      const error = steps.odd.result.failure
      assert.deepStrictEqual([error.isRetryable, error.message], [true, "Pipeline.map (odd): The tool crashed."])
      assert.deepStrictEqual(lines.map(({ annotations, text }) => [text, annotations]), [
        ["A step of a pipeline crashed", { step: "odd" }]
      ])
    }))
})

describe("a plan", () => {
  const pair = Tool.make("pair", {
    description,
    parameters: Schema.Struct({ a: Schema.Int, b: Schema.Int }).check(
      Schema.makeFilter(({ a, b }) => a < b || "a has to be less than b")
    ),
    success: Schema.Int,
    execute: ({ a, b }) => Effect.succeed(b - a)
  })
  const plan = Plan.tool(Toolkit.make(pair), { maxSteps: 2 })
  const run = (...steps: ReadonlyArray<object>) =>
    Batch.run(Toolkit.make(plan), [ToolCall.make({ id: "p", name: "plan", arguments: { steps } })])
  const step = (id: string, args: object = { a: 1, b: 3 }) => ({ id, tool: "pair", arguments: args })
  const issues = (settled: Batch.Settled<Tool.Any>) => Reflect.get(Object(shown(settled)["data"]), "issues")

  it.effect("of as many steps as there may be runs, one of more does not", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(ends(yield* run(step("x"), step("y"))), [{
        steps: [{ id: "x", ok: 2 }, { id: "y", ok: 2 }]
      }])
      assert.deepStrictEqual(issues(yield* run(step("x"), step("y"), step("z"))), [
        { path: "steps", message: "3 steps are too many: at most 2" }
      ])
    }))

  it.effect.each(["", "a/b"])("has no step with the id %j", (id) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(issues(yield* run(step(id))), [
        { path: "steps.0.id", message: `step "${id}": an id has one letter or more, and no "/"` }
      ])
    }))

  it.effect("says what is wrong with a step's arguments as a whole", () =>
    Effect.gen(function*() {
      const found = issues(yield* run(step("x", { a: 3, b: 1 })))
      assert.strictEqual(found.length, 1)
      assert.strictEqual(found[0].path, "steps.0.arguments")
      assert.include(found[0].message, "a has to be less than b")
    }))

  it.effect("is told what is wrong beside a reference, but not what only its value will show", () =>
    Effect.gen(function*() {
      const found = issues(yield* run(step("x"), step("y", { a: { $ref: "x" }, b: "no" })))
      assert.deepStrictEqual(found.map(({ path }: { readonly path: string }) => path), ["steps.1.arguments.b"])
    }))
})

describe("what stands beside a reference in a plan", () => {
  const inner = Schema.Struct({ a: Schema.optional(Schema.Int), b: Schema.optional(Schema.Int) })
  const deep = Tool.make("deep", {
    description,
    parameters: Schema.Struct({
      one: Schema.optional(inner),
      other: Schema.optional(inner),
      under: Schema.optional(Schema.Struct({ c: inner, d: Schema.optional(inner) }))
    }),
    success: Schema.Int,
    execute: () => Effect.succeed(1)
  })
  const plan = Plan.tool(Toolkit.make(deep))
  const $ref = { $ref: "x" }

  it.effect.each([
    { args: { one: { a: $ref, b: "no" } }, wrong: [] },
    { args: { one: { a: $ref }, other: { b: "no" } }, wrong: ["other.b"] },
    { args: { under: { c: { a: $ref, b: "no" } } }, wrong: [] },
    { args: { under: { c: { b: "no" }, d: { a: $ref } } }, wrong: ["under.c.b"] },
    { args: { under: $ref, one: { a: "no" } }, wrong: ["one.a"] },
    { args: { one: $ref, other: "no" }, wrong: ["other"] }
  ])("is judged once its value is there, all else at once: %j", ({ args, wrong }) =>
    Effect.gen(function*() {
      const steps = [{ id: "x", tool: "deep", arguments: {} }, { id: "y", tool: "deep", arguments: args }]
      const settled = yield* Batch.run(Toolkit.make(plan), [
        ToolCall.make({ id: "p", name: "plan", arguments: { steps } })
      ])
      const told = wrong.map((path) => `steps.1.arguments.${path}`)
      if (wrong.length === 0) return assert.notInclude(ends(settled), "InvalidArguments")
      const found = Reflect.get(Object(shown(settled)["data"]), "issues")
      assert.deepStrictEqual(found.map(({ path }: { readonly path: string }) => path), told)
    }))
})

describe("a tool", () => {
  it.effect("without a handler crashes, and its host is told what to give it", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const bare = Tool.make("bare", { description, parameters: Schema.Struct({}), success: Schema.Void })
      // The types would not let it be run.
      const run: Effect.Effect<Batch.Settled<Tool.Any>> = Reflect.apply(Object(Batch.run), undefined, [
        Toolkit.make(bare),
        callsOf("bare")
      ])
      const settled = yield* Effect.provide(run, layer)
      const [outcome] = settled.outcomes
      assert(outcome !== undefined && Result.isFailure(outcome.result))
      const error = outcome.result.failure
      assert(error._tag === "CallError" && error.reason._tag === "Defect")
      assert.include(
        Cause.pretty(error.reason.cause),
        "Tool \"bare\" has no handler: give it `execute`, or one with Toolkit.toLayer."
      )
      assert.deepStrictEqual(lines.map(({ text }) => text), ["A tool crashed"])
    }))

  it("whose timeout makes no sense throws, and names itself", () => {
    assert.throws(() => acting("slow", () => Effect.succeed(""), { timeout: -1 }), /^Tool "slow": `timeout` is -1/)
  })

  it("whose parameters are no object throws, and shows them with the mend", () => {
    assert.throws(
      () => Tool.make("text", { description, parameters: Schema.String, success: Schema.Void }),
      "Tool \"text\": `parameters` must be a struct or a record, because providers take only an object at the root of a JSON "
        + "Schema. This one is {\"type\":\"string\"}; put it into a property of a struct, as in `Schema.Struct({ input: … })`."
    )
  })

  it("keeps the bounds of its numbers, but for those of every safe integer", () => {
    const bounded = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))
    const { properties } = Object(reads(Schema.Struct({ n: Schema.Int, bounded })))
    assert.deepStrictEqual(properties.n, { type: "integer" })
    assert.include(JSON.stringify(properties.bounded), "\"minimum\":1")
    assert.include(JSON.stringify(properties.bounded), "\"maximum\":9")
  })

  it("keeps the ends of the safe integers where they are values", () => {
    const ends = Schema.Literals([Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER])
    const text = JSON.stringify(reads(Schema.Struct({ ends })))
    assert.include(text, String(Number.MIN_SAFE_INTEGER))
    assert.include(text, `,${Number.MAX_SAFE_INTEGER}`)
  })

  it("with parameters that contain themselves has an object at its root, and their definition beside it", () => {
    interface Tree {
      readonly name: string
      readonly children: ReadonlyArray<Tree>
    }
    const Tree: Schema.Codec<Tree> = Schema.Struct({
      name: Schema.String,
      children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
    }).annotate({ identifier: "Tree" })
    const jsonSchema = reads(Tree)
    assert.strictEqual(jsonSchema["type"], "object")
    assert.hasAllKeys(jsonSchema["$defs"], ["Tree"])
    assert.include(JSON.stringify(jsonSchema["properties"]), "\"$ref\":\"#/$defs/Tree\"")
  })

  it("takes no other keys than its parameters' in what providers are sent", () => {
    assert.strictEqual(reads(Schema.Struct({ a: Schema.String }))["additionalProperties"], false)
    assert.deepStrictEqual<unknown>(reads(Schema.Struct({})), {
      type: "object",
      properties: {},
      additionalProperties: false
    })
  })

  it.effect("of raw JSON Schema checks patterns, and says all that is wrong", () =>
    Effect.gen(function*() {
      const digits = { type: "string", pattern: "^[0-9]+$" }
      const raw = Tool.fromJsonSchema("raw", {
        description,
        parameters: { type: "object", properties: { a: digits, b: digits }, required: ["a", "b"] },
        execute: (args) => Effect.succeed(args)
      })
      const run = (args: object) =>
        Batch.run(Toolkit.make(raw), [ToolCall.make({ id: "c", name: "raw", arguments: args })])
      assert.deepStrictEqual(ends(yield* run({ a: "1", b: "22" })), [{ a: "1", b: "22" }])
      const found = Reflect.get(Object(shown(yield* run({ a: "x", b: "y" }))["data"]), "issues")
      assert.deepStrictEqual(found.map(({ path }: { readonly path: string }) => path), ["a", "b"])
    }))

  it("of raw JSON Schema that cannot be checked throws, and keeps the cause", () => {
    try {
      Tool.fromJsonSchema("raw", {
        description,
        parameters: { type: "object", properties: { a: { $ref: "#/$defs/Gone" } } },
        execute: (args) => Effect.succeed(args)
      })
      assert.fail("it was made")
    } catch (error) {
      assert.instanceOf(error, Error)
      assert.match(
        error.message,
        /^Tool\.fromJsonSchema\("raw"\): [^]*\. Pass `validate` to check the arguments yourself\.$/
      )
      assert.notMatch(error.message, /Error: /)
      assert.instanceOf(error.cause, Error)
    }
  })
})

describe("what plain JavaScript gives where the compiler would refuse it", () => {
  const tool = acting("tool", () => Effect.succeed(""))
  const parameters = { type: "object" }
  const execute = () => Effect.succeed("")
  const odd = undefined as never
  const json = (more: object) => () => Tool.fromJsonSchema("t", { description, parameters, execute, ...more })
  const ofSchema = Schema.Struct({})
  const standard = (more: object) => () =>
    Tool.fromStandardSchema("t", { description, parameters: ofSchema, success: Schema.String, execute, ...more })
  const make = (more: object) => () =>
    Tool.make("t", { description, parameters: ofSchema, success: Schema.String, execute, ...more })
  const build = (call: Pipeline.Call) => call(tool, {})
  const pipeline = (more: object) => () =>
    Pipeline.tool("t", { description, parameters: ofSchema, success: Schema.String, build, ...more })
  const each = (list: never, call: never) => () => Pipeline.make(() => ({ all: Pipeline.each(list, call) }))
  const noJsonSchema = "Tool \"t\": `parameters` is missing, or no JSON Schema: give one, such as "
    + "{ type: \"object\", properties: { city: { type: \"string\" } } }."
  const noExecute = "Tool \"t\": `execute` is missing, or no function: give one that takes the parameters of a call."
  const noCall = "has no `id`, or no `name`: make calls with ToolCall.make, or take those of a turn."
  const noCalls = "Batch: what is to be run is no list: give one of tool calls."
  const noBuild =
    "Tool \"t\": `build` is missing, or no function: give one that declares calls, and returns what answers."

  it.each<readonly [what: string, make: () => unknown, said: string]>([
    ["no JSON Schema", json({ parameters: undefined }), noJsonSchema],
    ["null for one", json({ parameters: null }), noJsonSchema],
    ["a schema for one", json({ parameters: ofSchema }), noJsonSchema],
    ["no handler", json({ execute: undefined }), noExecute],
    ["no handler of a Standard Schema", standard({ execute: undefined }), noExecute],
    [
      "an option that is misspelt",
      json({ validat: String }),
      "Tool \"t\": there is no option `validat`: write `validate`."
    ],
    [
      "no Standard Schema",
      standard({ parameters: undefined }),
      "Tool \"t\": `parameters` is missing: give a schema of the arguments, such as Schema.Struct({ city: Schema.String })."
    ],
    [
      "a JSON Schema for one",
      standard({ success: parameters }),
      "Tool \"t\": `success` is no schema: give one, such as Schema.Struct({ city: Schema.String })."
    ],
    [
      "one access",
      make({ access: Access.read("orders") }),
      "Tool \"t\": `access` is no list of accesses: write [Access.read(\"orders\")], or a function that gives a list."
    ],
    [
      "one limit",
      make({ limits: Limits.concurrency(2) }),
      "Tool \"t\": `limits` is no list of limits: write [Limits.concurrency(2)], or a function that gives a list."
    ],
    [
      "a key for an access",
      make({ access: ["orders"] }),
      "Tool \"t\": `access` is no list of accesses: write [Access.read(\"orders\")], or a function that gives a list."
    ],
    [
      "nothing for a limit",
      make({ limits: [undefined] }),
      "Tool \"t\": `limits` is no list of limits: write [Limits.concurrency(2)], or a function that gives a list."
    ],
    [
      "no window",
      () => Limits.rate({ limit: 1, window: "5 sec" as never }),
      "Limits.rate: the window is \"5 sec\": give a duration such as \"2 seconds\"."
    ],
    [
      "no function that reads a time",
      () => Limits.backOff({ after: "5 seconds" as never }),
      "Limits.backOff: `after` is no function: give one that reads a duration from a failure."
    ],
    [
      "a tool for a plan",
      () => Plan.tool(tool as never),
      "Plan.tool: argument 1 is no toolkit: make it with Toolkit.make."
    ],
    [
      "a tool for an agent's",
      () => Agent.asTool("t", { description, toolkit: tool as never }),
      "Tool \"t\": `toolkit` is no toolkit: make it with Toolkit.make."
    ],
    [
      "an agent without a description",
      () => Agent.asTool("t", { toolkit: Toolkit.make(tool) } as never),
      "Tool \"t\": `description` is missing: say what the tool does, which inputs it needs and where they come from."
    ],
    ["an agent without a definition", () => Agent.asTool("t", odd), "A tool needs a name and then a definition: write"],
    [
      "an approval that is neither",
      make({ approval: true }),
      "Tool \"t\": `approval` is neither \"always\" nor a function: leave it out where no call needs approval."
    ],
    ["no content", make({ content: "text" }), "Tool \"t\": `content` is no function: give one that takes a result."],
    [
      "no function that catches",
      () => Tool.fromFunction("t", { description, parameters, execute: async () => "", catch: 5 as never }),
      "Tool \"t\": `catch` is no function: give one that takes what was thrown."
    ],
    [
      "no validation",
      json({ validate: {} }),
      "Tool \"t\": `validate` is no function: give one that takes the arguments."
    ],
    [
      "no tool to coalesce",
      () => Tool.coalesce(odd),
      "Tool.coalesce: what is given is no tool: make it with Tool.make or Tool.fromFunction."
    ],
    [
      "no tool to wrap",
      () => Tool.around(odd, odd),
      "Tool.around: argument 1 is no tool: make it with Tool.make or Tool.fromFunction."
    ],
    [
      "nothing to wrap it in",
      () => Tool.around(tool, odd),
      "Tool.around: argument 2 is no function: give one that takes the attempt at a call and gives another."
    ],
    [
      "nobody to ask",
      () => Tool.reconcile(tool, odd),
      "Tool.reconcile: argument 2 is no function: give one that asks what became of a call."
    ],
    [
      "no time",
      () => Tool.hedge(odd)(tool as never),
      "Tool.hedge: the time is undefined: give a duration such as \"2 seconds\"."
    ],
    [
      "no tool to break",
      () => Tool.breaker(odd),
      "Tool.breaker: argument 1 is no tool: make it with Tool.make or Tool.fromFunction."
    ],
    [
      "a tool for a toolkit",
      () => Toolkit.merge(Toolkit.make(tool), tool as never),
      "Toolkit.merge: argument 2 is no toolkit: make it with Toolkit.make."
    ],
    ["no layer", () => Toolkit.provide(Toolkit.make(tool), odd), "Toolkit.provide: argument 2 is no layer."],
    [
      "no handlers",
      () => Toolkit.toLayer(Toolkit.make(tool), odd),
      "Toolkit.toLayer: argument 2 is no object: give one with a handler for each tool."
    ],
    [
      "no key to write",
      () => Access.write(5 as never),
      "Access.write: the key is no text: give one, such as \"orders/42\"."
    ],
    [
      "no key to read",
      () => Access.read(odd),
      "Access.read: the key is no text: give one, such as \"orders/42\"."
    ],
    [
      "a call without an id",
      () => ToolCall.make({ name: "t" } as never),
      `ToolCall.make: what is given ${noCall}`
    ],
    ["no call", () => ToolCall.make(odd), `ToolCall.make: what is given ${noCall}`],
    ["no calls for a batch", () => Batch.run(Toolkit.make(tool), odd), noCalls],
    ["an object for calls", () => Batch.run(Toolkit.make(tool), {} as never), noCalls],
    [
      "a call without a name in a batch",
      () => Batch.run(Toolkit.make(tool), [ToolCall.make({ id: "c", name: "t" }), { id: "d" } as never]),
      `Batch: call 2 ${noCall}`
    ],
    [
      "nothing that the user says",
      () => Conversation.user(odd),
      "Conversation.user: what the user says is no list: give one of texts, images and documents, or a text."
    ],
    [
      "no pipeline to run",
      () => Pipeline.run(odd),
      "Pipeline.run: argument 1 is no pipeline: make it with Pipeline.make."
    ],
    ["no definition", () => Pipeline.tool("t", odd), "A tool needs a name and then a definition: write"],
    ["no calls", pipeline({ build: undefined }), noBuild],
    ["no function that declares calls", pipeline({ build: 5 }), noBuild],
    [
      "no success of a pipeline",
      pipeline({ success: undefined }),
      "Tool \"t\": `success` is missing: give a schema of the result, such as Schema.String, or Schema.Void."
    ],
    [
      "no pipeline",
      () => Pipeline.make(odd),
      "Pipeline.make: what is given is no function: give one that declares calls and returns them by name."
    ],
    [
      "a pipeline without a step",
      () => Pipeline.make(() => odd),
      "Pipeline.make: what is returned is no step: return an object of what `call`, `Pipeline.map` or `Pipeline.each` gave."
    ],
    [
      "a step that is none",
      () => Pipeline.make(() => ({ a: 5 as never })),
      "Pipeline.make: `a` is no step: return an object of what `call`, `Pipeline.map` or `Pipeline.each` gave."
    ],
    [
      "a call of no tool",
      () => Pipeline.make((call) => ({ a: call(odd, odd) })),
      "Pipeline: the first argument of `call` is no tool: make it with Tool.make or Tool.fromFunction."
    ],
    [
      "no list",
      each(odd, odd),
      "Pipeline.each: argument 1 is no step: give what `call`, `Pipeline.map` or `Pipeline.each` gave."
    ],
    [
      "nothing to map by",
      () => Pipeline.map(odd),
      "Pipeline.map: what is given is no function: give one that makes a value of another."
    ],
    [
      "nothing to map",
      () => Pipeline.map(String)(odd),
      "Pipeline.map: what is to be mapped is no step: give what `call`, `Pipeline.map` or `Pipeline.each` gave."
    ]
  ])("is refused in words that say what to do: %s", (_, make, said) => assert.throws(make, said))

  const first = ToolCall.make({ id: "c", name: "tool" })

  it.effect.each([["without a good id", { ...first, id: 5, index: 1 }], ["that is none", null]] as const)(
    "ends the stream of calls, where one arrives %s",
    ([, last]) =>
      Effect.gen(function*() {
        const calls = Stream.make<ReadonlyArray<ToolCall.ToolCall>>(first, last as never)
        const { end, outcomes } = yield* Batch.dispatch(Toolkit.make(tool), calls)
        assert.strictEqual(
          Exit.isFailure(end) && String(Cause.squash(end.cause)),
          `TypeError: Batch.dispatch: what arrives ${noCall}`
        )
        assert.deepStrictEqual(outcomes.map(({ call }) => call.id), ["c"])
      })
  )

  it.effect("ends what is no stream of calls", () =>
    Effect.gen(function*() {
      const { end, outcomes } = yield* Batch.dispatch(
        Toolkit.make(tool),
        [first] as never as Stream.Stream<ToolCall.ToolCall>
      )
      assert.strictEqual(
        Exit.isFailure(end) && String(Cause.squash(end.cause)),
        "TypeError: Batch.dispatch: what is to be run is no stream: give one of tool calls, or run a list with Batch.run."
      )
      assert.deepStrictEqual(outcomes, [])
    }))

  it.effect("is said of an agent's tools", () =>
    Effect.gen(function*() {
      const toolkit: Toolkit.Toolkit<never> = [tool] as never
      const agent = Agent.run({ toolkit, prompt: "Go!" })
      const exit = yield* Effect.exit(Effect.provide(agent, scripted(says("Done.")).layer))
      assert.strictEqual(
        Exit.isFailure(exit) && String(Cause.squash(exit.cause)),
        "TypeError: Agent: `toolkit` is no toolkit: make it with Toolkit.make."
      )
    }))
})

describe("the failure of a tool", () => {
  it.effect.each([
    { traits: {}, isRetryable: false },
    { traits: { readOnly: true }, isRetryable: true },
    { traits: { idempotent: true }, isRetryable: true }
  ])("may be asked for again where that is harmless: %j", ({ isRetryable, traits }) =>
    Effect.gen(function*() {
      const settled = yield* Batch.run(Toolkit.make(acting("bad", () => Effect.fail("no"), traits)), callsOf("bad"))
      assert.strictEqual(shown(settled)["safeToRepeat"], isRetryable)
    }))
})

describe("a stored error", () => {
  const usage = { input: 1, output: 2 }
  const conversation = Conversation.make("Hi", { runId: "run" })

  it.effect.each([
    { codec: CallError.Reason, error: { _tag: "InvalidArguments", issues: [{ path: "a" }] } },
    { codec: CallError.Reason, error: { _tag: "Unencodable" } },
    {
      codec: AgentError.AgentError,
      error: {
        _tag: "AgentError",
        usage: { input: 1 },
        conversation,
        reason: { _tag: "LimitReached", limit: "calls", bound: 1 }
      }
    },
    {
      codec: Conversation.Conversation,
      error: { runId: "run", messages: [{ role: "assistant", text: "", calls: [], native: { message: 1 } }] }
    },
    { codec: Conversation.Conversation, error: { runId: "run", messages: [{ role: "tool", results: [{}] }] } }
  ])("or conversation that lacks something is refused", ({ codec, error }) =>
    Effect.gen(function*() {
      const read: (json: unknown) => Effect.Effect<unknown, unknown> = Schema.decodeUnknownEffect(
        Schema.toCodecJson(codec)
      )
      assert.isTrue(Exit.isFailure(yield* Effect.exit(read(error))))
    }))

  it("has the tag of its class", () => {
    const error = new AgentError.AgentError({
      reason: new AgentError.LimitReached({ limit: "calls", bound: 1 }),
      conversation,
      usage
    })
    assert.strictEqual(error._tag, "AgentError")
  })
})

describe("Agent.stream", () => {
  it.effect("streams turns unless it is told not to", () =>
    Effect.gen(function*() {
      const tags = (options: { readonly streaming?: boolean }) => {
        const events = Agent.stream({ toolkit: Toolkit.make(), prompt: "Hi", ...options })
        return Effect.map(
          Stream.runCollect(Stream.provide(events, scripted(says("Hello.")).layer)),
          (all) => all.map(({ _tag }) => _tag)
        )
      }
      const streamed = yield* tags({})
      assert.include(streamed, "Text")
      assert.deepStrictEqual(yield* tags({ streaming: true }), streamed)
      assert.deepStrictEqual(yield* tags({ streaming: false }), streamed.filter((tag) => tag !== "Text"))
    }))
})
