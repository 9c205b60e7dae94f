import {
  type CallToolRequestParams,
  type CallToolResult,
  type InputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext
} from "@modelcontextprotocol/server"
import type * as Batch from "@volley/core/Batch"
import * as Outcome from "@volley/core/Outcome"
import type * as Tool from "@volley/core/Tool"
import * as ToolCall from "@volley/core/ToolCall"
import type * as Toolkit from "@volley/core/Toolkit"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { definitionsOf } from "./definitions.ts"
import { Elicitation } from "./elicit.ts"
import type { Options } from "./options.ts"
import { progressOf } from "./progress.ts"
import { resultOf } from "./result.ts"
import { type Settle, settler } from "./settle.ts"

/** Makes a server of the protocol for a connection, or for a request where that stands alone. */
export type Factory = () => Server

/** Everything that all connections share: the tools, what runs them, and what was asked about. */
interface House {
  readonly definitions: ReturnType<typeof definitionsOf>
  readonly settle: Settle
  readonly elicitation: Elicitation | undefined
  readonly nextId: () => string
}

/** Makes what makes the servers of a toolkit, one runner behind them all. */
export const factoryOf = Effect.fnUntraced(function*<T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  { approval, batch, instructions, name, version = "0.0.0" }: Options
): Effect.fn.Return<Factory, never, Tool.Requirements<T> | Scope.Scope> {
  const clock = yield* Clock.Clock
  const elicitation = approval === "elicit" ? new Elicitation(() => clock.currentTimeMillisUnsafe()) : undefined
  const house: House = {
    definitions: definitionsOf(toolkit),
    settle: yield* settler(toolkit, batch),
    elicitation,
    nextId: counter()
  }
  const tools = [...house.definitions.values()]
  const requestState = elicitation && { verify: elicitation.codec.verify }
  return () => {
    const server = new Server({ name, version }, {
      capabilities: { tools: {} },
      ...(instructions !== undefined && { instructions }),
      ...(requestState !== undefined && { requestState })
    })
    server.setRequestHandler("tools/list", () => ({ tools }))
    server.setRequestHandler("tools/call", ({ params }, context) => answer(house, server, params, context))
    return server
  }
})

/** Ids of a client's own may be those of another one. */
const counter = () => {
  let last = 0
  return () => `mcp_${++last}`
}

const answer = async (
  { definitions, elicitation, nextId, settle }: House,
  server: Server,
  params: CallToolRequestParams,
  context: ServerContext
): Promise<CallToolResult | InputRequiredResult> => {
  const { arguments: args = {}, name } = params
  const definition = definitions.get(name)
  if (definition === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool "${name}".`)
  const call = ToolCall.make({ id: nextId(), name, arguments: args })
  const verdict = await elicitation?.verdictOn(params, context)
  const outcome = await settle({ call, verdict, onCall: teller(call, context), signal: signalOf(context) })
  if (verdict === undefined && Outcome.isUndecided(outcome) && Elicitation.canAsk(server.getClientCapabilities())) {
    const question = await elicitation?.ask(params, context)
    if (question !== undefined) return question
  }
  return server.projectCallToolResult(resultOf(outcome, definition.outputSchema !== undefined), definition.outputSchema)
}

/** A client that is gone could not get the answer any more. */
const signalOf = ({ http, mcpReq: { signal } }: ServerContext): AbortSignal =>
  http?.req === undefined ? signal : AbortSignal.any([signal, http.req.signal])

/** Tells a client that has asked for it how its call goes on; one that is gone is not told. */
const teller = ({ id }: ToolCall.ToolCall, { mcpReq }: ServerContext): Batch.Options["onCall"] => {
  const progressToken = mcpReq._meta?.progressToken
  if (progressToken === undefined) return undefined
  let last: number | undefined
  return (event) => {
    if (event._tag !== "CallProgress") return Effect.void
    const progress = progressOf(event.progress, { isStep: event.call.id !== id, last })
    if (progress === undefined) return Effect.void
    last = progress.progress
    const params = { progressToken, ...progress }
    return Effect.ignore(Effect.tryPromise(() => mcpReq.notify({ method: "notifications/progress", params })))
  }
}
