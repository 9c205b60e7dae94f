import * as Json from "@volley/core/Json"
import * as ToolCall from "@volley/core/ToolCall"
import type { Content, FunctionCall, Part } from "./read.ts"

/** Marks the ids of calls that came without one, as models before Gemini 3 send them: such an id never goes to the API. */
const mark = "noid_"

/** What a call goes by that goes back without an id. */
export const unnamed = `${mark}1`

/** What stands in for a signature that is missing, or that belongs to a call which was written otherwise. */
const unsigned = "skip_thought_signature_validator"

/** A turn whose first call has a signature, be it that mark. */
export const signed = (content: Content): Content => {
  const first = content.parts?.find(({ functionCall }) => functionCall)
  if (first === undefined || first.thoughtSignature) return content
  const parts = content.parts ?? []
  return { ...content, parts: parts.map((part) => part === first ? { ...part, thoughtSignature: unsigned } : part) }
}

/** True for an id that is none of the model's own. */
export const isMadeUp = (id: string): boolean => id.startsWith(mark)

/** Leaves out a call's id where it has none of the model's own. */
export const idOf = (id: string): { readonly id?: string } => isMadeUp(id) ? {} : { id }

const isGiven = (id: string | null | undefined): id is string =>
  id !== undefined && id !== null && id !== "" && !isMadeUp(id)

/** The parts of a turn: the calls inside a call that stands for several are in its place, and one that asks for nothing is left out. */
export const partsOf = (content: Content | null | undefined): ReadonlyArray<Part> =>
  (content?.parts ?? []).flatMap(callsIn)

const callsIn = (part: Part): ReadonlyArray<Part> => {
  const { functionCall: call, thoughtSignature } = part
  if (!call) return [part]
  const { args, id, name = "" } = call
  if (!isGiven(id) && name === "" && Object.keys(Json.objectOf(args)).length === 0) return []
  const inside = ToolCall.inside({ name, arguments: args })
  if (inside === undefined) return [part]
  return inside.map((asked, at) => ({
    functionCall: {
      ...(isGiven(id) && { id: `${id}_${at + 1}` }),
      name: asked.name,
      args: Json.objectOf(asked.arguments)
    },
    ...(at === 0 && thoughtSignature && { thoughtSignature: unsigned })
  }))
}

/** The calls among the parts of a turn and the ids that they go by here; one that repeats id, name and arguments is left out. */
export const distinctCalls = (
  parts: ReadonlyArray<Part>
): ReadonlyArray<{ readonly call: FunctionCall; readonly id: string }> => {
  const calls = parts.flatMap(({ functionCall }) => functionCall ? [functionCall] : [])
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
export const provenCalls = (parts: ReadonlyArray<Part>): ReadonlyArray<ToolCall.ToolCall> =>
  distinctCalls(parts).flatMap(({ call, id }, index) =>
    id === call.id || isMadeUp(id) ? [{ ...ownCall(call, index), id }] : []
  )

/** The part of a call as it goes back, the very same where the API takes all of it as the model wrote it. */
export const echoed = (part: Part, call: FunctionCall, id: string): Part => {
  const { args, id: before, name = "" } = call
  const isSame = isMadeUp(id) ? !("id" in call) : id === before
  const spelled = ToolCall.spelled(name)
  const object = args === undefined ? undefined : Json.objectOf(args)
  const isSigned = spelled === name && object === args
  if (isSame && isSigned) return part
  return {
    ...part,
    functionCall: { ...withoutId(call), ...idOf(id), name: spelled, ...(object && { args: object }) },
    ...(part.thoughtSignature && !isSigned && { thoughtSignature: unsigned })
  }
}

const withoutId = ({ id: _none, ...call }: FunctionCall): FunctionCall => call
