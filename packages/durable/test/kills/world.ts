/**
 * The tools and the model of a run that is killed. What a tool does to the world is a line of a file, the ledger.
 */
import { Access, ChatModel, type Conversation, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { appendFileSync } from "node:fs"
import { type Action, scenario, valueOf, type Wanted } from "./scenario.ts"
import { shownIn } from "./shown.ts"

/** `seen` is what an earlier step of a plan gave back. */
const parameters = Schema.Struct({ n: Schema.Int, millis: Schema.Int, seen: Schema.optionalKey(Schema.Int) })
type Parameters = typeof parameters.Type
const success = Schema.Struct({ value: Schema.Int })

class Odd extends Schema.TaggedError<Odd>()("Odd", { n: Schema.Int }) {}

/** Writes of the same account are in order, so that one with an unknown outcome holds back those behind it. */
const access = ({ n }: Parameters) => [Access.write(`account/${n % 3}`)]

/**
 * The tools, over a ledger.
 *
 * - `isControl`: the writes claim to be idempotent, so that nothing is recorded before they begin; what the sweep has to find
 */
export const toolkitOf = (ledger: string, isControl: boolean) => {
  const idempotent = isControl
  const line = (tool: string, n: number, { idempotencyKey }: Tool.Call) =>
    Effect.sync(() => appendFileSync(ledger, `${JSON.stringify({ tool, n, key: idempotencyKey })}\n`))
  // The moment that the world changes lies within the call: the program may be killed before it and behind it.
  const act = (tool: string) => ({ millis, n }: Parameters, call: Tool.Call) =>
    Effect.sleep(millis / 2).pipe(
      Effect.andThen(line(tool, n, call)),
      Effect.andThen(Effect.sleep(millis / 2)),
      Effect.as({ value: valueOf(n) })
    )
  const steps = Toolkit.make(
    Tool.make("look", { description: "Looks.", parameters, success, readOnly: true, execute: act("look") }),
    Tool.make("put", { description: "Puts.", parameters, success, idempotent: true, execute: act("put") }),
    Tool.make("pay", { description: "Pays.", parameters, success, access, idempotent, execute: act("pay") })
  )
  return Toolkit.merge(
    steps,
    Toolkit.make(
      Tool.make("odd", {
        description: "Looks, and fails.",
        parameters,
        success,
        failure: Odd,
        readOnly: true,
        execute: ({ n }) => Effect.fail(new Odd({ n }))
      }),
      Tool.make("ask", {
        description: "Pays, once it may.",
        parameters,
        success,
        idempotent,
        approval: "always",
        execute: act("ask")
      }),
      Tool.make("late", {
        description: "Pays, and never says so.",
        parameters,
        success,
        idempotent,
        timeout: "60 millis",
        execute: (asked, call) => Effect.andThen(act("late")(asked, call), Effect.never)
      }),
      Plan.tool(steps)
    )
  )
}

/** Says what a run is to do by its prompt, a seed, and answers with all that it was shown; knows nothing but the conversation. */
export const model: Layer.Layer<ChatModel.ChatModel> = Layer.succeed(ChatModel.ChatModel, {
  generate: ({ conversation }) => Effect.delay(Effect.sync(() => turnOf(conversation)), 5),
  stream: () => Stream.die("these runs are not streamed")
})

const turnOf = (conversation: Conversation.Conversation): ChatModel.Turn => {
  const asked = scenario(seedOf(conversation))
  const turn = conversation.messages.filter(({ role }) => role === "assistant").length
  const calls = (asked[turn] ?? []).map(callOf)
  const text = calls.length > 0 ? "" : JSON.stringify(shownIn(asked, conversation))
  return {
    message: { role: "assistant", text, calls },
    finish: calls.length > 0 ? "tool-calls" : "stop",
    usage: { input: 10, output: 10 }
  }
}

const seedOf = ({ messages }: Conversation.Conversation): number => {
  const first = messages.find((message) => message.role === "user")
  return Number(first?.text)
}

/** Ids repeat from turn to turn, as those of some providers do. */
const callOf = (wanted: Wanted, index: number): ToolCall.ToolCall => {
  const { arguments: given, name } = "kind" in wanted
    ? { name: wanted.kind, arguments: argumentsOf(wanted) }
    : { name: "plan", arguments: { steps: wanted.map(stepOf) } }
  return ToolCall.make({ id: `call_${index}`, name, arguments: given, index })
}

const argumentsOf = ({ millis, n }: Action) => ({ n, millis })

/** A step needs the one before it, unless that one writes: what became of it may be unknown. */
const stepOf = (action: Action, index: number, steps: ReadonlyArray<Action>) => {
  const before = steps[index - 1]
  const needs = before === undefined || before.kind === "pay" ? {} : { seen: { $ref: `step-${before.n}/value` } }
  return { id: `step-${action.n}`, tool: action.kind, arguments: { ...argumentsOf(action), ...needs } }
}
