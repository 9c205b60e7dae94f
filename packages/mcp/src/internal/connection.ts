import {
  type CallToolResult,
  Client,
  type JSONRPCMessage,
  type Tool,
  type Transport
} from "@modelcontextprotocol/client"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Closed, type Reason, without } from "../McpError.ts"
import { Forms } from "./forms.ts"
import { reached } from "./http.ts"
import { type LeftOut, mend } from "./odd.ts"
import type { Secrets } from "./secrets.ts"
import type { Command, Options } from "./server.ts"
import { reasonOf } from "./thrown.ts"

/**
 * A server that has answered `initialize` and listed its tools; what it calls a tool is that tool's name.
 *
 * - `leftOut`: what it listed that is no tool
 */
export interface Connection {
  readonly tools: ReadonlyArray<Tool>
  readonly leftOut: ReadonlyArray<LeftOut>
  readonly instructions: string | undefined
  /** Asks anything else of the protocol; what comes back is not checked. */
  readonly ask: (method: string, params: Record<string, unknown>) => Effect.Effect<unknown, Reason>
  readonly call: (tool: Tool, args: Record<string, unknown>) => Effect.Effect<CallToolResult, Reason>
}

/** The longest that a timer can wait: Volley has timeouts of its own. */
const timeout = 2_147_483_647

const anything = Schema.toStandardSchemaV1(Schema.Unknown)

/**
 * A way to a server, as the SDK takes it.
 *
 * - `explain`: says more of why there is no server, where the way knows
 * - `secrets`: what errors may not have in them
 */
export interface Way extends Transport {
  readonly secrets?: Secrets
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
    listMaxPages: 0,
    capabilities: { elicitation: { form: {} } }
  })
  const forms = new Forms(options.name)
  forms.answerBy(client)
  const ask = asking(transport)
  const leftOut: Array<LeftOut> = []
  // The SDK has whoever listens before it see each message first.
  Object.assign(transport, {
    onmessage: (message: JSONRPCMessage) => leftOut.push(...mend(message, client.getProtocolEra() === "modern"))
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
    leftOut,
    instructions: client.getInstructions(),
    ...requests(client, (request) => forms.during(ask(request)))
  }
})

/** What is asked once there is a connection, for as long as there is. */
const requests = (client: Client, ask: Ask): Pick<Connection, "ask" | "call"> => {
  const askNow: Ask = (request) => Effect.suspend(() => client.transport === undefined ? new Closed() : ask(request))
  return {
    ask: (method, params) => askNow((signal) => client.request({ method, params }, anything, { signal, timeout })),
    call: (tool, args) => {
      // What comes back is checked by whoever calls, as what goes out is.
      const toolDefinition = { ...tool, outputSchema: undefined }
      return askNow((signal) =>
        client.callTool({ name: tool.name, arguments: args }, { signal, timeout, toolDefinition })
      )
    }
  }
}

type Ask = <A>(request: (signal: AbortSignal) => Promise<A>) => Effect.Effect<A, Reason>

/** Asks the server; interruption cancels the request there. */
const asking = (way: Way): Ask => (request) =>
  Effect.tryPromise({ try: request, catch: (error) => without(way.secrets?.all ?? [], reasonOf(error)) })
