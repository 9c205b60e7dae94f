import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Enclosing } from "./enclosing.ts"
import { hedges } from "./observe.ts"

/** Tells whoever follows the call at work that its tool is asked a second time. */
export const hedged: Effect.Effect<void> = Effect.contextWith((context: Context.Context<never>) =>
  Effect.sync(() => {
    const job = Context.get(context, Enclosing)
    if (job !== undefined) hedges(job)
  })
)
