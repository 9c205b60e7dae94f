import { setTimeout as sleep } from "node:timers/promises"
import { answer, type Call } from "../Contender.ts"

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 }
}

/** How long a streamed turn takes before each of its calls. */
export const pace = 200

type Prompt = ReadonlyArray<{ readonly role: string; readonly content: unknown }>

/** A turn of a model: its calls, or its answer. */
const turnOf = (calls: ReadonlyArray<Call>, isFirst: boolean) => {
  const unified: "tool-calls" | "stop" = isFirst ? "tool-calls" : "stop"
  const content = isFirst
    ? calls.map(({ id, name, ...call }) => ({
      type: "tool-call" as const,
      toolCallId: id,
      toolName: name,
      input: call.arguments
    }))
    : [{ type: "text" as const, text: answer }]
  return { content, finishReason: { unified, raw: undefined }, usage, warnings: [] }
}

/**
 * A model in the process, after the specification of the `ai` package, that wants its calls once.
 *
 * - `answered`: the results in the last turn that it was asked for; none of them failed
 */
export const mockModel = <V extends "v3" | "v4">(specificationVersion: V, calls: ReadonlyArray<Call>) => {
  const model = {
    specificationVersion,
    provider: "mock",
    modelId: "mock",
    supportedUrls: {},
    answered: 0,
    turn(prompt: Prompt) {
      const last = prompt.at(-1)
      const isFirst = last?.role !== "tool"
      if (!isFirst) model.answered = Array.isArray(last.content) ? last.content.filter(isGood).length : 0
      return turnOf(calls, isFirst)
    },
    async doGenerate({ prompt }: { readonly prompt: Prompt }) {
      return model.turn(prompt)
    },
    async doStream({ prompt }: { readonly prompt: Prompt }) {
      return { stream: streamOf(model.turn(prompt)) }
    }
  }
  return model
}

type Turn = ReturnType<typeof turnOf>

const partsOf = async function*({ content, finishReason, usage }: Turn) {
  yield { type: "stream-start" as const, warnings: [] }
  for (const part of content) {
    if (part.type === "text") {
      yield { type: "text-start" as const, id: "1" }
      yield { type: "text-delta" as const, id: "1", delta: part.text }
      yield { type: "text-end" as const, id: "1" }
    } else {
      await sleep(pace)
      yield part
    }
  }
  yield { type: "finish" as const, finishReason, usage }
}

type Part = ReturnType<typeof partsOf> extends AsyncGenerator<infer P> ? P : never

const streamOf = (turn: Turn): ReadableStream<Part> => {
  const parts = partsOf(turn)
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    }
  })
}

const isGood = (part: { readonly type?: string; readonly output?: { readonly type?: string } }) =>
  part.type === "tool-result" && !(part.output?.type ?? "").startsWith("error")
