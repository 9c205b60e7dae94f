import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** Is told that the tool of the call at work is asked a second time. */
export const Hedged = Context.Reference<() => void>("@volley/core/internal/Hedged", { defaultValue: () => () => {} })

/** Tells whoever follows the call at work. */
export const hedged: Effect.Effect<void> = Effect.flatMap(Hedged, (tell) => Effect.sync(tell))
