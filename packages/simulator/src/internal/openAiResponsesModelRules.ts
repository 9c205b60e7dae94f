import type { Continued, Rule } from "../Wire.ts"
import { recall } from "./memory.ts"
import type { Request } from "./openAiResponsesRequest.ts"
import { streamRule } from "./openAiStreamRule.ts"

const maxContext = 128_000

/** Rules about single switches of a request. */
export const parameterRules: ReadonlyArray<Rule<Request>> = [
  streamRule
]

/** Rules about the response that a request goes on from; one with `store: false` is not kept. */
export const continuedRules: ReadonlyArray<Rule<Continued<Request>>> = [
  {
    row: "R8",
    verified: true,
    check: ({ memory, request: { previous_response_id: id } }) =>
      id == null || recall(memory, id) !== undefined ? undefined : {
        message: `Previous response with id '${id}' not found.`,
        param: "previous_response_id",
        code: "previous_response_not_found"
      }
  }
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
  }
]

/** Rules about the size of a whole request. */
export const sizeRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "R13",
    verified: false,
    check: ({ inputTokens, truncation }) =>
      inputTokens <= maxContext || truncation === "auto" ? undefined : {
        message: "Your input exceeds the context window of this model. Please adjust your input and try again.",
        param: "input",
        code: "context_length_exceeded"
      }
  }
]
