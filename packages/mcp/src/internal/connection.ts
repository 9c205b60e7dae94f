import {
  type CallToolResult,
  Client,
  isJSONRPCRequest,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  StreamableHTTPClientTransport,
  type Tool,
  type Transport
} from "@modelcontextprotocol/client"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Closed, HttpFailed, type Reason, Refused, Unreachable, Unusable } from "../McpError.ts"
import type { Command, Options, Remote } from "./server.ts"

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

/** Speaks to the server at a URL, and ends its session when the scope closes. */
const reached = ({ headers = {}, url }: Remote) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => new Http(new URL(url), { requestInit: { headers } }),
      catch: () => new Unreachable({ message: `"${url}" is no URL` })
    }),
    (transport) =>
      // A server that does not hear of the end of its session finds out by itself.
      Effect.promise(async () => {
        await withinSecond(transport.terminateSession().catch(() => {}))
        await transport.close()
      })
  )

/** Waits for a promise, for a second at most. */
const withinSecond = (end: Promise<void>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, 1000)
    void end.finally(() => {
      clearTimeout(timer)
      resolve()
    })
  })

/** The answer to a request whose stream ended without one; told from the server's own by being this very object. */
const broken = { code: -32000, message: "Connection closed", data: {} }

/** The SDK's transport, which would leave a request unanswered whose stream breaks. */
class Http extends StreamableHTTPClientTransport {
  override send(...[message, options]: Parameters<StreamableHTTPClientTransport["send"]>): Promise<void> {
    if (Array.isArray(message) || !isJSONRPCRequest(message)) return super.send(message, options)
    const { id } = message
    return super.send(message, {
      ...options,
      onRequestStreamEnd: () => this.onmessage?.({ jsonrpc: "2.0", id, error: broken })
    })
  }
}

/** Sorts what the SDK threw. */
const reasonOf = (error: unknown): Reason => {
  if (error instanceof ProtocolError) {
    return error.data === broken.data ? new Closed() : new Refused({ code: error.code, message: error.message })
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
