/** A `LanguageModel` from any `ChatModel`. */
import * as ChatModel from "@volley/core/ChatModel"
import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as AiTool from "effect/ai/Tool"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { conversationOf } from "./conversation.ts"
import { toAiError } from "./errors.ts"
import { jsonSchemaOf } from "./jsonSchema.ts"
import { type NameOf, next, nothingTold, partsOf } from "./parts.ts"

/** Whether a turn may have several calls, for which `effect/ai` has no option; as the provider does it when left out. */
export const ParallelToolCalls = Context.Reference<boolean | undefined>("@volley/effect-ai/ParallelToolCalls", {
  defaultValue: () => undefined
})

/**
 * Has the `ChatModel` of the program be its `LanguageModel`.
 *
 * - a turn goes back to its provider as it came from there, with the signatures of its reasoning
 * - tools that a provider runs itself are refused: the Layer of a wire takes them in `request`
 * - errors: each reason of `ChatModelError` is one of `AiError`, and goes along whole
 */
export const languageModel: Layer.Layer<LanguageModel.LanguageModel, never, ChatModel.ChatModel> = Layer.effect(
  LanguageModel.LanguageModel,
  ChatModel.ChatModel.use((model) =>
    LanguageModel.make({
      generateText: Effect.fnUntraced(function*(options) {
        const { nameOf, request } = yield* asked("generateText", options)
        const turn = yield* Effect.mapError(model.generate(request), toAiError("generateText"))
        return partsOf(turn, nameOf)
      }),
      streamText: (options) =>
        Stream.unwrap(Effect.map(asked("streamText", options), ({ nameOf, request }) =>
          model.stream(request).pipe(
            Stream.mapError(toAiError("streamText")),
            Stream.mapAccum(() => nothingTold, (told, part) => next(told, part, nameOf))
          )))
    })
  )
)

interface Asked {
  readonly request: ChatModel.Request
  readonly nameOf: NameOf
}

const asked = Effect.fnUntraced(function*(
  method: string,
  { prompt, responseFormat, toolChoice, tools }: LanguageModel.ProviderOptions
): Effect.fn.Return<Asked, AiError.AiError> {
  const toolkit = Toolkit.make(
    ...yield* Effect.forEach(tools, (tool) =>
      Effect.try({
        try: () => described(tool),
        catch: (error) => refusal(method, tool.name, error)
      }))
  )
  const parallelToolCalls = yield* ParallelToolCalls
  return {
    nameOf: (name) => toolkit.byName.get(name)?.name ?? name,
    request: {
      conversation: conversationOf(prompt),
      ...(tools.length > 0 && { toolkit, ...choiceOf(toolChoice) }),
      ...(parallelToolCalls !== undefined && { parallelToolCalls }),
      ...(responseFormat.type === "json" && { output: outputOf(responseFormat) })
    }
  }
})

const refusal = (method: string, toolName: string, error: unknown) =>
  AiError.make({
    module: "Volley",
    method,
    reason: new AiError.ToolConfigurationError({
      toolName,
      description: error instanceof Error ? error.message : String(error)
    })
  })

/** A tool as it is described to a model, since `effect/ai` runs it; throws where no wire takes it. */
const described = (tool: AiTool.Any): Tool.Any => {
  if (AiTool.isProviderDefined(tool) && !tool.requiresHandler) {
    throw new Error("its provider runs it: give it to the Layer of the wire, in `request`")
  }
  const made = Tool.fromJsonSchema(String(tool.name), {
    description: AiTool.getDescription(tool) ?? String(tool.name),
    parameters: jsonSchemaOf(tool),
    validate: () => undefined,
    execute: () => Effect.die(new Error(`effect/ai runs the tool "${tool.name}".`))
  })
  return { ...made, strict: AiTool.getStrictMode(tool) === true }
}

/** Only those that may be called are listed, where a choice names several; `"auto"` is what every provider does of itself. */
const choiceOf = (choice: LanguageModel.ToolChoice<string>): Pick<ChatModel.Request, "toolChoice"> => {
  const toolChoice = typeof choice === "string" || "tool" in choice ? choice : choice.mode ?? "auto"
  return toolChoice === "auto" ? {} : { toolChoice }
}

const outputOf = (
  { objectName: name, schema }: Extract<LanguageModel.ProviderOptions["responseFormat"], { readonly type: "json" }>
): ChatModel.Output => ({ name, jsonSchema: LanguageModel.defaultCodecTransformer(schema).jsonSchema })
