/**
 * Calls, agents, clocks that are set and arguments that mean harm, all in this process.
 */
import { Agent, Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Result, Schema } from "effect"
import { type Figure, held, median, megabytes, type Soak, steady, wrong } from "./figures.ts"

class Odd extends Schema.TaggedError<Odd>()("Odd", { n: Schema.Int }) {}

const echo = Tool.make("echo", {
  description: "Gives `n` of the user back; an odd hundred fails.",
  parameters: Schema.Struct({ n: Schema.Int }),
  success: Schema.Int,
  failure: Odd,
  readOnly: true,
  execute: ({ n }) =>
    n % 200 === 100 ? new Odd({ n }) : n % 50 === 0 ? Effect.as(Effect.sleep(1), n) : Effect.succeed(n)
})
const any = Tool.make("any", {
  description: "Takes whatever the user gives as `value`.",
  parameters: Schema.Struct({ value: Schema.Json }),
  success: Schema.Int,
  readOnly: true,
  execute: () => Effect.succeed(1)
})
const toolkit = Toolkit.make(echo, any)

const batch = Array.from(
  { length: 1000 },
  (_, n) => ToolCall.make({ id: `call_${n}`, name: n % 333 === 1 ? "nobody" : "echo", arguments: { n }, index: n })
)

/** What calls come to that are answered as they should be: 5 fail by themselves, 3 ask for what is not there. */
const isRight = ({ outcomes }: Batch.Settled<typeof echo | typeof any>): boolean =>
  outcomes.length === 1000
  && outcomes.filter(({ result }) => Result.isFailure(result)).length === 5 + 3
  && outcomes.every(({ call }, at) => call.id === `call_${at}`)

/** A million calls on one runner. */
export const calls: Soak = async (scale, tell) => {
  const runner = await Effect.runPromise(Batch.make({ maxCalls: "unbounded", concurrency: 100 }))
  let [all, bad] = [0, 0]
  const figures = await steady(
    { name: "calls on one runner", total: 1_000_000 * scale, each: 1000, tell },
    async (times) => {
      for (let time = 0; time < times; time++) {
        all++
        if (!isRight(await Effect.runPromise(runner.run(toolkit, batch)))) bad++
      }
    }
  )
  return [...figures, wrong("batches of them with another answer", bad, all)]
}

/** Twenty thousand agents, of two rounds each. */
export const agents: Soak = async (scale, tell) => {
  const turn = ScriptedModel.calls({ name: "echo", arguments: { n: 1 } }, { name: "echo", arguments: { n: 2 } })
  const run = Agent.run({ toolkit, prompt: "Go on." }).pipe(
    Effect.provide(ScriptedModel.layer([turn, turn, ScriptedModel.says("Done.")]))
  )
  let [all, bad] = [0, 0]
  const figures = await steady({ name: "agent runs", total: 20_000 * scale, each: 20, tell }, async (times) => {
    for (let time = 0; time < times; time++) {
      const ended = await Effect.runPromise(Effect.all(Array.from({ length: 20 }, () => run), { concurrency: 20 }))
      all += ended.length
      bad += ended.filter(({ answer, rounds }) => answer !== "Done." || rounds.length !== 2).length
    }
  })
  return [...figures, wrong("agents with another answer", bad, all)]
}

/** Batches whose wall clock goes an hour forth or back at every second look. */
export const clocks: Soak = async (scale, tell) => {
  const total = Math.max(20, Math.round(500 * scale))
  const now = Date.now
  let [looks, bad] = [0, 0]
  Date.now = () => now() + (Math.floor(++looks / 2) % 3 - 1) * 3_600_000
  try {
    for (let time = 0; time < total; time++) {
      const settled = await Effect.runPromise(Batch.run(toolkit, batch, { maxCalls: "unbounded", timeout: "1 minute" }))
      if (!isRight(settled)) bad++
      if (time % 20 === 0) tell(time / total)
    }
  } finally {
    Date.now = now
  }
  return [wrong("batches with another answer while the clock goes an hour forth and back", bad, total)]
}

/** What models write that means harm, or goes wrong; of any size. */
const hostile: ReadonlyArray<(size: number) => string> = [
  (size) => "[".repeat(size),
  (size) => `{"value":${"[".repeat(size / 2)}${"]".repeat(size / 2)}}`,
  (size) => "{\"value\":".repeat(size / 9),
  (size) => `{"value":[${"0,".repeat(size / 2)}0]}`,
  (size) => `{"value":{${Array.from({ length: size / 12 }, (_, at) => `"${1e6 + at}":{}`).join(",")}}}`,
  (size) => `{"value":"${"\\u0000".repeat(size / 6)}"}`,
  (size) => `{"value":"${"\\ud800".repeat(size / 6)}`,
  (size) => `{"value":{${"\"__proto__\":{},".repeat(size / 15)}"constructor":1}}`,
  (size) => `{"value":${"9".repeat(size)}}`,
  (size) => `{"value":1e${"9".repeat(size)}}`,
  (size) => `\`\`\`json\n${"\n".repeat(size)}`,
  (size) => `${" ".repeat(size)}{"value":1}`
]

/** A flood of them: each answered, ten times the text in ten times the time, and nothing of it held. */
export const floods: Soak = async (scale, tell) => {
  const sizes = [10_000, 100_000]
  const rounds = Math.max(4, Math.round(100 * scale))
  const spent = sizes.map((): Array<number> => [])
  let [all, bad, first] = [0, 0, 0]
  for (let round = 0; round < rounds; round++) {
    for (const [at, size] of sizes.entries()) {
      const asked = hostile.map((of, index) =>
        ToolCall.make({ id: `call_${index}`, name: "any", arguments: of(size), index })
      )
      const start = process.cpuUsage()
      const { outcomes } = await Effect.runPromise(Batch.run(toolkit, asked))
      const { system, user } = process.cpuUsage(start)
      spent[at]?.push(system + user)
      all += asked.length
      bad += asked.filter(({ id }, index) => outcomes[index]?.call.id !== id || outcomes[index].encoded === "").length
    }
    if (round === 1) first = await held()
    tell(round / rounds)
  }
  const [short = 1, long = 0] = spent.map(median)
  const last = await held()
  const figures: ReadonlyArray<Figure> = [
    {
      what: "hostile arguments: time of ten times the text, by ten",
      value: long / short / 10,
      most: 2,
      seen: `${(short / 1000).toFixed(1)} ms, then ${(long / 1000).toFixed(1)} ms`
    },
    {
      what: "hostile arguments: memory",
      value: last / first,
      most: 1.1,
      seen: `${megabytes(first)}, then ${megabytes(last)}`
    }
  ]
  return [...figures, wrong("hostile arguments without an answer", bad, all)]
}
