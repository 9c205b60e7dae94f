import type { Fault, Rule } from "../Wire.ts"
import { firstDefined, firstDuplicate } from "./json.ts"
import { openAiImageFault, typeOfDataUrl } from "./media.ts"
import { type Message, type Part, type Request, type Turn, turns } from "./openAiChatRequest.ts"

const maxId = 40
const maxContent = 1_048_576

const eachMessage = (check: (message: Message, at: number) => Fault | undefined) => (request: Request) =>
  firstDefined(request.messages, check)

const eachPart = (check: (part: Part, message: Message, path: string) => Fault | undefined) =>
  eachMessage((message, at) =>
    typeof message.content === "string"
      ? undefined
      : firstDefined(message.content ?? [], (part, of) => check(part, message, `messages[${at}].content[${of}]`))
  )

const eachTurn = (check: (turn: Turn, messages: ReadonlyArray<Message>) => Fault | undefined) => (request: Request) =>
  firstDefined(turns(request.messages), (turn) => check(turn, request.messages))

const idTooLong = (id: string, param: string): Fault | undefined =>
  id.length <= maxId ? undefined : {
    message: `Invalid '${param}': string too long. `
      + `Expected a string with maximum length ${maxId}, but got a string with length ${id.length} instead.`,
    param,
    code: "string_above_max_length"
  }

const mayBeNull = (message: Message): boolean =>
  message.role === "assistant" && (message.tool_calls != null || message.function_call != null)

/** Rules about messages one by one. */
export const shapeRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "C9",
    verified: true,
    check: eachMessage((message, at) =>
      message.role !== "assistant" || message.tool_calls?.length !== 0 ? undefined : {
        message: `Invalid 'messages[${at}].tool_calls': empty array. `
          + "Expected an array with minimum length 1, but got an empty array instead.",
        param: `messages[${at}].tool_calls`,
        code: "empty_array"
      }
    )
  },
  {
    row: "C8",
    verified: true,
    check: eachMessage((message, at) => {
      if (message.role === "tool") return idTooLong(message.tool_call_id, `messages[${at}].tool_call_id`)
      if (message.role !== "assistant") return undefined
      return firstDefined(
        message.tool_calls ?? [],
        (call, of) => idTooLong(call.id, `messages[${at}].tool_calls[${of}].id`)
      )
    })
  },
  {
    row: "C10",
    verified: true,
    check: eachMessage((message, at) =>
      message.content != null || mayBeNull(message) ? undefined : {
        message: "Invalid value for 'content': expected a string, got null.",
        param: `messages.[${at}].content`
      }
    )
  },
  {
    row: "1c",
    verified: false,
    check: eachMessage((message, at) =>
      message.role !== "tool" || typeof message.content === "string" || isTextOnly(message.content) ? undefined : {
        message: `Invalid 'messages[${at}].content': a tool message takes one text part or more and nothing else.`,
        param: `messages[${at}].content`,
        code: "invalid_value"
      }
    )
  },
  {
    row: "1c",
    verified: false,
    check: eachPart((part, message, path) =>
      message.role === "user" || part.type === "text" || (part.type === "refusal" && message.role === "assistant")
        ? undefined
        : {
          message: `Invalid '${path}': parts of type '${part.type}' are only allowed in messages with role 'user'.`,
          param: path,
          code: "invalid_value"
        }
    )
  },
  {
    row: "1c",
    verified: true,
    check: eachPart((part, _, path) =>
      part.type === "image_url" ? openAiImageFault(part.image_url.url, `${path}.image_url.url`) : undefined
    )
  },
  {
    row: "1c",
    verified: true,
    check: eachPart((part, _, path) => {
      if (part.type !== "file" || part.file.file_id !== undefined) return undefined
      const type = typeOfDataUrl(part.file.file_data ?? "")
      return type === "application/pdf" ? undefined : {
        message:
          `Invalid file data: '${path}.file.file_data'. Expected a base64-encoded data URL with an application/pdf `
          + "MIME type (e.g. 'data:application/pdf;base64,SGVsbG8sIFdvcmxkIQ=='), but got "
          + (type === undefined ? "an invalid base64-encoded value." : `unsupported MIME type '${type}'.`),
        param: `${path}.file.file_data`,
        code: "invalid_value"
      }
    })
  },
  {
    row: "C20",
    verified: true,
    check: eachMessage((message, at) => {
      const length = typeof message.content === "string" ? message.content.length : 0
      return length <= maxContent ? undefined : {
        message: `Invalid 'messages[${at}].content': string too long. `
          + `Expected a string with maximum length ${maxContent}, but got a string with length ${length} instead.`,
        param: `messages[${at}].content`,
        code: "string_above_max_length"
      }
    })
  }
]

const isTextOnly = (parts: ReadonlyArray<{ readonly type: string }> | null): boolean =>
  parts !== null && parts.length > 0 && parts.every((part) => part.type === "text")

/** Rules about the calls of a turn and their results. */
export const pairingRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "C1",
    verified: true,
    check: eachTurn((turn, messages) => {
      const answered = turn.results.map(({ message }) => message.tool_call_id)
      const open = turn.calls.filter((call) => !answered.includes(call.id)).map((call) => call.id)
      const next = turn.at + turn.results.length + 1
      return open.length === 0 ? undefined : {
        message: "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
          + `'tool_call_id'. The following tool_call_ids did not have response messages: ${open.join(", ")}`,
        param: next < messages.length ? `messages.[${next}].role` : "messages"
      }
    })
  },
  {
    row: "C2",
    verified: true,
    check: ({ messages }) => {
      const paired = new Set(turns(messages).flatMap((turn) => turn.results.map((result) => result.at)))
      const stray = messages.findIndex((message, at) => message.role === "tool" && !paired.has(at))
      return stray < 0 ? undefined : {
        message: "Invalid parameter: messages with role 'tool' must be a response to a preceeding message "
          + "with 'tool_calls'.",
        param: `messages.[${stray}].role`
      }
    }
  },
  {
    row: "C3",
    verified: true,
    check: eachTurn((turn) => {
      const wrong = turn.results.find(({ message }) => turn.calls.every((call) => call.id !== message.tool_call_id))
      return wrong && {
        message: `Invalid parameter: 'tool_call_id' of '${wrong.message.tool_call_id}' not found in 'tool_calls' `
          + "of previous message.",
        param: `messages.[${wrong.at}].tool_call_id`
      }
    })
  },
  {
    row: "C4",
    verified: false,
    check: eachTurn((turn) => {
      const call = firstDuplicate(turn.calls, (call) => call.id)
      if (call !== undefined) return duplicate(call.id, turn.at)
      const result = firstDuplicate(turn.results, ({ message }) => message.tool_call_id)
      return result && duplicate(result.message.tool_call_id, result.at)
    })
  }
]

const duplicate = (id: string, at: number): Fault => ({
  message: `Duplicate value for 'tool_call_id' of '${id}' in message[${at}]`,
  param: `messages.[${at}].tool_call_id`
})
