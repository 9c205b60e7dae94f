import * as Context from "effect/Context"

/** True for a model whose turn is followed already: it makes no span of its own. */
export const Followed = Context.Reference<boolean>("@volley/core/internal/Followed", { defaultValue: () => false })
