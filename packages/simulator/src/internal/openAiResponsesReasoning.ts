import { isReasoning, type Item, type Request } from "./openAiResponsesRequest.ts"

/** True where a model is asked to reason before it speaks. */
export const reasons = ({ reasoning }: Request): boolean => reasoning != null && reasoning.effort !== "none"

/** The id of the next reasoning item. */
export const nextReasoning = (input: ReadonlyArray<Item>): string => `rs_${input.filter(isReasoning).length + 1}`

/** The id of an item that was said after reasoning, which a simulator without a memory has to read off the id. */
export const after = (reasoning: string | undefined, id: string): string =>
  reasoning === undefined ? id : `${id}_${reasoning}`

/** The id of the reasoning that an item was said after, where it was. */
export const reasoningOf = (id: string | null | undefined): string | undefined => /._(rs_\d+)$/.exec(id ?? "")?.[1]

/** What stands for the encrypted text of a reasoning item, so that a later request shows whether it is its own. */
export const encrypted = (id: string): string => Buffer.from(`sim:${id}`).toString("base64")
