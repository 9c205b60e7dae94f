import type { Fault, Headers, Rule } from "../Wire.ts"
import { blocks, placed, type Request } from "./anthropicRequest.ts"
import { firstDefined } from "./json.ts"
import { isThinking, verify } from "./thinkingSignature.ts"

const newest = "2026-10-21"
const maxOutput = 128_000
const maxPrompt = 200_000

const neverForced = /^claude-(opus-5-5|sonnet-5-5|fable-5-1|mythos-5-1)/
const adaptiveOnly = /^claude-((fable|mythos|opus|sonnet)-5|opus-4-[78])/
const alwaysThinking = /^claude-((fable|mythos)-5|opus-5-5)/
const neverAdaptive = /^claude-(opus|haiku|sonnet)-4-5/
const noPrefill = /^claude-(\w+-5|\w+-4-[678])/
const boundToPrefix = /^claude-(opus-5-5|fable-5-1)/

/** Rules about who sends a request, and in which version. */
export const headerRules: ReadonlyArray<Rule<Headers>> = [
  {
    row: "401",
    verified: false,
    check: (headers) => {
      const [, bearer = ""] = /^Bearer\s+(\S+)$/i.exec(headers["authorization"] ?? "") ?? []
      const key = bearer || (headers["x-api-key"] ?? "")
      return key !== "" && key !== "invalid" ? undefined : {
        message: key === "" ? "x-api-key header is required" : "invalid x-api-key",
        status: 401,
        type: "authentication_error"
      }
    }
  },
  {
    row: "A25",
    verified: true,
    check: (headers) =>
      headers["anthropic-version"] === undefined ? { message: "anthropic-version: header is required" } : undefined
  },
  {
    row: "A25",
    verified: false,
    check: ({ "anthropic-version": version = "" }) =>
      ["2023-01-01", "2023-06-01", newest].includes(version)
        ? undefined
        : { message: `anthropic-version: "${version}" is not a valid version` }
  }
]

/** Rules about single parameters of a request. */
export const parameterRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "A26",
    verified: false,
    check: (request) => {
      const found = (["temperature", "top_p", "top_k"] as const).find((key) => request[key] !== undefined)
      return found === undefined || request.version !== newest
        ? undefined
        : { message: `\`${found}\` is not supported in version ${newest}` }
    }
  },
  {
    row: "3.0",
    verified: false,
    check: (request) => request.version === newest ? newestOnly(request) : undefined
  },
  {
    row: "A24",
    verified: false,
    check: ({ max_tokens }) =>
      max_tokens < 0 ? { message: "max_tokens: Input should be greater than or equal to 0" } : undefined
  },
  {
    row: "A28",
    verified: true,
    check: ({ max_tokens, model }) =>
      max_tokens <= maxOutput ? undefined : {
        message: `max_tokens: ${max_tokens} > ${maxOutput}, `
          + `which is the maximum allowed number of output tokens for ${model}`
      }
  }
]

const newestOnly = ({ messages }: Request): Fault | undefined => {
  const document = placed(messages, "document").find(({ message }) => messages[message]?.role === "assistant")
  if (document) {
    return { message: `messages.${document.message}.content.${document.at}: \`document\` is not allowed here` }
  }
  const cited = placed(messages, "text").find(({ block, message }) =>
    messages[message]?.role === "user" && (block.citations ?? []).length > 0
  )
  return cited && { message: `messages.${cited.message}.content.${cited.at}.citations: not allowed in user text` }
}

/** True when the request asks the model to think. */
export const thinks = ({ thinking }: Request): boolean => thinking?.type === "enabled" || thinking?.type === "adaptive"

const forces = ({ tool_choice }: Request): boolean => tool_choice?.type === "any" || tool_choice?.type === "tool"

const latestAnswer = ({ messages }: Request): number => messages.findLastIndex(({ role }) => role === "assistant")

