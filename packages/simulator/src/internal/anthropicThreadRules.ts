import type { Continued, Rule } from "../Wire.ts"
import type { Request } from "./anthropicRequest.ts"
import { recall } from "./memory.ts"

const beta = "message-threads-2026-08-12"

/** The id of the message that a request continues, where it continues one. */
export const previousOf = ({ thread }: Request): string | undefined =>
  thread?.type === "continue" ? thread.previous_message_id : undefined

/** Rules about the thread that a request continues. */
export const continuedRules: ReadonlyArray<Rule<Continued<Request>>> = [
  {
    row: "A24",
    verified: false,
    check: ({ request: { betas, thread } }) =>
      thread == null || betas.includes(beta) ? undefined : { message: "thread: Extra inputs are not permitted" }
  },
  {
    row: "3h",
    verified: false,
    check: ({ request }) => {
      const repeated = (["system", "tools"] as const).find((field) => request[field] !== undefined)
      return previousOf(request) === undefined || repeated === undefined ? undefined : {
        message: `${repeated}: leave it out of a request that continues a thread, which keeps it from its first request`
      }
    }
  },
  {
    row: "3h",
    verified: false,
    check: ({ memory, request }) => {
      const id = previousOf(request)
      return id === undefined || recall(memory, id) !== undefined ? undefined : {
        message: `thread.previous_message_id: no thread was found for ${id}`,
        status: 404,
        type: "not_found_error",
        code: "thread_not_found"
      }
    }
  },
  {
    row: "3h",
    verified: false,
    check: ({ memory, request }) => {
      const id = previousOf(request)
      return id === undefined || memory.every(({ from }) => from !== id) ? undefined : {
        message: `thread.previous_message_id: ${id} has already been continued`,
        code: "thread_already_continued"
      }
    }
  }
]
