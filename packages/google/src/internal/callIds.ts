import type { Content, FunctionCall, Part } from "@google/genai"
import * as ToolCall from "@volley/core/ToolCall"

/** Marks the ids of calls that came without one, as models before Gemini 3 send them: such an id never goes to the API. */
const mark = "noid_"

/** True for an id that is none of the model's own. */
export const isMadeUp = (id: string): boolean => id.startsWith(mark)

/** Leaves out a call's id where it has none of the model's own. */
export const idOf = (id: string): { readonly id?: string } => isMadeUp(id) ? {} : { id }

const isGiven = (id: string | null | undefined): id is string =>
  id !== undefined && id !== null && id !== "" && !isMadeUp(id)

/** The calls of a turn and the ids that they go by here; one that repeats id, name and arguments is left out. */
export const distinctCalls = (
  content: Content | undefined
): ReadonlyArray<{ readonly call: FunctionCall; readonly id: string }> => {
  const calls = (content?.parts ?? []).flatMap(({ functionCall }) => functionCall ? [functionCall] : [])
  return ToolCall.distinct(calls, ({ args, id, name }) => ({
    id: isGiven(id) ? id : undefined,
    name: name ?? "",
    arguments: args
  })).map(({ call, id }, index) => ({ call, id: isGiven(call.id) ? id : `${mark}${index + 1}` }))
}

/** A call at a place, by the id that it came with, or that is made up for the place. */
export const ownCall = ({ args, id, name }: FunctionCall, index: number): ToolCall.ToolCall => ({
  id: isGiven(id) ? id : `${mark}${index + 1}`,
  name: name ?? "",
  arguments: args ?? {},
  index,
  status: "complete"
})

/** The calls whose ids are known before the whole turn is: their own, once each, and those made up, which the place alone decides. */
export const provenCalls = (parts: Array<Part>): ReadonlyArray<ToolCall.ToolCall> =>
  distinctCalls({ parts }).flatMap(({ call, id }, index) =>
    id === call.id || isMadeUp(id)
      ? [{ id, name: call.name ?? "", arguments: call.args ?? {}, index, status: "complete" }]
      : []
  )

/** A call as it goes back, the very same where its id is as the model gave it. */
export const withId = (call: FunctionCall, id: string): FunctionCall => {
  if (!isMadeUp(id)) return id === call.id ? call : { ...call, id }
  if (!("id" in call)) return call
  const { id: _none, ...rest } = call
  return rest
}
