import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import { seen } from "./seen.ts"

export const isTool = (value: unknown): boolean =>
  Predicate.hasProperty(value, "handler") && Predicate.hasProperty(value, "name")

/** Throws for what is no tool; `where` says to what it was given. */
export const refuseNoTool = (where: string, tool: unknown): void => {
  if (isTool(tool)) return
  throw new TypeError(`${where} is no tool: make it with Tool.make or Tool.fromFunction.`)
}

/** Throws for what is no toolkit; `where` says to what it was given. */
export const refuseNoToolkit = (where: string, toolkit: unknown): void => {
  if (Predicate.hasProperty(toolkit, "tools") && Predicate.hasProperty(toolkit, "byName")) return
  throw new TypeError(`${where} is no toolkit: make it with Toolkit.make.`)
}

/** Throws for what is no pipeline; `where` says to what it was given. */
export const refuseNoPipeline = (where: string, pipeline: unknown): void => {
  if (!Predicate.hasProperty(pipeline, "graph")) {
    throw new TypeError(`${where} is no pipeline: make it with Pipeline.make.`)
  }
}

/** Throws for what is no function; `what` says what one would be for. */
export const refuseNoFunction = (where: string, given: unknown, what: string): void => {
  if (typeof given !== "function") throw new TypeError(`${where} is no function: give one that ${what}.`)
}

/** Throws for a call that could not be answered; `at` is its place, from 0, where it is one of several. */
export const refuseNoCall = (where: string, call: unknown, at?: number): void => {
  if (isCall(call)) return
  const which = at === undefined ? where : `${where} ${at + 1}`
  throw new TypeError(`${which} has no \`id\`, or no \`name\`: make calls with ToolCall.make, or take those of a turn.`)
}

/** Every call is asked this: keys that are written out are looked up faster than those that are given. */
export const isCall = (given: unknown): boolean =>
  typeof given === "object" && given !== null
  && "id" in given && typeof given.id === "string"
  && "name" in given && typeof given.name === "string"

/** True for tools under their names, as other libraries have them. */
export const isObjectOfTools = (value: unknown): boolean => {
  const parts = Predicate.isObject(value) ? Object.values(value) : []
  return parts.length > 0 && parts.every(isTool)
}

/** Throws for a tool that may not be run another number of times than it is called; `why` says what would be wrong. */
export const refuseNoReads = (
  where: string,
  tool: { readonly name: string; readonly readOnly: boolean },
  why: string
) => {
  if (!tool.readOnly) {
    throw new TypeError(`${where}: "${tool.name}" is not \`readOnly\`, and its calls must not ${why}.`)
  }
}

/** Throws for what says no times to try again. */
export const refuseNoSchedule = (where: string, given: unknown): void => {
  if (given !== undefined && !Schedule.isSchedule(given)) {
    throw new RangeError(`${where} is ${seen(given)}: give a schedule, such as Schedule.recurs(3).`)
  }
}

/** Throws for what is no list; `what` says what one would be of. */
export const refuseNoList = (where: string, given: unknown, what: string): void => {
  if (!Predicate.isIterable(given)) throw new TypeError(`${where} is no list: give one of ${what}.`)
}

/** Throws for what the user cannot say; other libraries take messages of any role there. */
export const refuseNoContent = (part: unknown, at: number): void => {
  if (Predicate.hasProperty(part, "type") && kinds.has(part.type)) return refuseNoMedia(part, at)
  throw new TypeError(
    `Conversation.user: part ${at + 1} is no content: give a text, or a list of what Content.text, Content.image and `
      + "Content.document make; messages of a whole conversation are a Conversation."
  )
}

/** A provider would refuse the whole conversation, and every later turn of it. */
const refuseNoMedia = (part: object, at: number): void => {
  if (!Predicate.hasProperty(part, "data")) return
  const mediaType = Predicate.hasProperty(part, "mediaType") ? part.mediaType : undefined
  if (typeof mediaType !== "string" || !mediaType.includes("/")) {
    throw new TypeError(
      `Conversation.user: part ${at + 1} has the media type ${seen(mediaType)}: write one such as "image/png".`
    )
  }
  if (typeof part.data !== "string" || part.data === "" || part.data.slice(0, longestScheme).includes(":")) {
    throw new TypeError(
      `Conversation.user: the data of part ${at + 1} are no base64: give bytes, or base64 text without "data:…," `
        + "before it."
    )
  }
}

/** Characters of a text that are looked at to see that it is an address, and no base64. */
const longestScheme = 100

/** Throws for what no conversation has. */
export const refuseNoMessage = (where: string, given: unknown): void => {
  if (isMessage(given)) return
  throw new TypeError(`${where} is no message: make it with Conversation.user, or take \`message\` of a turn.`)
}

/** Messages of other libraries have roles too, but no text. */
export const isMessage = (given: unknown): boolean =>
  Predicate.hasProperty(given, "role")
  && (given.role === "tool"
    ? Predicate.hasProperty(given, "results") && Array.isArray(given.results)
    : Predicate.hasProperty(given, "text") && typeof given.text === "string")

/** Messages have their parts, or they would end as words of JavaScript. */
export const isConversation = (given: unknown): boolean =>
  Predicate.hasProperty(given, "runId") && typeof given.runId === "string"
  && Predicate.hasProperty(given, "messages") && Array.isArray(given.messages) && given.messages.every(isMessage)

/** Throws for what is no conversation, such as the messages alone. */
export const refuseNoConversation = (where: string, given: unknown): void => {
  if (isConversation(given)) return
  throw new TypeError(
    `${where} is no conversation: make it with Conversation.make, or take \`conversation\` of how an agent ended.`
  )
}

const kinds = new Set<unknown>(["text", "image", "document"])

/** Throws for what is no object of options; `such` is one. */
export const refuseNoObject = (where: string, given: unknown, such: string): void => {
  if (!Predicate.isObject(given)) throw new TypeError(`${where} is no object: write ${such}.`)
}

/** Throws for what is no text; `such` is one. */
export const refuseNoText = (where: string, given: unknown, such: string): void => {
  if (typeof given !== "string") throw new TypeError(`${where} is no text: give one, such as ${such}.`)
}
