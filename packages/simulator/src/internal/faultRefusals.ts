import type { Fault } from "../Fault.ts"
import { type Fault as Problem, reject, type Rejection, type Wire } from "../Wire.ts"

type Name = Wire<never>["name"]
type Tag = "RateLimited" | "Overloaded" | "ServerError"

const openAi: Readonly<Record<Tag, Problem>> = {
  RateLimited: { message: "Rate limit reached.", status: 429, type: "requests", code: "rate_limit_exceeded" },
  Overloaded: { message: "The engine is currently overloaded.", status: 503, type: "server_error" },
  ServerError: { message: "The server had an error while processing your request.", status: 500, type: "server_error" }
}

const problems: Readonly<Record<Name, Readonly<Record<Tag, Problem>>>> = {
  openai: openAi,
  "openai-responses": openAi,
  anthropic: {
    RateLimited: { message: "This request would exceed your rate limit.", status: 429, type: "rate_limit_error" },
    Overloaded: { message: "Overloaded", status: 529, type: "overloaded_error" },
    ServerError: { message: "Internal server error", status: 500, type: "api_error" }
  },
  google: {
    RateLimited: { message: "Resource has been exhausted (e.g. check quota).", status: 429 },
    Overloaded: { message: "The model is overloaded. Please try again later.", status: 503 },
    ServerError: { message: "An internal error has occurred.", status: 500 }
  }
}

/** The refusal that a fault is, where it is one. */
export const refusalOf = (fault: Fault, wire: Name): Rejection | undefined => {
  switch (fault._tag) {
    case "RateLimited":
    case "Overloaded":
    case "ServerError":
      return reject({ row: "fault", verified: false }, {
        ...problems[wire][fault._tag],
        retryAfterSeconds: fault._tag === "RateLimited" ? fault.retryAfterSeconds : undefined
      })
    default:
      return undefined
  }
}
