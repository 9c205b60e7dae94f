import { Batch, ToolCall, type Toolkit } from "@volley/core"
import { OpenApi } from "@volley/openapi"
import { Effect, type Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import * as Echo from "./echo.ts"

/** A document of so many paths. */
export const documentOf = (paths: object, more: object = {}) => ({
  openapi: "3.0.3",
  info: { title: "Test", version: "1" },
  paths,
  ...more
})

/** A server, and the tools of a document that send to it. */
export const tools = Effect.fnUntraced(function*(document: unknown, options: OpenApi.Options = {}) {
  const echo = yield* Echo.serve
  const made = yield* OpenApi.toolkit(document, { baseUrl: echo.url, approval: "none", ...options }).pipe(
    Effect.provide(FetchHttpClient.layer)
  )
  return { echo, ...made }
})

/** Calls tools, each with arguments, in one turn. */
export const calls = (
  toolkit: Toolkit.Toolkit<OpenApi.OpenApiTool>,
  asked: ReadonlyArray<readonly [name: string, args?: Schema.Json]>,
  options: Batch.Options = {}
) =>
  Batch.run(
    toolkit,
    asked.map(([name, args = {}], index) => ToolCall.make({ id: `call_${index}`, name, arguments: args, index })),
    options
  )

/** Calls one tool. */
export const call = (toolkit: Toolkit.Toolkit<OpenApi.OpenApiTool>, name: string, args: Schema.Json = {}) =>
  Effect.map(calls(toolkit, [[name, args]]), ({ outcomes }) => outcomes[0]!)

/** An operation with these parameters, whatever they are. */
export const get = (operationId: string, parameters: ReadonlyArray<object> = [], more: object = {}) => ({
  get: { operationId, parameters, responses: {}, ...more }
})
