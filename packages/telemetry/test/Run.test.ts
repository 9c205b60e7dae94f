import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Agent, AgentEvent, Toolkit } from "@volley/core"
import { Run } from "@volley/telemetry"
import { ScriptedModel } from "@volley/testing"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Cause, Effect, Exit, Layer, Logger, Result, type Schema, Stream } from "effect"
import { asks, looking, read, recording, runOf, toolkit } from "./support.ts"

const script = () => ScriptedModel.make([asks, ScriptedModel.says("Blue.")])
const options = { toolkit, prompt: "Look." }
const tags = ({ events }: Run.Run) => events.map(({ _tag }) => _tag)
const settled = ({ events }: Run.Run) =>
  events.flatMap((event) => event._tag === "CallSettled" ? [[event.call.id, event.error, event.text]] : [])

describe("Run.layer", () => {
  it.effect("records an agent that is run, line by line", () =>
    Effect.gen(function*() {
      const run = yield* runOf({ model: script() })
      assert.deepStrictEqual(run.head, { volley: "run", version: 1, at: 0 })
      assert.isFalse(run.isCut)
      assert.deepStrictEqual(tags(run).filter((tag) => !tag.startsWith("Call")), [
        "TurnStarted",
        "TurnEnded",
        "Usage",
        "RoundSettled",
        "TurnStarted",
        "TurnEnded",
        "Usage",
        "Answer"
      ])
      assert.strictEqual(settled(run).length, 2)
      assert.strictEqual(Run.endOf(run)?._tag, "Answer")
    }))

  it.effect("records one that is streamed, and tells its reader the same events", () =>
    Effect.gen(function*() {
      const { exit, texts } = yield* recording((file) =>
        Stream.runCollect(Agent.stream(options)).pipe(
          Effect.provide([script().layer, Run.layer({ file, name: "sky" })])
        )
      )
      const told = Exit.isSuccess(exit) ? exit.value.map(AgentEvent.encode) : []
      const run = read(texts[0])
      assert.deepStrictEqual(run.events, JSON.parse(JSON.stringify(told)))
      assert.strictEqual(run.head.name, "sky")
    }))

  it.effect("records one that is iterated", () =>
    Effect.gen(function*() {
      const { texts } = yield* recording((file) =>
        Effect.flatMap(Effect.context<never>(), () =>
          Effect.promise(async () => {
            const recorder = Run.layer({ file }).pipe(Layer.provide(NodeFileSystem.layer))
            const model = Layer.merge(script().layer, recorder)
            for await (const event of Agent.iterate({ ...options, model })) void event
          }))
      )
      assert.strictEqual(Run.endOf(read(texts[0]))?._tag, "Answer")
    }))

  it.effect("has a file for each agent, and those inside of one in its own", () =>
    Effect.gen(function*() {
      const inner = Agent.asTool("inner", { description: "Inner.", toolkit })
      const model = () =>
        ScriptedModel.layer([
          ScriptedModel.calls({ name: "inner", arguments: { task: "Look." } }),
          asks,
          ScriptedModel.says("Seen."),
          ScriptedModel.says("Done.")
        ])
      const agent = Agent.run({ toolkit: Toolkit.make(inner), prompt: "Go." })
      const { names, texts } = yield* recording((file) =>
        Effect.provide(
          Effect.all([
            Effect.provide(agent, model(), { local: true }),
            Effect.provide(agent, model(), { local: true })
          ]),
          Run.layer({ file })
        )
      )
      assert.deepStrictEqual(names, ["run.2.jsonl", "run.jsonl"])
      for (const text of texts) {
        const run = read(text)
        assert.isAbove(run.events.filter(({ _tag }) => _tag === "Nested").length, 5)
        assert.deepInclude(run.events.at(-1), { _tag: "Answer", text: "Done." })
      }
    }))

  it.effect("says how an agent failed, crashed or was stopped", () =>
    Effect.gen(function*() {
      const endOf = (model: ScriptedModel.ScriptedModel) =>
        Effect.map(runOf({ model }), ({ events }) => {
          const last = events.at(-1)
          return last?._tag === "Failed" ? [last.reason, last.mayPass] : []
        })
      const interrupted = ScriptedModel.make(() => Effect.interrupt)
      assert.deepStrictEqual(yield* endOf(ScriptedModel.make([])), ["Defect", false])
      assert.deepStrictEqual(yield* endOf(interrupted), ["Interrupted", true])
    }).pipe(Effect.provide(Logger.layer([]))))

  it.effect("fails where its file cannot be opened", () =>
    Effect.gen(function*() {
      const { exit } = yield* recording((file) =>
        Agent.run(options).pipe(Effect.provide([script().layer, Run.layer({ file: `${file}/none/run.jsonl` })]))
      )
      assert.isTrue(Exit.isFailure(exit) && !Cause.hasDies(exit.cause))
    }))

  it.effect("writes what `redact` leaves of an event", () =>
    Effect.gen(function*() {
      const redact = (event: AgentEvent.AgentEvent) =>
        event._tag === "CallSettled" ? { ...event, text: "" } : event._tag === "Usage" ? undefined : event
      const { texts } = yield* recording((file) =>
        Agent.run(options).pipe(Effect.provide([script().layer, Run.layer({ file, redact })]))
      )
      const run = read(texts[0])
      assert.notInclude(tags(run), "Usage")
      assert.deepStrictEqual(settled(run).map(([, , text]) => text), ["", ""])
    }))
})

