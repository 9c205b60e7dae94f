/**
 * What a response says, how it ended, and what that proves of its calls.
 */
import type * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import type { ResponseOutputItem } from "openai/resources/responses/responses"
import { errorIn, reasonOfError } from "./providerError.ts"
import { itemsIn } from "./responseItems.ts"

/** The texts of a response, and those that it has in place of an answer. */
export const saidIn = (response: unknown): { readonly text: string; readonly refusal: string } => {
  const items = itemsIn(response)
  return {
    text: items.map((item) => ofItem(item, "output_text")).join(""),
    refusal: items.map((item) => ofItem(item, "refusal")).join("")
  }
}

const ofItem = (item: ResponseOutputItem, kind: "output_text" | "refusal"): string => {
  if (item.type !== "message") return ""
  const content: unknown = item.content
  if (typeof content === "string") return kind === "refusal" ? "" : content
  return Array.isArray(content) ? content.map((part: unknown) => ofPart(part, kind)).join("") : ""
}

const ofPart = (part: unknown, kind: "output_text" | "refusal"): string => {
  if (!Json.isObject(part)) return ""
  const { refusal, text, type } = part
  const said = kind === "refusal" ? type === "refusal" && refusal : (type === kind || type === "text") && text
  return typeof said === "string" ? said : ""
}

/** What a response says of its end; other servers of this wire may leave the status out. */
const endIn = (response: unknown): { readonly status: unknown; readonly cut: unknown } => {
  if (!Json.isObject(response)) return { status: undefined, cut: undefined }
  const { incomplete_details: details, status } = response
  return { status: status || "completed", cut: Json.isObject(details) ? details["reason"] || undefined : undefined }
}

/** True where a response is written to its end and answers what it was asked. */
export const isWhole = (response: unknown): boolean => {
  const { cut, status } = endIn(response)
  return status === "completed" && cut === undefined && errorIn(response) === undefined
    && saidIn(response).refusal === ""
}

/** Why there is no turn, whatever else the response has: an error, or a status that proves nothing. */
export const failureOf = (response: unknown): ChatModelError.Reason | undefined => {
  const error = errorIn(response)
  if (error !== undefined) return reasonOfError(error)
  const { status } = endIn(response)
  if (status === "failed") return reasonOfError({ message: "the response failed" })
  return status === "completed" || status === "incomplete" || typeof status !== "string"
    ? undefined
    : new ChatModelError.UnusableResponse({
      message: `the turn is not proven complete: status ${JSON.stringify(status)}`
    })
}

/** How a turn ended. */
export const finishOf = (response: unknown, calls: number): ChatModel.Turn["finish"] => {
  const { cut, status } = endIn(response)
  if (cut === "content_filter") return "refusal"
  if (status !== "completed" || cut !== undefined) return "length"
  if (saidIn(response).refusal !== "") return "refusal"
  return calls > 0 ? "tool-calls" : "stop"
}
