import { createHash } from "node:crypto"
import type { Message, Request, Thinking } from "./anthropicRequest.ts"
import { isObject } from "./json.ts"

/** What a thinking block was made for: the request up to the message that it stands in. */
export interface Origin {
  readonly request: Request
  readonly message: number
}

/** Signs a thinking text, so that a later request shows whether the text or what stood before it was edited. */
export const sign = (thinking: string, origin: Origin): string => `sim-${digest(thinking)}-${digest(before(origin))}`

/** Says what was done to a thinking block since it was signed. */
export const verify = (
  { signature, thinking }: Thinking,
  origin: Origin
): "genuine" | "forged" | "edited" | "moved" => {
  const [, text, prefix] = /^sim-([0-9a-f]{16})-([0-9a-f]{16})$/.exec(signature) ?? []
  if (text === undefined) return "forged"
  if (text !== digest(thinking)) return "edited"
  return prefix === digest(before(origin)) ? "genuine" : "moved"
}

const before = ({ message, request }: Origin): string =>
  JSON.stringify(
    [request.system, request.tools, request.messages.slice(0, message).map(withoutThinking)],
    dropCacheMarks
  )

/** Older thinking may be left out of a request, and cache marks may move. */
const withoutThinking = ({ content, role }: Message) => ({
  role,
  content: typeof content === "string" ? content : content.filter((block) => !isThinking(block))
})

/** True for a block that only an assistant writes before it speaks. */
export const isThinking = (block: { readonly type: string }): boolean =>
  block.type === "thinking" || block.type === "redacted_thinking"

const dropCacheMarks = (_key: string, value: unknown): unknown => {
  if (!isObject(value)) return value
  const { cache_control: _, ...rest } = value
  return rest
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16)
