import type { Fault, Rule } from "../Wire.ts"
import { type Block, blocks, type Message, placed, type Request, type ToolResult } from "./anthropicRequest.ts"
import { firstDefined, firstDuplicate } from "./json.ts"

const maxImage = 5_242_880

const eachMessage =
  (check: (message: Message, at: number, all: ReadonlyArray<Message>) => Fault | undefined) =>
  (request: Request): Fault | undefined =>
    firstDefined(request.messages, (message, at) => check(message, at, request.messages))

const idsOf = (message: Message | undefined): ReadonlyArray<string> =>
  message?.role !== "assistant" ? [] : blocks(message).flatMap((block) => block.type === "tool_use" ? [block.id] : [])

const resultsOf = (message: Message | undefined): ReadonlyArray<ToolResult> =>
  message?.role !== "user" ? [] : blocks(message).flatMap((block) => block.type === "tool_result" ? [block] : [])

const unanswered = (at: number, ids: ReadonlyArray<string>): Fault => ({
  message: `messages.${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: `
    + `${ids.join(", ")}. `
    + "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
})

const badId = (id: string, path: string): Fault | undefined =>
  /^[a-zA-Z0-9_-]+$/.test(id) ? undefined : { message: `${path}: String should match pattern '^[a-zA-Z0-9_-]+$'` }

const isEmpty = (message: Message): boolean => message.content.length === 0

const isEmptyText = (block: Block): boolean => block.type === "text" && block.text === ""

/** Rules about messages and blocks one by one. */
export const shapeRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "A24",
    verified: false,
    check: ({ messages }) =>
      messages.length === 0 ? { message: "messages: at least one message is required" } : undefined
  },
  {
    row: "A12",
    verified: true,
    check: eachMessage((message, at, all) =>
      !isEmpty(message) || (message.role === "assistant" && at === all.length - 1) ? undefined : {
        message: `messages.${at}: all messages must have non-empty content `
          + "except for the optional final assistant message"
      }
    )
  },
  {
    row: "A11",
    verified: true,
    check: eachMessage((message) =>
      !isEmpty(message) && blocks(message).some(isEmptyText)
        ? { message: "messages: text content blocks must be non-empty" }
        : undefined
    )
  },
  {
    row: "A7",
    verified: true,
    check: eachMessage((message, at) => {
      const types = blocks(message).map((block) => block.type)
      if (message.role === "user" && types.includes("tool_use")) {
        return { message: `messages.${at}: \`tool_use\` blocks can only be in \`assistant\` messages` }
      }
      if (message.role === "assistant" && types.includes("tool_result")) {
        return { message: `messages.${at}: \`tool_result\` blocks can only be in \`user\` messages` }
      }
      return undefined
    })
  },
  {
    row: "A10",
    verified: true,
    check: ({ messages }) =>
      firstDefined(
        placed(messages, "tool_use"),
        ({ at, block, message }) => badId(block.id, `messages.${message}.content.${at}.tool_use.id`)
      ) ??
        firstDefined(
          placed(messages, "tool_result"),
          ({ at, block, message }) =>
            badId(block.tool_use_id, `messages.${message}.content.${at}.tool_result.tool_use_id`)
        )
  },
  {
    row: "A6",
    verified: true,
    check: ({ messages }) =>
      firstDefined(
        placed(messages, "tool_result"),
        ({ at, block, message }) =>
          block.is_error !== true || hasTextOnly(block) ? undefined : {
            message: `messages.${message}.content.${at}.tool_result: `
              + "all content must be type `text` if `is_error` is true"
          }
      )
  },
  {
    row: "3c",
    verified: true,
    check: eachMessage((message, at) =>
      firstDefined(
        imagesOf(message, at),
        ({ image: { source }, path }) =>
          source.type !== "base64" || source.data.length <= maxImage ? undefined : {
            message:
              `${path}.image.source.base64: image exceeds 5 MB maximum: ${source.data.length} bytes > ${maxImage} bytes`
          }
      )
    )
  }
]

/** The images of a message and where they are, those in results included. */
const imagesOf = (message: Message, at: number) =>
  blocks(message).flatMap((block, of) => {
    const path = `messages.${at}.content.${of}`
    if (block.type === "image") return [{ path, image: block }]
    if (block.type !== "tool_result" || typeof block.content !== "object") return []
    return block.content.flatMap((inner, within) =>
      inner.type === "image" ? [{ path: `${path}.tool_result.content.${within}`, image: inner }] : []
    )
  })

const hasTextOnly = ({ content }: ToolResult): boolean =>
  content === undefined || typeof content === "string" || content.every((block) => block.type === "text")

/** Rules about the calls of a turn and their results. */
export const pairingRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "A3",
    verified: true,
    check: ({ messages }) => {
      const twice = firstDuplicate(placed(messages, "tool_use"), ({ block }) => block.id)
      return twice && { message: `messages.${twice.message}.content.${twice.at}: \`tool_use\` ids must be unique` }
    }
  },
  {
    row: "A1",
    verified: true,
    check: eachMessage((message, at, all) => {
      const answered = resultsOf(all[at + 1]).map((result) => result.tool_use_id)
      const open = idsOf(message).filter((id) => !answered.includes(id))
      return open.length === 0 ? undefined : unanswered(at, open)
    })
  },
  {
    row: "A2",
    verified: true,
    check: ({ messages }) =>
      firstDefined(
        placed(messages, "tool_result"),
        ({ at, block, message }) =>
          idsOf(messages[message - 1]).includes(block.tool_use_id) ? undefined : {
            message: `messages.${message}.content.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: `
              + `${block.tool_use_id}. `
              + "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
          }
      )
  },
  {
    row: "A4",
    verified: true,
    check: ({ messages }) => {
      const twice = firstDuplicate(
        placed(messages, "tool_result"),
        ({ block, message }) => `${message} ${block.tool_use_id}`
      )
      return twice && {
        message: `messages.${twice.message}.content.${twice.at}: each tool_use must have a single result. `
          + `Found multiple \`tool_result\` blocks with id: ${twice.block.tool_use_id}`
      }
    }
  },
  {
    row: "A5",
    verified: false,
    check: eachMessage((message, at) => {
      const types = blocks(message).map((block) => block.type)
      const firstOther = types.findIndex((type) => type !== "tool_result")
      return firstOther < 0 || types.lastIndexOf("tool_result") < firstOther
        ? undefined
        : unanswered(at - 1, resultsOf(message).map((result) => result.tool_use_id))
    })
  }
]
