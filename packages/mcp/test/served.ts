/**
 * The toolkit of the fixtures as a server, and official clients of every version that asks it.
 */
import { Client, type ClientOptions, StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import * as Server from "@volley/mcp/Server"
import { Effect } from "effect"
import { bundleOf } from "../../../test/bundles.ts"
import { Greeting, make } from "./fixtures/kit.ts"

export const versions = ["2025-06-18", "2025-11-25", "2026-07-28"] as const

export type Version = (typeof versions)[number]

/** An official client that speaks this version, until the scope closes. */
export const client = (
  version: Version,
  transport: StreamableHTTPClientTransport | StdioClientTransport,
  options: ClientOptions = {},
  prepare: (client: Client) => void = () => {}
) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const client = new Client({ name: "test", version: "1.0.0" }, {
        ...options,
        ...(version === "2026-07-28"
          ? { versionNegotiation: { mode: "auto" } }
          : { supportedProtocolVersions: [version] })
      })
      prepare(client)
      await client.connect(transport)
      return client
    }),
    (client) => Effect.promise(() => client.close())
  )

/** The server over HTTP, until the scope closes. */
export const overHttp = (options: Partial<Server.HttpOptions> = {}) =>
  Effect.gen(function*() {
    const kit = make()
    const { url } = yield* Server.serveHttp(kit.tools, { name: "kit", version: "1.0.0", batch: kit.batch, ...options })
      .pipe(Effect.provideService(Greeting, "hello"))
    return { ...kit, url, to: () => new StreamableHTTPClientTransport(new URL(url)) }
  })

/** What starts the server as a process. */
export const overStdio = () =>
  new StdioClientTransport({
    command: process.execPath,
    args: [bundleOf("stdio")],
    // The tests' configuration says where Node keeps what it has compiled.
    env: { ...getDefaultEnvironment(), NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "" },
    stderr: "pipe"
  })

/** What a client is answered to a call: the result, or what was thrown. */
export const ask = (client: Client, name: string, args: Record<string, unknown> = {}, options = {}) =>
  Effect.promise(() => client.callTool({ name, arguments: args }, options))
