import { OpenAiResponses } from "@volley/openai"
import * as OpenAiResponsesWire from "@volley/simulator/OpenAiResponsesWire"
import { Result } from "effect"
import { suite } from "../../simulator/test/StrictSuite.ts"

suite("OpenAiResponses", {
  strict: OpenAiResponses.strict,
  refusal: (toolkit) => {
    const body = { model: "gpt-5.4", input: "Go.", tools: OpenAiResponses.tools(toolkit) }
    const checked = OpenAiResponsesWire.check(JSON.parse(JSON.stringify(body)), { authorization: "Bearer key" })
    return Result.isFailure(checked) ? checked.failure.message : undefined
  },
  lax: ["any JSON", "a record at the root"]
})
