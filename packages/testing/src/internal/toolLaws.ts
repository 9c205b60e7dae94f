/**
 * The laws that hold for given tools, whatever they do: each as a check of one random turn.
 */
import { Access, Conversation, type Outcome, type Tool } from "@volley/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import { format } from "effect/Formatter"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Broken, judge, ok } from "./broken.ts"
import { codecOf } from "./codecOf.ts"
import { agrees, common, difference } from "./compare.ts"
import { drawing, type Lab, type Ran } from "./lab.ts"

type Check = (lab: Lab) => Effect.Effect<void, Broken, unknown>

/** Runs the calls at once, and looks at what they came to. */
const afterwards = (look: (ran: Ran, lab: Lab) => string | undefined): Check => (lab) =>
  Effect.flatMap(lab.together, (ran) => complain(look(ran, lab), ran))

const complain = (why: string | undefined, ran: Ran) =>
  judge(() => ok(why === undefined, why ?? ""), () => drawing(ran))

/** The first thing that is wrong with any of them. */
const first = <A>(all: ReadonlyArray<A>, wrong: (one: A, index: number) => string | undefined): string | undefined => {
  for (const [index, one] of all.entries()) {
    const why = wrong(one, index)
    if (why !== undefined) return why
  }
  return undefined
}

const failureTag = ({ result }: Outcome.Outcome): string | undefined =>
  Result.isSuccess(result) || result.failure._tag === "ToolFailure" ? undefined : result.failure.reason._tag

export const total = afterwards(({ outcomes }, { turn }) =>
  outcomes.length === turn.drawn.length
    ? first(turn.drawn, ({ call }, index) =>
      outcomes.some((outcome) => outcome.call === call)
        ? undefined
        : `Call ${index + 1} has no outcome.`)
    : `${turn.drawn.length} calls have ${outcomes.length} outcomes.`
)

export const matched = afterwards(({ outcomes }, { turn }) =>
  first(
    turn.drawn,
    ({ call }, index) =>
      outcomes[index]?.call.id === call.id && Conversation.results(outcomes)[index]?.callId === call.id
        ? undefined
        : `The answer at place ${index + 1} is not that of ${call.id}.`
  )
)

export const timely = afterwards(({ outcomes }, { setting: { options, toolkit } }) => {
  const { timeout = "30 seconds" } = options
  const usual = timeout === "unbounded" ? Infinity : Duration.toMillis(Duration.fromInputUnsafe(timeout))
  return first(outcomes, ({ call, endedAt, name, startedAt }) => {
    const own = name === undefined ? undefined : toolkit.byName.get(name)?.timeout
    const most = own === undefined ? usual : Duration.toMillis(own)
    return endedAt - startedAt <= most ? undefined : `${call.id} took ${endedAt - startedAt} ms; it may take ${most}.`
  })
})

export const bounded = afterwards(({ outcomes }, { setting: { toolkit }, turn }) => {
  // What stands for several calls takes no room of its own.
  const isOne = (name: string | undefined) => name !== undefined && toolkit.byName.get(name)?.expand === undefined
  const ran = outcomes.filter(({ attempts, name }) => attempts > 0 && isOne(name))
  return first(ran, ({ startedAt }) => {
    const open = ran.filter((other) => other.startedAt <= startedAt && startedAt < other.endedAt).length
    return open <= turn.concurrency ? undefined : `${open} calls run at once; ${turn.concurrency} may.`
  })
})

export const pure = afterwards(({ outcomes }) => {
  const elsewhere = outcomes.map((outcome) => ({ ...outcome, startedAt: 0, endedAt: 1, attempts: 7 }))
  return Equal.equals(Conversation.results(outcomes), Conversation.results(elsewhere))
    ? undefined
    : "The message changes with the time."
})

const trace = /\n {4}at |node:internal|node_modules|file:\/\//

export const honest = afterwards(({ marks, outcomes }, { turn }) =>
  first(Conversation.results(outcomes), ({ callId, isError, text }, index) => {
    const failed = outcomes[index] === undefined || Result.isFailure(outcomes[index].result)
    if (isError !== failed) return `${callId} failed, and the model is not told.`
    if (isError && trace.test(text)) return `The error of ${callId} shows the model a stack trace: ${text}`
    const cutOff = turn.drawn[index]?.fault === "truncated"
    return cutOff && marks.some(({ call }) => call === callId) ? `${callId} was truncated, and ran.` : undefined
  })
)

export const sound = afterwards(({ outcomes }, { setting, turn }) =>
  first(outcomes, (outcome, index) => {
    if (turn.drawn[index]?.fault !== "none" || Result.isSuccess(outcome.result)) return undefined
    const tag = failureTag(outcome)
    // A schema of another library can refuse what the JSON Schema that it wrote of itself allows.
    const tool = outcome.name === undefined ? undefined : setting.toolkit.byName.get(outcome.name)
    const isOwn = tool?.raw === undefined && tool?.recode !== undefined
    if (tag === "InvalidArguments" && isOwn) return `${outcome.call.id} has valid arguments, and its tool refuses them.`
    if (tag !== "Defect") return undefined
    const { failure } = outcome.result
    const cause = failure._tag === "CallError" && failure.reason._tag === "Defect" ? failure.reason.cause : undefined
    return `${outcome.call.id} crashed: ${cause === undefined ? "" : String(Cause.squash(cause))}`
  })
)

export const encodes = afterwards(({ outcomes }, { setting: { toolkit } }) =>
  first(outcomes, ({ call, name, result }) => {
    const tool = name === undefined ? undefined : toolkit.byName.get(name)
    if (tool === undefined) return undefined
    if (Result.isSuccess(result)) return unlike(`The success of ${call.id}`, tool.success, result.success)
    const { failure } = result
    if (failure._tag === "ToolFailure") return unlike(`The failure of ${call.id}`, tool.failure, failure.failure)
    return failure.reason._tag === "Unencodable"
      ? `What ${call.id} gave does not fit its schema: ${failure.reason.issue}`
      : undefined
  })
)

