/**
 * What recording a run costs: the same agent with and without a file, in turns, and the median of what either took.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Agent, Tool, Toolkit } from "@volley/core"
import { Run } from "@volley/telemetry"
import { ScriptedModel } from "@volley/testing"
import { Effect, FileSystem, Layer, Schema } from "effect"
import { setTimeout } from "node:timers/promises"

const [turns, calls, rounds] = [10, 10, 41]

/** - `millis`: how long a call takes; at 0 nothing is measured but Volley itself */
const agentOf = (millis: number) => {
  const read = Tool.make("read", {
    description: "Reads a page.",
    parameters: Schema.Struct({ page: Schema.Int }),
    success: Schema.String,
    readOnly: true,
    execute: ({ page }) => Effect.as(millis === 0 ? Effect.void : Effect.sleep(millis), `text of page ${page}`)
  })
  const asks = ScriptedModel.calls(
    ...Array.from({ length: calls }, (_, page) => ({ name: "read", arguments: { page } }))
  )
  const script = [...Array.from({ length: turns }, () => asks), ScriptedModel.says("Done.")]
  return Agent.run({ toolkit: Toolkit.make(read), prompt: "Read.", maxRounds: turns + 1 }).pipe(
    Effect.provide(ScriptedModel.layer(script), { local: true })
  )
}

const millisOf = async (run: Effect.Effect<unknown, unknown>): Promise<number> => {
  const from = performance.now()
  await Effect.runPromise(run)
  return performance.now() - from
}

const median = (numbers: ReadonlyArray<number>): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

const measure = async (millis: number, recorder: Layer.Layer<never, unknown>) => {
  const plain: Array<number> = []
  const recorded: Array<number> = []
  for (let round = 0; round < (millis === 0 ? rounds : 9); round++) {
    plain.push(await millisOf(agentOf(millis)))
    recorded.push(await millisOf(Effect.provide(agentOf(millis), recorder, { local: true })))
    await setTimeout(1)
  }
  const [without, kept] = [median(plain), median(recorded)]
  console.log(
    `calls of ${millis} ms: ${without.toFixed(2)} ms without, ${kept.toFixed(2)} ms recorded, ${
      (kept / without).toFixed(2)
    } x, ` +
      `${((kept - without) / (turns * calls) * 1000).toFixed(0)} us a call`
  )
}

await Effect.runPromise(
  Effect.scoped(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped()
    const recorder = Layer.provide(Run.layer({ file: `${folder}/run.jsonl` }), NodeFileSystem.layer)
    console.log(`${turns} turns of ${calls} calls`)
    for (const millis of [0, 1, 10]) yield* Effect.promise(() => measure(millis, recorder))
  })).pipe(Effect.provide(NodeFileSystem.layer))
)