describe("Run.decode", () => {
  it.effect("reads every beginning of a file that has its head, and says whether the last line was cut", () =>
    Effect.gen(function*() {
      const run = yield* runOf({ model: script() })
      const text = Run.encode(run)
      const head = text.indexOf("\n") + 1
      for (let length = head; length <= text.length; length += 7) {
        const begun = read(text.slice(0, length))
        assert.deepStrictEqual(begun.events, run.events.slice(0, begun.events.length))
        assert.strictEqual(begun.isCut, !["\n", undefined].includes(text[length - 1]) && text[length] !== "\n")
      }
    }))

  it("names the first line that is damaged", () => {
    const head = `{"volley":"run","version":1,"at":0}\n`
    const lineOf = (text: string) =>
      Result.match(Run.decode(text), { onFailure: ({ line }) => line, onSuccess: () => 0 })
    assert.deepStrictEqual(
      [
        "",
        head.slice(0, 9),
        "{}\n",
        `${head}\n{"_tag":"Text"`,
        `${head}{"_tag":\n{}\n`,
        `${head}{"_tag":"Sung","at":1}\n`
      ]
        .map(lineOf),
      [1, 1, 1, 0, 2, 2]
    )
    assert.match(
      String(Result.getFailure(Run.decode(`{"volley":"run","version":2,"at":0}\n`))),
      /Line 1 of the recorded run/
    )
  })
})

describe("Run.jsonSchema", () => {
  it.effect("takes what is recorded", () =>
    Effect.gen(function*() {
      const ajv = new Ajv2020({ strict: false })
      const { definitions, schema } = Run.jsonSchema()
      const takes = ajv.compile({ ...schema, $defs: definitions })
      const run = yield* runOf({ model: script() })
      assert.isTrue(run.events.every((event) => takes(event)), JSON.stringify(takes.errors))
      assert.isFalse(takes({ _tag: "Text" }))
    }))
})

describe("Run.diff", () => {
  it.effect("of a run and one like it has no difference", () =>
    Effect.gen(function*() {
      const [a, b] = [yield* runOf({ model: script() }), yield* runOf({ model: script() })]
      const { calls, isSame, ...totals } = Run.diff(a, b)
      assert.isTrue(isSame)
      assert.deepStrictEqual(calls.map(({ isSame }) => isSame), [true, true])
      assert.deepInclude(totals.a, {
        end: "answer: Blue.",
        turns: 2,
        calls: 2,
        failed: 1,
        usage: { input: 20, output: 2 }
      })
    }))

  it.effect("of others says which calls are new, gone, or came out otherwise", () =>
    Effect.gen(function*() {
      const a = yield* runOf({ model: script() })
      const other = ScriptedModel.calls({ name: "look", arguments: { at: "sea" } }, {
        name: "look",
        arguments: { at: "sky" }
      })
      const model = ScriptedModel.make([other, ScriptedModel.says("Blue.")])
      const b = yield* runOf({ model, tools: Toolkit.make(looking("grey")) })
      const { calls, isSame } = Run.diff(a, b)
      assert.isFalse(isSame)
      assert.sameDeepMembers(calls.map(({ a, arguments: args, b }) => [args, a?.text, b?.text]), [
        [{ at: "sky" }, `"blue sky"`, `"grey sky"`],
        [
          { at: "night" },
          read(Run.encode(a)).events.flatMap((e) => e._tag === "CallSettled" && e.isError ? [e.text] : [])[0],
          undefined
        ],
        [{ at: "sea" }, undefined, `"grey sea"`]
      ])
    }))

  it("takes arguments for the same in whatever order, and as text; knows plans and agents around a call", () => {
    const call = (args: Schema.Json, path: ReadonlyArray<string>, parent?: string): AgentEvent.AgentEvent => {
      const said = { id: "call_1", name: "look", arguments: args }
      const event = { _tag: "CallSettled" as const, at: 5, call: said, isError: false, text: "1", attempts: 1 }
      const own = parent === undefined ? event : { ...event, parent }
      return path.length === 0
        ? own
        : { _tag: "Nested", path: path.map((tool) => ({ tool, callId: tool })), event: own }
    }
    const diff = (one: AgentEvent.AgentEvent, other: AgentEvent.AgentEvent) =>
      Run.diff({ events: [one] }, { events: [other] })
    assert.isTrue(diff(call({ a: 1, b: [2] }, []), call({ b: [2], a: 1 }, [])).isSame)
    assert.isTrue(diff(call({ a: 1 }, []), call(`{"a":1}`, [])).isSame)
    assert.isFalse(diff(call({ a: 1 }, []), call({ a: 2 }, [])).isSame)
    const nested = diff(call({}, ["inner"], "p"), call({}, ["inner"]))
    assert.deepStrictEqual(nested.calls.map(({ where }) => where), [["inner", "plan"], ["inner"]])
    assert.deepStrictEqual([nested.isSame, nested.a.end], [false, "calls alone"])
  })
})
