import {
  type FunctionCallingConfig,
  FunctionCallingConfigMode,
  type GenerateContentConfig,
  type GenerateContentParameters
} from "@google/genai"
import * as ChatModel from "@volley/core/ChatModel"
import * as Given from "@volley/core/Given"
import type * as Toolkit from "@volley/core/Toolkit"
import { isOld } from "./content.ts"
import type { ApiTool, Content } from "./read.ts"

/**
 * Any field of a request's `config` that the conversation does not decide.
 *
 * - `tools`: those that the provider runs itself; they stand behind the toolkit's
 */
export interface Fields extends Omit<GenerateContentConfig, "abortSignal" | "systemInstruction"> {}

/** What a request is made of, besides what is asked. */
export interface Making {
  readonly model: string
  readonly maxTokens?: number | undefined
  readonly fields: Fields
  readonly headers: Readonly<Record<string, string>>
  readonly contents: Array<Content>
}

/** The `tools` of a request; none for no tools. */
export const tools = (toolkit: Toolkit.Any): Array<ApiTool> =>
  Given.toolkit("GeminiContent.tools", toolkit).length === 0 ? [] : [{
    functionDeclarations: toolkit.tools.map((tool) => ({
      name: toolkit.wireNames.get(tool.name) ?? tool.name,
      description: tool.description,
      parametersJsonSchema: tool.jsonSchema
    }))
  }]

/** What the SDK is asked for. */
export const bodyOf = (
  { contents, fields, headers, maxTokens, model }: Making,
  { conversation, output, toolChoice, toolkit }: ChatModel.Request,
  abortSignal: AbortSignal
): GenerateContentParameters => {
  const hasTools = toolkit !== undefined && toolkit.tools.length > 0
  const system = conversation.messages.flatMap((message) => message.role === "system" ? [message.text] : [])
  // Gemini 1 and 2 refuse a schema beside tools.
  const hasSchema = output !== undefined && !(hasTools && isOld(model))
  if (output !== undefined && !hasSchema) system.push(ChatModel.outputInWords(output))
  return {
    model,
    contents,
    config: {
      ...(maxTokens !== undefined && { maxOutputTokens: maxTokens }),
      ...fields,
      abortSignal,
      ...(system.length > 0 && { systemInstruction: { parts: [{ text: system.join("\n\n") }] } }),
      ...(hasTools && {
        tools: [...tools(toolkit), ...fields.tools ?? []],
        ...(toolChoice !== undefined && {
          toolConfig: { ...fields.toolConfig, functionCallingConfig: callingConfig(toolkit, toolChoice) }
        })
      }),
      ...(hasSchema && {
        responseMimeType: "application/json",
        responseJsonSchema: output.jsonSchema
      }),
      ...(Object.keys(headers).length > 0 && {
        httpOptions: { ...fields.httpOptions, headers: { ...headers, ...fields.httpOptions?.headers } }
      })
    }
  }
}

const callingConfig = (toolkit: Toolkit.Any, choice: ChatModel.ToolChoice): FunctionCallingConfig => {
  switch (choice) {
    case "auto":
      return { mode: FunctionCallingConfigMode.AUTO }
    case "none":
      return { mode: FunctionCallingConfigMode.NONE }
    case "required":
      return { mode: FunctionCallingConfigMode.ANY }
    default:
      return {
        mode: FunctionCallingConfigMode.ANY,
        allowedFunctionNames: [toolkit.wireNames.get(choice.tool) ?? choice.tool]
      }
  }
}
