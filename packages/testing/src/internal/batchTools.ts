/**
 * The tools that random batches call: they do what the plan of the running batch says, and note when.
 */
import { Tool, Toolkit } from "@volley/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type CallCase, cleaning, millisOf, secret, tools } from "../BatchCase.ts"

/** What a tool noted: the call of the plan that it answers, and the virtual instant. */
export interface Note {
  readonly what: "start" | "end"
  readonly at: number
  readonly time: number
}

/** The plan of the running batch, and what its tools noted so far. */
export class Probe extends Context.Service<Probe, {
  readonly calls: ReadonlyArray<CallCase>
  readonly notes: Array<Note>
  readonly now: () => number
}>()("@volley/testing/internal/batchTools/Probe") {}

const bug = () => new Error(`cannot log in with ${secret}`, { cause: new Error(`401 for ${secret}`) })

class Refused extends Schema.TaggedError<Refused>()("Refused", { at: Schema.Int }) {}

const Left = Schema.Struct({ left: Schema.Int })

const circular: { readonly token: string; self?: unknown } = { token: secret }
circular.self = circular

/** More than a result may have by default. */
const text = "x".repeat(70_000)

const ending = ({ kind }: CallCase, at: number): Effect.Effect<unknown, Refused | typeof Left.Type> => {
  switch (kind) {
    case "failure":
      return Effect.fail(Object.assign(new Refused({ at }), { cause: bug() }))
    case "unencodableFailure":
      return Effect.fail({ left: 0.5, token: secret })
    case "defect":
      return Effect.die(bug())
    case "interruptsItself":
      return Effect.interrupt
    case "interruptsItsFiber":
      return Effect.withFiber((fiber) => Effect.andThen(Effect.sync(() => fiber.interruptUnsafe()), Effect.never))
    case "unencodable":
      return Effect.succeed(() => secret)
    case "circular":
      return Effect.succeed(circular)
    case "bigInt":
      return Effect.succeed(10n)
    case "tooLong":
      return Effect.succeed({ at, text })
    default:
      return Effect.succeed({ at, said: "done" })
  }
}

const acting = (call: CallCase, at: number): Effect.Effect<unknown, Refused | typeof Left.Type> => {
  if (call.kind === "hangs") return Effect.never
  if (call.kind === "hangsAndCleansUp") return Effect.onInterrupt(Effect.never, () => Effect.sleep(cleaning))
  const work = Effect.andThen(Effect.sleep(millisOf(call)), ending(call, at))
  return call.kind === "ignoresInterruption" ? Effect.uninterruptible(work) : work
}

const observed = (at: number) =>
  Probe.use(({ calls, notes, now }) => {
    const note = (what: Note["what"]) => Effect.sync(() => void notes.push({ what, at, time: now() }))
    return Effect.acquireUseRelease(note("start"), () => acting(calls[at]!, at), () => note("end"))
  })

interface Traits {
  readonly name: string
  readonly readOnly?: boolean
  readonly idempotent?: boolean
  readonly timeout?: number
}

const make = ({ idempotent, name, readOnly, timeout }: Traits) =>
  Tool.make(name, {
    readOnly: readOnly ?? false,
    idempotent,
    timeout,
    description: `The tool ${name}.`,
    parameters: Schema.Struct({ at: Schema.Int, throws: Schema.Boolean }),
    success: Schema.Unknown,
    failure: Schema.Union([Refused, Left]),
    execute: ({ at, throws }) => {
      if (throws) throw bug()
      return observed(at)
    }
  })

export const toolkit = Toolkit.make(...tools.map(make))
