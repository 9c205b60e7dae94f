/**
 * How servers of Gemini's API speak it.
 */
import type { Part } from "@google/genai"
import type { Body } from "../geminiBody.ts"
import { get, isObject } from "../json.ts"
import {
  at,
  broken,
  type Change,
  events,
  invented,
  isOwn,
  type Manner,
  nextId,
  refuse,
  refuseNames,
  set,
  several,
  signed,
  tooMany,
  unsigned,
  uses,
  where,
  without
} from "../manner.ts"

type Gemini = Manner<Body>
type Reason = Body["candidates"][number]["finishReason"]

const partsIn = "candidates.*.content.parts"
const callIn = `${partsIn}.*.functionCall`

/** Another turn of calls in place of one; answers stay. */
const calling =
  (change: (parts: ReadonlyArray<Part>) => ReadonlyArray<Part>, reason?: Reason) => (body: Body): Body => ({
    ...body,
    candidates: body.candidates.map((candidate) => {
      const { content, finishReason } = candidate
      const parts = content.parts ?? []
      return parts.some(isCall)
        ? { ...candidate, finishReason: reason ?? finishReason, content: { ...content, parts: [...change(parts)] } }
        : candidate
    })
  })

const isCall = ({ functionCall }: Part): boolean => functionCall !== undefined

const ending = (reason: Reason): Gemini => ({ turn: calling((parts) => parts, reason) })

/** Only the first call of a turn is signed. */
const adding = (change: NonNullable<Part["functionCall"]>) =>
  calling((parts) =>
    parts.flatMap((part, at): ReadonlyArray<Part> => {
      const { functionCall: call } = part
      return at < parts.length - 1 || call === undefined
        ? [part]
        : [part, { functionCall: { ...call, ...(call.id !== undefined && { id: nextId(call.id) }), ...change } }]
    })
  )

/** The signature stays that of the first call inside. */
const wrapped = calling((parts) => {
  const calls = parts.flatMap(({ functionCall }) => functionCall === undefined ? [] : [functionCall])
  const args = uses(calls.map(({ args = {}, name = "" }) => ({ name, arguments: args })))
  return parts.slice(0, 1).map((part) => ({ ...part, functionCall: { ...part.functionCall, name: several, args } }))
})

const changed = (change: Change): Required<Pick<Gemini, "body" | "frames">> => ({
  body: change,
  frames: events(change)
})

const isNone = (call: unknown): boolean => JSON.stringify(get(call, "args")) === "{}"

/** What stands in place of arguments that stop in the middle, until they are written. */
const mark = { "": broken }
const isMark = (args: unknown): boolean => get(args, "") === broken

/** No part of a turn comes, or others, and the end says why. */
const unreadable = (reason: Reason, message: string, parts: ReadonlyArray<Part>): Gemini => ({
  turn: calling(() => parts, reason),
  ...changed(at("candidates.*", where((one) => get(one, "finishReason") === reason, set("finishMessage", message))))
})

const nameRules = refuseNames("contents.*.parts.*.functionCall.name", "contents.*.parts.*.functionResponse.name")

const isNothing = (part: unknown): boolean =>
  isObject(part) && part["text"] === "" && Object.keys(part).every((key) => key === "text")

const error = { error: { ...tooMany, status: "RESOURCE_EXHAUSTED" } }

/** What Google lets a caller put in place of a signature that it never had. */
const skip = "skip_thought_signature_validator"

/** What there is, by the name of its dialect. */
export const gemini: Readonly<Record<string, Gemini>> = {
  "blocked-after-calls": ending("SAFETY"),
  "cut-after-calls": ending("MAX_TOKENS"),
  "broken-arguments": {
    turn: adding({ args: mark }),
    ...changed(at(`${callIn}.args`, where(isMark, () => broken)))
  },
  "invented-name": { turn: adding({ name: invented }), refuses: nameRules },
  "several-in-one": { turn: wrapped, refuses: nameRules },
  "arguments-as-text": changed(at(`${callIn}.args`, (args) => JSON.stringify(args))),
  "arguments-null": changed(at(callIn, where(isNone, set("args", null)))),
  "arguments-missing": changed(at(callIn, where(isNone, without("args")))),
  "empty-call": { turn: adding({ id: "", name: "", args: {} }), refuses: nameRules },
  "error-as-answer": { body: () => error, frames: () => [{ data: error }] },
  "error-in-a-list": { body: () => [error], frames: () => [{ data: [error] }] },
  "unknown-finish": changed(at("candidates.*.finishReason", () => "ABORTED")),
  "malformed-call": unreadable("MALFORMED_FUNCTION_CALL", "print(default_api.weather(", [
    { text: "I should look.", thought: true },
    { text: "", thoughtSignature: "c2lnbmVk" },
    { text: "Let me see." }
  ]),
  "unexpected-call": unreadable("UNEXPECTED_TOOL_CALL", "weather is no tool here", []),
  "empty-texts": {
    turn: calling((parts) => [{ text: "" }, ...parts, { text: "" }]),
    refuses: [
      refuse(
        "A14",
        "contents.*.parts.*",
        (part) => !isNothing(part),
        "required oneof field 'data' must have one initialized field"
      )
    ]
  },
  "own-signatures": {
    ...changed(at(`${partsIn}.*.thoughtSignature`, signed)),
    takes: at("contents.*.parts.*.thoughtSignature", unsigned),
    refuses: [
      refuse(
        "A15",
        "contents.*.parts.*.thoughtSignature",
        (signature) => isOwn(signature) || signature === skip,
        "Corrupted thought signature."
      )
    ]
  }
}
