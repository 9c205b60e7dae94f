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
import { withoutNulls } from "@volley/json-schema/Checks"
import type { LeftOut } from "./server.ts"
import { short } from "./short.ts"

/**
 * Makes good what can be, in the message itself: takes `null` out where it stands for nothing, takes tools that are none out of
 * a list, and has a text in the place of each block of a result that is none.
 *
 * - gives the tools that it took out
 */
export const mend = (message: JSONRPCMessage, isModern: boolean): ReadonlyArray<LeftOut> => {
  if (!isJSONRPCResultResponse(message)) return []
  const { result } = message
  dropNulls(result, isModern)
  if ("toolResult" in result && result["content"] === undefined) result["content"] = [ofOld(result["toolResult"])]
  const { content, tools } = result
  if (Array.isArray(content)) result["content"] = content.map((block) => isBlock(block) ? block : inPlaceOf(block))
  if (!Array.isArray(tools)) return []
  tools.filter(Json.isObject).forEach(dropInSchemas)
  const whys = tools.map((tool) => problemOf(tool, isModern))
  result["tools"] = tools.filter((_, at) => whys[at] === undefined)
  return whys.flatMap((why, at) => why === undefined ? [] : [{ tool: nameOf(tools[at]), why }])
}

/** A message of a server whose `_meta` may be `null`, which the SDK would take for no message at all. */
export const withoutNullMeta = (message: unknown): unknown => {
  if (!Json.isObject(message)) return message
  const meant = Object.entries(message).map(([key, part]) => {
    if ((key !== "params" && key !== "result") || !Json.isObject(part) || part["_meta"] !== null) return [key, part]
    const { _meta: _, ...rest } = part
    return [key, rest]
  })
  return Object.fromEntries(meant)
}

/** Many servers write `null` for what is not there, which the protocol does nowhere. */
const dropNulls = (result: Record<string, unknown>, isModern: boolean): void => {
  for (const key of isModern ? optional : [...optional, "structuredContent"]) {
    if (result[key] === null) delete result[key]
  }
  for (const key of parts) dropInside(result[key], 5)
}

/** What of a result may be left out, in whatever it is an answer to. */
const optional = ["content", "instructions", "isError", "nextCursor"]

/** What of a result is as the protocol has it, down to what is somebody's own. */
const parts = [
  "capabilities",
  "content",
  "contents",
  "messages",
  "prompts",
  "resources",
  "resourceTemplates",
  "serverInfo",
  "tools"
]

const dropInside = (json: unknown, levels: number): void => {
  if (levels === 0 || typeof json !== "object" || json === null) return
  for (const [key, part] of Object.entries(json)) {
    if (part === null && !Array.isArray(json)) Reflect.deleteProperty(json, key)
    else if (!own.has(key)) dropInside(part, levels - 1)
  }
}

/** What is in these is not the protocol's. */
const own: ReadonlySet<string> = new Set(["_meta", "experimental", "extensions", "inputSchema", "outputSchema"])

/** What a result is in version 2024-10-07, as a block. */
const ofOld = (toolResult: unknown) => ({
  type: "text",
  text: typeof toolResult === "string" ? toolResult : JSON.stringify(toolResult)
})

const dropInSchemas = (tool: Record<string, unknown>): void => {
  for (const key of ["inputSchema", "outputSchema"]) {
    const schema = tool[key]
    // One that is nested too deeply stays as it is, and its tool is left out.
    if (Json.isObject(schema) && Json.problemOf(schema, Json.ofResponse) === undefined) tool[key] = withoutNulls(schema)
  }
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
