import type { Fault, Headers, Rule } from "../Wire.ts"
import { functionTools, type Request } from "./openAiChatRequest.ts"
import { streamRule } from "./openAiStreamRule.ts"

const maxContext = 128_000

const tooSmall = (param: string, value: number | null | undefined): Fault | undefined =>
  value == null || value >= 1 ? undefined : {
    message: `Invalid '${param}': integer below minimum value. Expected a value >= 1, but got ${value} instead.`,
    param,
    code: "integer_below_min_value"
  }

/** Rules about who sends a request. */
export const keyRules: ReadonlyArray<Rule<Headers>> = [
  {
    row: "401",
    verified: true,
    check: ({ authorization = "" }) => {
      const [, key = ""] = /^Bearer\s+(\S+)$/i.exec(authorization) ?? []
      return key !== "" && key !== "invalid" ? undefined : {
        message: `Incorrect API key provided: ${key}.`,
        status: 401,
        code: "invalid_api_key"
      }
    }
  }
]

/** Rules about single numbers and switches of a request. */
export const parameterRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "C21",
    verified: true,
    check: (request) =>
      tooSmall("max_tokens", request.max_tokens) ?? tooSmall("max_completion_tokens", request.max_completion_tokens)
  },
  streamRule
]

/** Rules about what a model can do. */
export const modelRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "404",
    verified: true,
    check: ({ model }) =>
      model !== "no-such-model" ? undefined : {
        message: `The model \`${model}\` does not exist or you do not have access to it.`,
        status: 404,
        param: "model",
        code: "model_not_found"
      }
  },
  {
    row: "C13",
    verified: true,
    check: ({ model, parallel_tool_calls }) =>
      parallel_tool_calls === undefined || !/^o[134]/.test(model) ? undefined : {
        message: "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
        param: "parallel_tool_calls",
        code: "unsupported_parameter"
      }
  },
  {
    row: "C14",
    verified: true,
    check: (request) => {
      const { model, reasoning_effort } = request
      const reasons = reasoning_effort != null && reasoning_effort !== "none" && /^gpt-(5\.[4-9]|6)/.test(model)
      return !reasons || functionTools(request).length === 0 ? undefined : {
        message: `Function tools with reasoning_effort are not supported for ${model} in /v1/chat/completions. `
          + "To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
        param: "reasoning_effort"
      }
    }
  }
]

/** Rules about the size of a whole request. */
export const sizeRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "C19",
    verified: true,
    check: ({ inputTokens }) =>
      inputTokens <= maxContext ? undefined : {
        message: `This model's maximum context length is ${maxContext} tokens. However, your messages resulted in `
          + `${inputTokens} tokens. Please reduce the length of the messages.`,
        param: "messages",
        code: "context_length_exceeded"
      }
  }
]
