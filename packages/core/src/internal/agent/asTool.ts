import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type AgentError, Failed } from "../../AgentError.ts"
import type { ChatModelError } from "../../ChatModelError.ts"
import type { Content } from "../../Content.ts"
import { Conversation } from "../../Conversation.ts"
import type * as Tool from "../../Tool.ts"
import { refuseNoFunction, refuseNoToolkit } from "../refusals.ts"
import { Enclosing } from "../runner/enclosing.ts"
import { type Job, moreOf, pathOf } from "../runner/job.ts"
import { misshapen } from "../shapes.ts"
import { compile } from "../tool/compile.ts"
import type { AnyDefinition, Traits } from "../tool/definition.ts"
import { mistakes, noSchema, refuseUnnamed, shapes } from "../tool/mistakes.ts"
import type { Outer, Tell } from "./agent.ts"
import type { Event, Nested } from "./event.ts"
import { loop } from "./loop.ts"
import { mistakeInOptions } from "./misused.ts"
import { Around } from "./nesting.ts"
import type { AnyOptions, Options } from "./options.ts"

/** What an agent is told that is a tool, where nothing else is said. */
export const Task = Schema.Struct({
  task: Schema.String.annotate({ description: "What to do, with all that is to be known for it." })
})

/** What an agent does that is a tool: as `Agent.run` takes it, and as a tool says it of itself. */
export interface ToolOptions<T extends Tool.Any, Parameters, ReadOnly extends boolean>
  extends
    Omit<Options<T>, "prompt" | "name" | "onInterrupt" | "runner">,
    Omit<Traits<Parameters, typeof Schema.Never, ReadOnly>, "failure" | "repeat">
{}

/** What the parameters of the tool are, and what the agent is asked with them. */
export interface Asked<P extends Schema.Constraint> {
  readonly parameters: P
  readonly prompt: (parameters: P["Type"]) => string | ReadonlyArray<Content>
}

/** The same, whatever its types. */
export interface AnyToolOptions
  extends
    Omit<AnyOptions, "prompt" | "name" | "onInterrupt" | "runner" | "output">,
    Pick<AnyDefinition, "description" | "readOnly" | "idempotent" | "timeout" | "access" | "limits" | "approval">
{
  readonly output?: Schema.Constraint | undefined
  readonly parameters?: Schema.Constraint | undefined
  readonly prompt?: ((parameters: unknown) => string | ReadonlyArray<Content>) | undefined
}

/** Makes a tool whose calls are agents. */
export const compileAgent = (name: string, options: AnyToolOptions): Tool.Any => {
  refuseUnnamed(name, options)
  if (typeof options.description !== "string") throw new Error(`Tool "${name}": ${mistakes.description}.`)
  if (!Effect.isEffect(options.toolkit)) refuseNoToolkit(`Tool "${name}": \`toolkit\``, options.toolkit)
  const { access, approval, description, idempotent, limits, readOnly, timeout = Duration.infinity, ...rest } = options
  const { output, parameters = Task, prompt = taskOf, ...agent } = rest
  const traits = { access, approval, description, idempotent, limits, readOnly, timeout }
  const mistake = mistakeInOptions({ ...agent, prompt: "" }, [...Object.keys(traits), "parameters"])
    ?? misshapen(traits, shapes)
    ?? (Schema.isSchema(parameters) ? undefined : noSchema("parameters", parameters))
  if (mistake !== undefined) throw new Error(`Tool "${name}": ${mistake}.`)
  const asks = rest.parameters === undefined ? prompt : rest.prompt
  refuseNoFunction(`Tool "${name}": \`prompt\``, asks, "takes the parameters, and gives what to ask")
  const execute = (parameters: unknown) =>
    Effect.contextWith((context: Context.Context<unknown>) => {
      const job = Context.get(context, Enclosing)?.job
      const around = Context.get(context, Around)
      const outer = around && job && { agent: around, job }
      return asked({ ...agent, name, output, prompt: prompt(parameters) }, job, outer)
    })
  const schemas = { parameters, success: output ?? Schema.String, failure: Failed }
  return compile(name, { ...traits, ...schemas, resumes: true, execute })
}

const taskOf = (parameters: unknown): string => Schema.is(Task)(parameters) ? parameters.task : String(parameters)

/** Goes on with what a call had done, or begins; what is left where it stops goes to its call. */
const asked = Effect.fnUntraced(function*(
  options: AnyOptions,
  job: Job | undefined,
  outer: Outer | undefined
): Effect.fn.Return<unknown, Failed, unknown> {
  const inside = job?.call.inside
  const before = inside === undefined ? undefined : readConversation(inside)
  if (before !== undefined && Result.isFailure(before)) return yield* new Failed({ reason: "InvalidConversation" })
  const keep = (conversation: Conversation) => Effect.sync(() => void (job && (moreOf(job).inside = conversation)))
  const tell = outer && telling(outer)
  const agent = loop(
    { ...options, prompt: before?.success ?? options.prompt, onInterrupt: ({ conversation }) => keep(conversation) },
    {
      tell,
      deliver: (ending, now) =>
        tell === undefined ? ending : Effect.tap(ending, (ended) => tell({ _tag: "Answer", at: now(), ended }))
    },
    outer
  )
  const ended = yield* Effect.catch(
    agent,
    (error) => Effect.andThen(isLeft(error) ? keep(error.conversation) : Effect.void, failedBy(error))
  )
  return options.output === undefined ? ended.answer : ended.output
})

const readConversation = Schema.decodeUnknownResult(Conversation)

const isLeft = (error: AgentError | ChatModelError): error is AgentError =>
  error._tag === "AgentError" && error.reason._tag === "Undecided"

const failedBy = ({ reason }: AgentError | ChatModelError) =>
  Effect.fail(new Failed({ reason: reason._tag, ...(reason._tag === "LimitReached" && { limit: reason.limit }) }))

/** Tells those around it what happens, as long as its call is not over: after the events of that call itself that came before. */
const telling = ({ agent, job }: Outer): Tell | undefined => {
  const { listener } = agent
  const step = pathOf(job).slice(-1)
  const wrapped = (event: Event<Tool.Any, unknown>): Nested =>
    event._tag === "Nested" ? { ...event, path: [...step, ...event.path] } : { _tag: "Nested", path: step, event }
  if (listener === undefined) return undefined
  const { run: { teller } } = job
  const tell = (event: Event<Tool.Any, unknown>) => {
    const telling = Effect.suspend(() => listener(wrapped(event)))
    return teller === undefined ? telling : teller.tellInTurn(listener, telling)
  }
  return (event) => Effect.suspend(() => job.over ? Effect.void : tell(event))
}
