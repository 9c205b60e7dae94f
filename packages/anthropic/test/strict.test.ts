import { AnthropicMessages } from "@volley/anthropic"
import * as AnthropicMessagesWire from "@volley/simulator/AnthropicMessagesWire"
import { Result } from "effect"
import { suite } from "../../simulator/test/StrictSuite.ts"

suite("AnthropicMessages", {
  strict: AnthropicMessages.strict,
  refusal: (toolkit) => {
    const tools = AnthropicMessages.tools(toolkit)
    const body = { model: "claude-opus-5-5", max_tokens: 10, messages: [{ role: "user", content: "Go." }], tools }
    const headers = { authorization: "Bearer key", "anthropic-version": "2026-10-21" }
    const checked = AnthropicMessagesWire.check(JSON.parse(JSON.stringify(body)), headers)
    return Result.isFailure(checked) ? checked.failure.message : undefined
  },
  lax: ["a recursion", "a record at the root"]
})
