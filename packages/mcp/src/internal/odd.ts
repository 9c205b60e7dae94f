/**
 * What a server answers that is not as the protocol says in one place: without this, the SDK would refuse all of it.
 */
import {
  isJSONRPCResultResponse,
  isSpecType,
  type JSONRPCMessage,
  type SpecTypeName,
  specTypeSchemas
} from "@modelcontextprotocol/client"
import * as Json from "@volley/core/Json"
import type { LeftOut } from "./server.ts"
import { short } from "./short.ts"

/**
 * Makes good what can be, in the message itself: takes tools that are none out of a list, and has a text in the place of each
 * block of a result that is none.
 *
 * - gives the tools that it took out
 */
export const mend = (message: JSONRPCMessage, isModern: boolean): ReadonlyArray<LeftOut> => {
  if (!isJSONRPCResultResponse(message)) return []
  const { result } = message
  const { content, tools } = result
  if (Array.isArray(content)) result["content"] = content.map((block) => isBlock(block) ? block : inPlaceOf(block))
  if (!Array.isArray(tools)) return []
  const whys = tools.map((tool) => problemOf(tool, isModern))
  result["tools"] = tools.filter((_, at) => whys[at] === undefined)
  return whys.flatMap((why, at) => why === undefined ? [] : [{ tool: nameOf(tools[at]), why }])
}

const isBlock = (block: unknown): boolean => issueOf("ContentBlock", block) === undefined

/** A text that says what it stands for, and why that is not there. */
export const inPlaceOf = (block: unknown) => {
  const type = Json.isObject(block) && typeof block["type"] === "string" ? short(block["type"], 40) : "no type"
  const written = Json.problemOf(block, Json.ofResponse) ?? short(JSON.stringify(block ?? null))
  return { type: "text", text: `[${type}, which cannot be shown: ${written}]` }
}

/** Versions before 2026-07-28 ask of what comes out what they ask of what goes in: that it is an object. */
const problemOf = (tool: unknown, isModern: boolean): string | undefined => {
  const problem = issueOf("Tool", tool)
  if (problem !== undefined || isModern || !Json.isObject(tool) || tool["outputSchema"] === undefined) return problem
  return issueOf("Tool", { name: "", inputSchema: tool["outputSchema"] })?.replace("inputSchema", "outputSchema")
}

/** What makes a value none of a type of the protocol; undefined where nothing does. */
export const issueOf = (type: SpecTypeName, value: unknown): string | undefined => {
  const issue = firstIssue(type, value)
  if (issue === undefined) return undefined
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".")
  return `it is not as the protocol says: ${path === "" ? "" : `${short(path)}: `}${short(issue.message)}`
}

/** Too deep a nesting throws, and nothing would catch that where messages come in. */
const firstIssue = (type: SpecTypeName, value: unknown) => {
  try {
    if (isSpecType[type](value)) return undefined
    return specTypeSchemas[type]["~standard"].validate(value).issues?.[0]
  } catch (error) {
    return { message: String(error), path: [] }
  }
}

const nameOf = (tool: unknown): string =>
  Json.isObject(tool) && typeof tool["name"] === "string" ? tool["name"] : "one without a name"
