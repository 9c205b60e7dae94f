import {
  type CallToolResult,
  Client,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  type Tool,
  type Transport
} from "@modelcontextprotocol/client"
import { failureIn } from "@volley/core/Transport"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Closed, HttpFailed, type Reason, Refused, Unreachable, Unusable } from "../McpError.ts"
import { Ended, reached } from "./http.ts"
import type { Command, Options } from "./server.ts"

/** A server that has answered `initialize` and listed its tools; what it calls a tool is that tool's name. */
export interface Connection {
  readonly tools: ReadonlyArray<Tool>
  readonly instructions: string | undefined
  readonly call: (tool: Tool, args: Record<string, unknown>) => Effect.Effect<CallToolResult, Reason>
}

/** The longest that a timer can wait: Volley has timeouts of its own. */
const timeout = 2_147_483_647

/**
 * A way to a server, as the SDK takes it.
 *
 * - `explain`: says more of why there is no server, where the way knows
 */
export interface Way extends Transport {
  readonly explain?: (reason: Reason) => Reason
}

/** Starts the process of a server, and ends it when the scope closes. */
export type Start = (command: Command) => Effect.Effect<Way, Reason, Scope.Scope>

/** Connects, until the scope closes. */
export const open = Effect.fnUntraced(function*(
  options: Options,
  start: Start
): Effect.fn.Return<Connection, Reason, Scope.Scope> {
  const transport: Way = yield* options.url === undefined ? start(options) : reached(options)
  const client = new Client({ name: "volley", version: "0.1.0" }, {
    // Over stdio this would start every server twice, for a version that servers of today speak besides an older one.
    versionNegotiation: { mode: options.url === undefined ? "legacy" : "auto" },
    listMaxPages: 0
  })
  yield* Effect.mapError(
    ask((signal) => client.connect(transport, { signal, timeout })),
    (reason) => transport.explain?.(reason) ?? reason
  )
  const tools = client.getServerCapabilities()?.tools === undefined
    ? []
    : (yield* ask((signal) => client.listTools(undefined, { signal, timeout }))).tools
  return {
    tools,
    instructions: client.getInstructions(),
    call: (tool, args) => {
      // What comes back is checked by whoever calls, as what goes out is.
      const toolDefinition = { ...tool, outputSchema: undefined }
      return Effect.suspend(() =>
        client.transport === undefined
          ? new Closed()
          : ask((signal) => client.callTool({ name: tool.name, arguments: args }, { signal, timeout, toolDefinition }))
      )
    }
  }
})

/** Asks the server; interruption cancels the request there. */
const ask = <A>(request: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, Reason> =>
  Effect.tryPromise({ try: request, catch: reasonOf })

/** Sorts what the SDK threw. */
const reasonOf = (error: unknown): Reason => {
  const failure = failureIn(error)
  if (failure !== undefined) return failure
  if (error instanceof ProtocolError) {
    const { code, data, message } = error
    return data instanceof Ended ? data.reason : new Refused({ code, message })
  }
  if (error instanceof SdkHttpError) return new HttpFailed({ status: error.status })
  if (error instanceof SdkError && error.code !== SdkErrorCode.EraNegotiationFailed) {
    return error.code === SdkErrorCode.ConnectionClosed || error.code === SdkErrorCode.NotConnected
      ? new Closed()
      : new Unusable({ message: error.message })
  }
  return new Unreachable({ message: rootOf(error) })
}

/** What went wrong underneath, such as that nobody listens there. */
const rootOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : rootOf(error.cause)
}
