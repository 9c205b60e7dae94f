import {
  type CallToolResult,
  Client,
  isJSONRPCRequest,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  StreamableHTTPClientTransport,
  type Tool
} from "@modelcontextprotocol/client"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { setTimeout } from "node:timers/promises"
import { Closed, HttpFailed, type Reason, Refused, Unreachable, Unusable } from "../McpError.ts"
import type { Command, Options, Remote } from "./server.ts"
import { Process, tooLong } from "./stdio.ts"

/** A server that has answered `initialize` and listed its tools; what it calls a tool is that tool's name. */
export interface Connection {
  readonly tools: ReadonlyArray<Tool>
  readonly instructions: string | undefined
  readonly call: (tool: Tool, args: Record<string, unknown>) => Effect.Effect<CallToolResult, Reason>
}

/** The longest that a timer can wait: Volley has timeouts of its own. */
const timeout = 2_147_483_647

/** Connects, until the scope closes. */
export const open = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Connection, Reason, Scope.Scope> {
  const transport = yield* options.url === undefined ? started(options) : reached(options)
  const client = new Client({ name: "volley", version: "0.1.0" }, {
    // Over stdio this would start every server twice, for a version that servers of today speak besides an older one.
    versionNegotiation: { mode: options.url === undefined ? "legacy" : "auto" },
    listMaxPages: 0
  })
  yield* Effect.mapError(
    ask((signal) => client.connect(transport, { signal, timeout })),
    (reason) => transport instanceof Process ? transport.explain(reason) : reason
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

/** Starts the server's process, and ends it when the scope closes. */
const started = (command: Command) =>
  Effect.acquireRelease(
    Effect.sync(() => new Process(command)),
    (transport) => Effect.promise(() => transport.close())
  )

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
        await Promise.race([transport.terminateSession().catch(() => {}), setTimeout(1000, undefined, { ref: false })])
        await transport.close()
      })
  )

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
    if (error.data === tooLong.data) return new Unusable({ message: error.message })
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
