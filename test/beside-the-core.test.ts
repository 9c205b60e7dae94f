/**
 * What people forget or mistake in the packages beside the core, in plain JavaScript or where no type can tell.
 */
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import * as Local from "@volley/durable/Local"
import { Mcp } from "@volley/mcp"
import * as Server from "@volley/mcp/Server"
import { OpenApi } from "@volley/openapi"
import { Laws, ScriptedModel } from "@volley/testing"
import { Cause, Effect, Exit, Layer, Logger } from "effect"

const tool = Tool.fromFunction("now", {
  description: "The time. It needs nothing.",
  parameters: { type: "object" },
  execute: async () => 1
})
const toolkit = Toolkit.make(tool)

/** What an Effect comes to that plain JavaScript made, as text. */
const said = (effect: Effect.Effect<unknown, unknown, never>) =>
  Effect.map(
    Effect.exit(effect),
    (exit) => Exit.isSuccess(exit) ? "nothing is wrong" : String(Cause.squash(exit.cause))
  )

/** Calls a function as plain JavaScript does. */
const plainly = (f: unknown, ...args: ReadonlyArray<unknown>): Effect.Effect<unknown, unknown, never> =>
  Effect.suspend(() => Reflect.apply(Object(f), undefined, args))

const connect = (options: object) => Effect.scoped(plainly(Mcp.connect, { name: "x", ...options }))
const store = Local.layer({ file: ":memory:" })
const clerk = Durable.agent("clerk", { toolkit })

describe("what is wrong is said, with what to write instead", () => {
  it.live.each<readonly [string, Effect.Effect<unknown, unknown, never>, string]>([
    [
      "a command with its arguments",
      connect({ command: "no-such node -e 1" }),
      "a command has no arguments in it: give them as `args`"
    ],
    ["neither a command nor a URL", connect({}), "it has neither a `command` nor a `url`: give one of them"],
    [
      "the name of a document in place of its text",
      plainly(OpenApi.toolkit, "pets.yaml"),
      "it is no object, but a text: give the content of the document, not its name or address"
    ],
    [
      "a tool to be served",
      Effect.scoped(plainly(Server.serveHttp, tool, { name: "x" })),
      "Server: what is given is no toolkit: make it with Toolkit.make."
    ],
    [
      "a server without options",
      Effect.scoped(plainly(Server.serveHttp, toolkit)),
      "Server: give options, such as { name: \"notes\" }."
    ],
    [
      "a tool to be checked",
      plainly(Laws.check, tool),
      "Laws.check: a tool is no toolkit: write Laws.check(Toolkit.make(tool))."
    ],
    [
      "laws by their names",
      plainly(Laws.check, toolkit, { laws: ["readOnly"] }),
      "Laws.check: `laws` has \"readOnly\", which is no law: write Laws.readOnly."
    ],
    [
      "a run without an id",
      Effect.provide(plainly(clerk.start, { prompt: "Hi!" }), store),
      "Durable: `runId` is missing: give an id of your own, such as that of a ticket."
    ],
    [
      "a store without a file",
      plainly(Local.layer, "runs.db"),
      "Local: `file` is missing: give the path of the store, as in { file: \"runs.db\" }."
    ]
  ])("%s", ([, run, text]) => Effect.map(said(run), (found) => assert.include(found, text)))

  it("a turn in place of a script", () => {
    assert.throws(
      () => ScriptedModel.make(ScriptedModel.says("Hi!") as never),
      "ScriptedModel: a script is a list of turns, or a function: write [ScriptedModel.says(\"Hello.\")]."
    )
    assert.throws(
      () => ScriptedModel.make(["Hi!"] as never),
      "ScriptedModel: step 1 is no turn: write ScriptedModel.says(\"Hello.\")."
    )
  })

  it("an agent without a name", () => {
    assert.throws(
      () => Reflect.apply(Durable.agent, undefined, [{ name: "clerk", toolkit }]),
      "Durable.agent: write (\"support\", { toolkit, ... })."
    )
  })

  it.effect("that a run stands still, where the layer of its agent is not in place", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => lines.push(String(message)))])
      const start = clerk.start({ runId: "r", prompt: "Hi!" })
      yield* Effect.provide(start, [store, logger])
      assert.include(lines.join(), "The run r stands still: the layer of the agent \"clerk\" is not in place")
      const model = ScriptedModel.layer([ScriptedModel.says("Hello.")])
      lines.length = 0
      const served = clerk.layer.pipe(Layer.provide(model), Layer.provideMerge(Layer.fresh(store)))
      yield* Effect.provide(Effect.flatMap(start, (run) => run.await), [served, logger])
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.provide(NodeFileSystem.layer)))
})
