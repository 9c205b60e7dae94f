/**
 * What the public conformance suite has a client do: connect to a URL, and make the calls that the suite names, or one of
 * every tool. Where a login is wanted it is done, and then all is tried again.
 */
import type { StoredOAuthClientInformation } from "@modelcontextprotocol/client"
import { Approver, Batch, ToolCall } from "@volley/core"
import { Mcp, McpError } from "@volley/mcp"
import { Effect, type JsonSchema, Redacted, Result } from "effect"
import { logIn, Memory } from "./fixtures/provider.ts"

/** What the suite says of a client that was registered before, and of the calls that it wants. */
type Context = Partial<StoredOAuthClientInformation> & {
  readonly toolCalls?: ReadonlyArray<{ readonly name: string; readonly arguments: object }>
}

/** Arguments that a tool takes: one value for each property that it wants, and a schema where it echoes that. */
const sample = (schema: JsonSchema.JsonSchema, echoed: JsonSchema.JsonSchema | undefined): object =>
  Object.fromEntries(
    Object.entries(Object(schema["properties"])).map(([name, property]) => [
      name,
      name === "schema" ? echoed : Object(property).type === "number" ? 1 : "text"
    ])
  )

/** The server at a URL, and who logs in there. */
const serverAt = (url: string, { client_id, client_secret }: Context) => {
  const authProvider = Object.assign(new Memory(), {
    clientMetadataUrl: "https://conformance-test.local/client-metadata.json"
  })
  if (client_id !== undefined) {
    authProvider.saveClientInformation({ client_id, ...(client_secret && { client_secret }) })
  }
  // The suite ends a client after five minutes: how soon one is ready says how busy the machine is.
  return { name: "suite", prefix: "", url, authProvider, timeout: "5 minutes" } as const
}

type Server = ReturnType<typeof serverAt>

/** Where a login is wanted because of this; undefined where none is. */
const loginIn = (error: unknown) =>
  error instanceof McpError.McpError && error.reason._tag === "NeedsLogin"
    ? Redacted.value(error.reason.url)
    : undefined

const finish = (server: Server, address: string) =>
  Effect.andThen(logIn(address), (callback) => Mcp.finishAuth(server, callback))

/** Logs in where that is asked, as often as three times. */
const connect = (server: Server, left: number): ReturnType<typeof Mcp.connect> =>
  Effect.catch(Mcp.connect(server), (error) => {
    const address = left === 0 ? undefined : loginIn(error)
    return address === undefined
      ? Effect.fail(error)
      : Effect.andThen(finish(server, address), connect(server, left - 1))
  })

/** Does all of that; `context` is the JSON that the suite gives to a client. */
export const client = Effect.fnUntraced(
  function*(url: string, context: string) {
    const known: Context = JSON.parse(context)
    const server = serverAt(url, known)
    const { toolkit } = yield* connect(server, 3)
    const focal = toolkit.byName.get("json_schema_2020_12_tool")
    const echoed = focal?.raw ?? focal?.jsonSchema
    const wanted = known.toolCalls ??
      toolkit.tools.map(({ jsonSchema, name }) => ({ name, arguments: sample(jsonSchema, echoed) }))
    const calls = wanted.map((call, index) => ToolCall.make({ ...call, id: `call_${index + 1}`, index }))
    for (let turn = 0; turn < 3; turn++) {
      const { outcomes } = yield* Batch.run(toolkit, calls)
      const failures = outcomes.flatMap(({ result }) => Result.isFailure(result) ? [result.failure] : [])
      const [address] = failures.flatMap((error) => loginIn("failure" in error ? error.failure : undefined) ?? [])
      if (address === undefined) break
      yield* finish(server, address)
    }
  },
  Effect.scoped,
  Effect.provide(Approver.allow)
)
