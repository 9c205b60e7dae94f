import * as Result from "effect/Result"
import { DependencyFailed, type Reason, toModel } from "../../CallError.ts"
import type { Outcome } from "../../Outcome.ts"
import type * as Tool from "../../Tool.ts"
import type * as Toolkit from "../../Toolkit.ts"
import type { Node } from "../runner/line.ts"

/**
 * The calls that one call stands for.
 *
 * - `assemble`: makes the answer of that one call from their outcomes and answers, in at most `maxBytes` where it can
 */
export interface Expansion {
  readonly toolkit: Toolkit.Any
  readonly nodes: ReadonlyArray<Node>
  readonly assemble: (
    outcomes: ReadonlyArray<Outcome>,
    maxBytes: number,
    answers: ReadonlyArray<Tool.Answer<unknown> | undefined>
  ) => Result.Result<Tool.Answer<unknown>, Reason>
}

/** What those read of a failed call who need its result: the call that failed first. */
export const dependencyFailed = ({ call, result }: Outcome): DependencyFailed => {
  const failure = Result.isFailure(result) ? result.failure : undefined
  const reason = failure?._tag === "CallError" ? failure.reason : undefined
  if (reason?._tag === "DependencyFailed") return reason
  return new DependencyFailed({ root: call.id, type: failure ? toModel(failure).error.type : "Defect" })
}
