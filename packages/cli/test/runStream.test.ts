/**
 * `volley run --stream`, and who may run what wants approval.
 */
import { assert, describe, it } from "@effect/vitest"
import { ChatModel, Conversation } from "@volley/core"
import { type Script, Simulator } from "@volley/simulator"
import { Effect, Redacted, Stream } from "effect"
import { bundleOf } from "../../../test/bundles.ts"
import * as Wires from "../src/Wires.ts"
import { toolkit } from "./fixtures/toolkit.ts"
import { volley } from "./support/spawn.ts"

const script: Script.Script = {
  wants: () => [{ name: "double", arguments: { n: 21 } }, { name: "greet", arguments: { n: 1 } }],
  answer: () => "Done."
}

/** The same turn as a wire sends it whole and streamed. */
const bodies = Effect.fnUntraced(function*(wire: Wires.Wire, options: Partial<Simulator.Options> = {}) {
  const simulator = yield* Simulator.make({ script: () => script, ...options })
  const direct = yield* Simulator.fetch(simulator.app)
  const answers: Array<string> = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await direct(input, init)
    answers.push(await response.clone().text())
    return response
  }
  const { layer } = yield* Effect.promise(wire.load)
  const model = layer({ model: wire.model, apiKey: Redacted.make("key"), fetch, maxRetries: 0 })
  const request = { conversation: Conversation.make("Go on."), toolkit }
  yield* Effect.provide(ChatModel.ChatModel.use(({ generate }) => generate(request)), model)
  yield* Stream.runDrain(
    Stream.provide(Stream.unwrap(ChatModel.ChatModel.useSync(({ stream }) => stream(request))), model)
  )
  const [whole = "", streamed = ""] = answers
  return { whole, streamed }
})

const run = (wire: Wires.Wire, input: string, ...flags: ReadonlyArray<string>) =>
  volley(["run", "--provider", wire.name, "--toolkit", bundleOf("toolkit"), ...flags], { input })

describe.each(Wires.all)("volley run --stream of $name", (wire) => {
  it("prints what it prints for the same response in one piece", async () => {
    const { streamed, whole } = await Effect.runPromise(bodies(wire))
    assert.notStrictEqual(streamed, whole)
    for (const flags of [[], ["--echo"]]) {
      const [plain, stream] = await Promise.all([run(wire, whole, ...flags), run(wire, streamed, "--stream", ...flags)])
      assert.strictEqual(stream.code, 0, stream.stderr)
      assert.deepStrictEqual(JSON.parse(stream.stdout), JSON.parse(plain.stdout))
    }
  })

  it("ends with one line and exit code 2 where the stream is cut, or is none", async () => {
    const { streamed, whole } = await Effect.runPromise(bodies(wire))
    for (const input of [streamed.slice(0, streamed.length / 2), whole]) {
      const { code, stderr, stdout } = await run(wire, input, "--stream")
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.match(stderr, /(^|\n)volley run: standard input is no whole stream: [^\n]+\n$/)
    }
  })
})

describe("volley run and tools that want approval", () => {
  const wire = Wires.all[0]!
  const response = JSON.stringify({
    role: "assistant",
    content: null,
    tool_calls: [{ id: "call_1", type: "function", function: { name: "pay", arguments: "{\"to\":\"Bob\"}" } }]
  })
  const pay = (...flags: ReadonlyArray<string>) =>
    volley(["run", "--provider", wire.name, "--toolkit", bundleOf("approval"), ...flags], { input: response })

  it("denies them unless it is told otherwise, and says how", async () => {
    const { code, stdout } = await pay()
    assert.strictEqual(code, 0)
    assert.match(stdout, /Denied.*--approve all/)
  })

  it("runs them with --approve all", async () => {
    const { code, stdout } = await pay("--approve", "all")
    assert.strictEqual(code, 0)
    assert.include(stdout, "paid Bob")
  })

  it("says that it has no terminal to ask at", async () => {
    const { code, stderr } = await pay("--approve", "ask")
    assert.strictEqual(code, 2)
    assert.strictEqual(stderr, "volley run: --approve ask needs a terminal to ask at; use --approve all\n")
  })
})
