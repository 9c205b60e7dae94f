import type { Fault, Rule } from "../Wire.ts"
import { firstDefined, firstDuplicate } from "./json.ts"
import { openAiImageFault, typeOfDataUrl } from "./media.ts"
import { encrypted, reasoningOf } from "./openAiResponsesReasoning.ts"
import {
  answers,
  isCall,
  isModels,
  isOutput,
  isReasoning,
  type Item,
  type Part,
  type Request
} from "./openAiResponsesRequest.ts"

const maxId = 64
const maxUrl = 20_971_520

/** How the ids of items that a model writes begin. */
const prefixes: Readonly<Record<string, string>> = {
  function_call: "fc",
  custom_tool_call: "ctc",
  reasoning: "rs_",
  message: "msg"
}

const eachItem =
  (check: (item: Item, at: number, input: ReadonlyArray<Item>) => Fault | undefined) =>
  ({ input }: Request): Fault | undefined => firstDefined(input, (item, at) => check(item, at, input))

const inInput = (message: string): Fault => ({ message, param: "input" })

const tooLong = (param: string, length: number): Fault => above(param, maxId, length)

const above = (param: string, most: number, length: number): Fault => ({
  message: `Invalid '${param}': string too long. `
    + `Expected a string with maximum length ${most}, but got a string with length ${length} instead.`,
  param,
  code: "string_above_max_length"
})

const eachPart = (check: (part: Part, path: string) => Fault | undefined) =>
  eachItem((item, at) => {
    const [key, content] = isOutput(item)
      ? ["output", item.output]
      : "content" in item
      ? ["content", item.content]
      : ["", ""]
    return typeof content === "string"
      ? undefined
      : firstDefined(content, (part, of) => check(part, `input[${at}].${key}[${of}]`))
  })

/** Rules about items one by one. */
export const shapeRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "R6",
    verified: true,
    check: eachItem((item, at) => {
      const prefix = isModels(item) ? prefixes[item.type ?? "message"] : undefined
      return item.id == null || prefix === undefined || item.id.startsWith(prefix)
        ? undefined
        : badId(item.id, at, `begins with '${prefix}'`)
    })
  },
  {
    row: "R6",
    verified: false,
    check: eachItem(({ id }, at) =>
      id == null || /^[\w-]+$/.test(id)
        ? undefined
        : badId(id, at, "contains letters, numbers, underscores, or dashes alone")
    )
  },
  {
    row: "R6",
    verified: false,
    check: eachItem(({ id }, at) =>
      id == null || id.length <= maxId ? undefined : tooLong(`input[${at}].id`, id.length)
    )
  },
  {
    row: "R7",
    verified: false,
    check: eachItem((item, at) => {
      const id = isCall(item) || isOutput(item) ? item.call_id : undefined
      const param = `input[${at}].call_id`
      if (id === "") {
        return {
          message: `Invalid '${param}': empty string. `
            + "Expected a string with minimum length 1, but got an empty string instead.",
          param,
          code: "empty_string"
        }
      }
      return id == null || id.length <= maxId ? undefined : tooLong(param, id.length)
    })
  },
  {
    row: "2c",
    verified: true,
    check: eachPart((part, path) =>
      part.type === "input_image" && part.file_id == null
        ? openAiImageFault(part.image_url ?? "", `${path}.image_url`)
        : undefined
    )
  },
  {
    row: "2c",
    verified: false,
    check: eachPart((part, path) =>
      part.type === "input_image" && (part.image_url ?? "").length > maxUrl
        ? above(`${path}.image_url`, maxUrl, part.image_url?.length ?? 0)
        : undefined
    )
  },
  {
    row: "2c",
    verified: false,
    check: eachPart((part, path) =>
      part.type !== "input_file" || part.file_id != null || part.file_url != null
        || typeOfDataUrl(part.file_data ?? "") !== undefined
        ? undefined
        : {
          message: `Invalid '${path}.file_data'. Expected a base64-encoded data URL.`,
          param: `${path}.file_data`,
          code: "invalid_value"
        }
    )
  },
  {
    row: "R5",
    verified: true,
    check: ({ input }) => {
      const twice = firstDuplicate(input.flatMap(({ id }) => id == null ? [] : [id]), (id) => id)
      return twice === undefined
        ? undefined
        : inInput(`Duplicate item found with id ${twice}. Remove duplicate items from your input and try again.`)
    }
  }
]

const badId = (id: string, at: number, expected: string): Fault => ({
  message: `Invalid 'input[${at}].id': '${id}'. Expected an ID that ${expected}.`,
  param: `input[${at}].id`,
  code: "invalid_value"
})

const unanswered = (type: "function_call" | "custom_tool_call", kind: string) =>
  eachItem((item, _at, input) =>
    !isCall(item) || item.type !== type || item.async === true
      || input.some((other) => isOutput(other) && answers(other, item))
      ? undefined
      : inInput(`No tool output found for ${kind} ${item.call_id}.`)
  )

const uncalled = (type: "function_call_output" | "custom_tool_call_output", kind: string) =>
  eachItem((item, at, input) =>
    !isOutput(item) || item.type !== type || item.call_id == null
      || input.slice(0, at).some((other) => isCall(other) && answers(item, other))
      ? undefined
      : inInput(`No tool call found for ${kind} output with call_id ${item.call_id}.`)
  )

/** Rules about calls and their outputs, which need not stand side by side. */
export const pairingRules: ReadonlyArray<Rule<Request>> = [
  { row: "R1", verified: true, check: unanswered("function_call", "function call") },
  { row: "R1", verified: false, check: unanswered("custom_tool_call", "custom tool call") },
  { row: "R2", verified: true, check: uncalled("function_call_output", "function call") },
  { row: "R2", verified: false, check: uncalled("custom_tool_call_output", "custom tool call") }
]

/** Rules about reasoning, which goes back with what was said after it. */
export const reasoningRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "R10",
    verified: false,
    check: eachItem((item) =>
      item.type === "item_reference" || (isReasoning(item) && item.encrypted_content == null)
        ? {
          ...inInput(
            `Item with id '${item.id}' not found. Items are not persisted when 'store' is set to false. `
              + "Try again with 'store' set to true, or remove this item from your input."
          ),
          status: 404
        }
        : undefined
    )
  },
  {
    row: "R9",
    verified: true,
    check: eachItem((item) =>
      !isReasoning(item) || item.encrypted_content === encrypted(item.id) ? undefined : {
        message: `The encrypted content for item ${item.id} could not be verified. `
          + "Reason: Encrypted content could not be decrypted or parsed.",
        code: "invalid_encrypted_content"
      }
    )
  },
  {
    row: "R3",
    verified: true,
    check: eachItem((item, at, input) => {
      const wanted = reasoningOf(item.id)
      return wanted === undefined || input.slice(0, at).some(({ id }) => id === wanted)
        ? undefined
        : inInput(
          `Item '${item.id}' of type '${item.type ?? "message"}' was provided without its required 'reasoning' item: `
            + `'${wanted}'.`
        )
    })
  },
  {
    row: "R4",
    verified: true,
    check: eachItem((item, at, input) =>
      !isReasoning(item) || isFollowed(item.id, input.slice(at + 1))
        ? undefined
        : inInput(`Item '${item.id}' of type 'reasoning' was provided without its required following item.`)
    )
  }
]

/** An item without an id, or with one of another server, may have been said after any reasoning. */
const isFollowed = (id: string, rest: ReadonlyArray<Item>): boolean => {
  const next = rest.find((item) => !isReasoning(item))
  return next !== undefined && isModels(next) && (reasoningOf(next.id) ?? id) === id
}