/** Says how a value changes that is written as JSON text and read again, undefined where it stays the same. */
const unlike = (what: string, schema: Schema.Constraint, value: unknown): string | undefined => {
  const codec = codecOf(schema)
  const encoded = Schema.encodeUnknownResult(codec)(value)
  if (Result.isFailure(encoded)) return `${what} cannot be encoded: ${encoded.failure.message}`
  const read = Schema.decodeUnknownResult(codec)(JSON.parse(JSON.stringify(encoded.success)))
  if (Result.isFailure(read)) return `${what} cannot be decoded again: ${read.failure.message}`
  return Schema.toEquivalence(codec)(value, read.success)
    ? undefined
    : `${what} is ${format(value)}, and ${format(read.success)} when it is decoded again.`
}

/** Runs the calls one by one, and compares the state at two instants of each call to some tools. */
const compared = (
  concerns: (tool: Tool.Any) => boolean,
  again: boolean,
  say: (id: string, name: string, change: string) => string
): Check =>
(lab) =>
  Effect.suspend(() => {
    const found: Array<string> = []
    return lab.serially((attempt, { id, tool }) => {
      if (!concerns(tool)) return attempt
      return Effect.gen(function*() {
        if (again) yield* Effect.exit(attempt)
        const before = yield* lab.setting.snapshot
        const exit = yield* Effect.exit(attempt)
        const after = yield* lab.setting.snapshot
        if (!Equal.equals(before, after)) found.push(say(id, tool.name, difference(before, after)))
        return yield* exit
      })
    }).pipe(Effect.flatMap((ran) => complain(found[0], ran)))
  })

export const readOnly = compared(
  ({ readOnly }) => readOnly,
  false,
  (id, name, change) => `${id} calls ${name}, which is read-only, and the state changes: ${change}`
)

export const idempotent = compared(
  ({ idempotent }) => idempotent,
  true,
  (id, name, change) =>
    `${id} calls ${name}, which is idempotent, twice with one idempotency key, and the second changes the state: ${change}`
)

/** What calls said that they touch, by their ids. */
const declarations = (lab: Lab) =>
  Effect.gen(function*() {
    const declared = new Map<string, ReadonlyArray<Access.Access>>()
    const ran = yield* lab.serially((attempt, { id, parameters, tool: { claims } }) =>
      Effect.suspend(() => {
        const known = typeof claims === "function" ? claims(parameters) : claims
        if (known !== undefined && known.access.length > 0) declared.set(id, known.access)
        return attempt
      })
    )
    return { ran, declared }
  })

export const declared: Check = (lab) =>
  Effect.flatMap(declarations(lab), ({ declared, ran }) =>
    complain(
      first(ran.touches, ({ call = "", key, mode }) => {
        const said = declared.get(call)
        return said === undefined || said.some((access) => covers(access, mode, key))
          ? undefined
          : `${call} ${mode === "read" ? "reads" : "writes"} ${key}, and declares ${said.map(spoken).join(", ")} alone.`
      }),
      ran
    ))

const covers = (access: Access.Access, mode: "read" | "write", key: string): boolean => {
  if (access.mode === "exclusive") return true
  const isUnder = access.key === "" || `${key}/`.startsWith(`${access.key}/`)
  return isUnder && (mode === "read" || access.mode === "write")
}

const spoken = (access: Access.Access): string =>
  access.mode === "exclusive" ? "to be alone" : `to ${access.mode} ${access.key === "" ? "all" : access.key}`

/** How a call ended and what the model is shown of it, read where it is JSON. */
const shown = (outcome: Outcome.Outcome): unknown => ({
  end: failureTag(outcome) ?? outcome.result._tag,
  text: Result.getOrElse(parsed(outcome.encoded), () => outcome.encoded)
})

const parsed = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))

const isCutShort = (outcome: Outcome.Outcome): boolean => ["Timeout", "Uncertain"].includes(failureTag(outcome) ?? "")

export const serializable: Check = (lab) =>
  Effect.gen(function*() {
    const serial = yield* lab.serially()
    const another = yield* lab.serially(undefined, 1)
    const together = yield* lab.together
    if ([serial, together].some(({ outcomes }) => outcomes.some(isCutShort))) return
    const wrong = first(together.outcomes, (outcome, index) => {
      const [one, other] = [serial, another].map(({ outcomes }) => outcomes[index])
      if (one === undefined || other === undefined || agrees(shown(outcome), common(shown(one), shown(other)))) {
        return undefined
      }
      return `${outcome.call.id} comes to ${outcome.encoded}; one call after the other it comes to ${one.encoded}.`
    })
    const state = agrees(together.after, common(serial.after, another.after))
      ? undefined
      : `The state that is left is another than after one call after the other: ${
        difference(serial.after, together.after)
      }`
    const broken = wrong ?? state
    yield* complain(broken && `${broken} ${mend}`, together)
  })

const mend = "Calls that touch the same thing all have to say so, with `access`: those that read it too."

export const interruptible: Check = (lab) =>
  Effect.gen(function*() {
    const whole = yield* lab.together
    const ran = yield* lab.until(Math.floor(whole.finished * lab.turn.interruptedAfter))
    const late = ran.marks.find(({ time }) => time > ran.finished)
    const changed = Equal.equals(ran.after, ran.later)
      ? undefined
      : `After the interrupted batch has ended, the state goes on changing: ${difference(ran.after, ran.later)}`
    yield* complain(late === undefined ? changed : `${late.call} goes on after the interrupted batch has ended.`, whole)
  })
