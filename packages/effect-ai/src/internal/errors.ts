/** Why a model gave no turn, there and here. */
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Transport from "@volley/core/Transport"
import * as AiError from "effect/ai/AiError"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Carried from "./carried.ts"
import { wire } from "./prompt.ts"

/** The error of `effect/ai` for one of Volley, which goes along whole. */
export const toAiError = (method: string) => (error: ChatModelError.ChatModelError): AiError.AiError =>
  AiError.make({ module: "Volley", method, reason: toReason(error) })

const toReason = (error: ChatModelError.ChatModelError): AiError.AiErrorReason => {
  const { message, reason } = error
  const ours = { description: message, metadata: { [Carried.key]: encode(error) } }
  switch (reason._tag) {
    case "RateLimited": {
      const { retryAfterMillis: millis } = reason
      return new AiError.RateLimitError({
        ...ours,
        ...(millis !== undefined && { retryAfter: Duration.millis(millis) })
      })
    }
    case "QuotaExhausted":
      return new AiError.QuotaExhaustedError(ours)
    case "Unauthorized":
      return new AiError.AuthenticationError({ ...ours, kind: reason.status === 403 ? forbidden : "InvalidKey" })
    case "InvalidRequest":
      return new AiError.InvalidRequestError(ours)
    case "ProviderFailed":
      return new AiError.InternalProviderError(ours)
    case "UnusableResponse":
    case "TooLarge":
      return new AiError.InvalidResponseError(ours)
    case "Unreachable":
    case "TimedOut":
      return network(error, "TransportError", reason._tag === "Unreachable" ? reason.url : undefined)
    case "Redirected":
      return network(error, "InvalidUrlError", reason.to)
  }
}

const forbidden = "InsufficientPermissions"

const network = (error: ChatModelError.ChatModelError, reason: AiError.NetworkError["reason"], url = "unknown") =>
  new AiError.NetworkError({ reason, method: "POST", url, description: error.message, cause: error })

const encode = Schema.encodeSync(Schema.toCodecJson(ChatModelError.ChatModelError))

/** The error of Volley for one of `effect/ai`; the very one where it was ours. */
export const fromAiError = (error: AiError.AiError): ChatModelError.ChatModelError =>
  Option.getOrElse(ownOf(error.reason), () => {
    const address = error.reason._tag === "NetworkError" ? error.reason.url : undefined
    const found = new ChatModelError.ChatModelError({ wire, reason: fromReason(error.reason) })
    return ChatModelError.shown({ address })(found)
  })

const ownOf = (reason: AiError.AiErrorReason): Option.Option<ChatModelError.ChatModelError> => {
  if (reason._tag === "NetworkError") return Option.liftPredicate(isOurs)(reason.cause)
  return "metadata" in reason ? decode(reason.metadata[Carried.key]) : Option.none()
}

const isOurs = Schema.is(ChatModelError.ChatModelError)
const decode = Schema.decodeUnknownOption(Schema.toCodecJson(ChatModelError.ChatModelError))

const fromReason = (reason: AiError.AiErrorReason): ChatModelError.Reason => {
  const { message } = reason
  switch (reason._tag) {
    case "RateLimitError": {
      const { retryAfter } = reason
      return new ChatModelError.RateLimited({
        message,
        ...(retryAfter !== undefined && { retryAfterMillis: Duration.toMillis(retryAfter) })
      })
    }
    case "QuotaExhaustedError":
      return new ChatModelError.QuotaExhausted({ message })
    case "AuthenticationError":
      return new ChatModelError.Unauthorized({ message, status: reason.kind === forbidden ? 403 : 401 })
    case "InternalProviderError":
      return new ChatModelError.ProviderFailed({ message, ...statusOf(reason) })
    case "NetworkError":
      return reason.isRetryable
        ? new ChatModelError.Unreachable({ message, url: Transport.withoutSecrets(reason.url) })
        : new ChatModelError.InvalidRequest({ message })
    case "ContentPolicyError":
    case "InvalidRequestError":
      return new ChatModelError.InvalidRequest({ message, ...statusOf(reason) })
    case "InvalidUserInputError":
    case "UnsupportedSchemaError":
    case "ToolConfigurationError":
    case "ToolkitRequiredError":
      return new ChatModelError.InvalidRequest({ message })
    case "UnknownError": {
      const { status } = statusOf(reason)
      return status === undefined
        ? new ChatModelError.UnusableResponse({ message })
        : ChatModelError.fromStatus({ status, message })
    }
    default:
      return new ChatModelError.UnusableResponse({ message })
  }
}

const statusOf = ({ http }: Pick<AiError.InternalProviderError, "http">): { readonly status?: number } => {
  const status = http?.response?.status
  return status === undefined ? {} : { status }
}
