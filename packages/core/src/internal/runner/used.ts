import type { Used } from "../../Recorder.ts"
import * as Usage from "../../Usage.ts"

/** Adds what one more agent has used to what others have; the tokens of a model stay one entry. */
export const usedWith = (before: Used | undefined, { calls, turns }: Used): Used => {
  if (before === undefined) return { calls, turns }
  const byModel = new Map(before.turns.map(({ model, usage }) => [model, usage]))
  for (const { model, usage } of turns) byModel.set(model, Usage.plus(byModel.get(model) ?? Usage.none, usage))
  return {
    calls: before.calls + calls,
    turns: Array.from(byModel, ([model, usage]) => ({ ...(model !== undefined && { model }), usage }))
  }
}