const eachSignature =
  (check: (state: ReturnType<typeof verify>, path: string, message: number) => string | undefined) =>
  (request: Request): Fault | undefined =>
    firstDefined(placed(request.messages, "thinking"), ({ at, block, message }) => {
      const state = verify(block, { request, message })
      const text = check(state, `messages.${message}.content.${at}`, message)
      return text === undefined ? undefined : { message: text }
    })

const unmodified = "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. "
  + "These blocks must remain as they were in the original response."

/** Where thinking is on, this server thinks before each call; calls that it numbered and that stand alone lost their thought. */
const dropsThinking = (request: Request, at: number): boolean => {
  const message = request.messages[at]
  return message !== undefined && thinks(request) && !blocks(message).some(isThinking)
    && blocks(message).some((block) => block.type === "tool_use" && /^toolu_\d+$/.test(block.id))
}

/** Rules about what a model can do, and what it wrote itself. */
export const modelRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "404",
    verified: true,
    check: ({ model }) =>
      model === "no-such-model" ? { message: `model: ${model}`, status: 404, type: "not_found_error" } : undefined
  },
  {
    row: "A16",
    verified: true,
    check: (request) =>
      forces(request) && neverForced.test(request.model)
        ? { message: "tool_choice: type \"tool\" and \"any\" are not supported for this model." }
        : undefined
  },
  {
    row: "A15",
    verified: true,
    check: (request) =>
      forces(request) && thinks(request)
        ? { message: "Thinking may not be enabled when tool_choice forces tool use." }
        : undefined
  },
  {
    row: "A21",
    verified: true,
    check: ({ model, thinking }) => {
      if (thinking?.type === "enabled" && adaptiveOnly.test(model)) {
        return {
          message: "\"thinking.type.enabled\" is not supported for this model. "
            + "Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior."
        }
      }
      if (thinking?.type === "disabled" && alwaysThinking.test(model)) {
        return { message: "\"thinking.type.disabled\" is not supported for this model." }
      }
      if (thinking?.type === "adaptive" && neverAdaptive.test(model)) {
        return { message: "adaptive thinking is not supported on this model" }
      }
      return undefined
    }
  },
  {
    row: "A17",
    verified: true,
    check: (request) => {
      const at = latestAnswer(request)
      const message = request.messages[at]
      if (request.thinking?.type !== "enabled" || message === undefined) return undefined
      const written = blocks(message)
      const first = written[0]
      return first === undefined || isThinking(first) || !written.some((block) => block.type === "tool_use")
        ? undefined
        : {
          message: `messages.${at}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, `
            + `but found \`${first.type}\`. When \`thinking\` is enabled, `
            + "a final `assistant` message must start with a thinking block."
        }
    }
  },
  {
    row: "A19",
    verified: false,
    check: eachSignature((state, path) =>
      state === "forged" ? `${path}: Invalid \`signature\` in \`thinking\` block` : undefined
    )
  },
  {
    row: "A18",
    verified: true,
    check: (request) => {
      const at = latestAnswer(request)
      const edited = eachSignature((state, path, message) =>
        state === "edited" && message === at ? `${path}: ${unmodified}` : undefined
      )(request)
      return edited ?? (dropsThinking(request, at) ? { message: `messages.${at}.content.0: ${unmodified}` } : undefined)
    }
  },
  {
    row: "A20",
    verified: false,
    check: (request) =>
      !boundToPrefix.test(request.model) ?
        undefined :
        eachSignature((state, path) =>
          state === "moved" ? `${path}: what stands before this \`thinking\` block has been modified` : undefined
        )(request)
  },
  {
    row: "A22",
    verified: true,
    check: ({ messages, model }) =>
      messages.at(-1)?.role !== "assistant" || !noPrefill.test(model) ? undefined : {
        message: "This model does not support assistant message prefill. "
          + "The conversation must end with a user message."
      }
  }
]

/** Rules about the size of a whole request. */
export const sizeRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "A29",
    verified: true,
    check: ({ inputTokens }) =>
      inputTokens <= maxPrompt
        ? undefined
        : { message: `prompt is too long: ${inputTokens} tokens > ${maxPrompt} maximum` }
  }
]
