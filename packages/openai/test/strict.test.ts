import { OpenAiChat } from "@volley/openai"
import * as OpenAiChatWire from "@volley/simulator/OpenAiChatWire"
import { Result } from "effect"
import { suite } from "../../simulator/test/StrictSuite.ts"

suite("OpenAiChat", {
  strict: OpenAiChat.strict,
  refusal: (toolkit) => {
    const body = { model: "gpt-4.1", messages: [{ role: "user", content: "Go." }], tools: OpenAiChat.tools(toolkit) }
    const checked = OpenAiChatWire.check(JSON.parse(JSON.stringify(body)), { authorization: "Bearer key" })
    return Result.isFailure(checked) ? checked.failure.message : undefined
  },
  lax: ["any JSON", "a record at the root"]
})
