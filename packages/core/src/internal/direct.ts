import type * as Effect from "effect/Effect"
import type { InvalidArguments, ToolFailure, Unencodable } from "../CallError.ts"
import type * as Tool from "../Tool.ts"

/** What a call comes to, as an effect that mostly is an `Exit`. */
export type Answering = Effect.Effect<
  Tool.Answer<unknown>,
  ToolFailure<unknown> | Unencodable | InvalidArguments,
  unknown
>

/**
 * What a tool's `call` does for one attempt, for less and without a fiber where it needs none: what the attempt comes to,
 * or the promise of it.
 */
export type Direct = (
  args: unknown,
  call: Tool.Call,
  signal: () => AbortSignal
) => Answering | Promise<Answering>

type Calling = Tool.Any["call"]

const directs = new WeakMap<Calling, Direct>()

/** Keeps the direct way with a `call`: whoever puts something around that has a `call` of their own, and no direct way. */
export const withDirect = (call: Calling, direct: Direct): Calling => {
  directs.set(call, direct)
  return call
}

export const directOf = ({ call }: Tool.Any): Direct | undefined => directs.get(call)
