/**
 * What an assistant message says: a text, or a list of parts, as servers write it that tell thinking from text.
 */
import * as Json from "@volley/core/Json"
import type OpenAI from "openai"
import { withPiece } from "./chatPieces.ts"
import type { Fields } from "./fields.ts"

type Content = OpenAI.ChatCompletionAssistantMessageParam["content"]

/** True for what a message of the assistant may have as its content. */
export const isContent = (json: unknown): json is Content =>
  Json.isTextOrNone(json) || (Array.isArray(json) && json.every(isPart))

/** Calls have their own place on this wire: among the parts, they are of another. */
const isPart = (json: unknown): boolean =>
  typeof json === "string" || (Json.isObject(json) && json["type"] !== "tool_use" && json["type"] !== "tool_call")

/** The text of a message, without what is no text. */
export const textIn = (content: unknown): string => saidIn(content, "text")

/** What a message says in place of an answer. */
export const refusalIn = ({ content, refusal }: Fields): string =>
  typeof refusal === "string" && refusal !== "" ? refusal : Array.isArray(content) ? saidIn(content, "refusal") : ""

const saidIn = (content: unknown, kind: "text" | "refusal"): string => {
  if (typeof content === "string") return content
  return Array.isArray(content) ? content.map((part: unknown) => ofPart(part, kind)).join("") : ""
}

const ofPart = (part: unknown, kind: "text" | "refusal"): string => {
  if (typeof part === "string") return kind === "text" ? part : ""
  if (!Json.isObject(part)) return ""
  const { [kind]: said, type } = part
  const isOfKind = kind === "refusal"
    ? type === "refusal"
    : type === undefined || type === "text" || type === "output_text"
  return isOfKind && typeof said === "string" ? said : ""
}

/** Content that came so far, with more of it: texts go on where they ended, and so do parts of one type. */
export const growContent = (before: unknown, more: unknown): unknown => {
  if (more === undefined || more === null) return before === undefined ? more : before
  if (before === undefined || before === null) return more
  if (typeof before === "string" && typeof more === "string") return before + more
  return partsOf(more).reduce<ReadonlyArray<unknown>>(withPiece, partsOf(before))
}

const partsOf = (content: unknown): ReadonlyArray<unknown> =>
  Array.isArray(content) ? content : content === "" ? [] : [{ type: "text", text: content }]
