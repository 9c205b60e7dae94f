/**
 * `volley serve`: a toolkit as an MCP server, for the client that starts it or for those that know its URL.
 */
import * as Toolkit from "@volley/core/Toolkit"
import * as Server from "@volley/mcp/Server"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { Writable } from "node:stream"
import * as OpenApiDocument from "./OpenApiDocument.ts"
import { Screen } from "./Screen.ts"
import * as StandardIo from "./StandardIo.ts"
import * as ToolkitFile from "./ToolkitFile.ts"
import { UserError } from "./UserError.ts"

/**
 * What to serve.
 *
 * - `file`: a module whose default export is a toolkit, or `{ toolkit, layer }`
 * - `openapi`: a document, with operations for tools; one of the two gives tools
 * - `port`: of HTTP; standard input and output where it is left out
 * - `tokenEnv`: the environment variable with the token that requests have to bring
 * - `elicit`: the person at the client is asked about calls that want approval
 */
export interface Options {
  readonly file: string | undefined
  readonly openapi: OpenApiDocument.Flags
  readonly port: number | undefined
  readonly tokenEnv: string | undefined
  readonly elicit: boolean
}

/** Serves until it is interrupted, or until the client is gone that started it. */
export const run = ({ elicit, port, tokenEnv, ...source }: Options): Effect.Effect<void, UserError, Screen> => {
  const options = { name: "volley", version: "0.1.0", approval: elicit ? "elicit" : "approver" } as const
  if (port !== undefined) return Effect.scoped(overHttp(source, port, tokenEnv, options))
  if (tokenEnv === undefined) return Effect.scoped(overStdio(source, options))
  return unusable("--token-env is for --http: over standard input and output there is only one client")
}

type Source = Pick<Options, "file" | "openapi">

const toolkitOf = Effect.fnUntraced(function*({ file, openapi }: Source) {
  const own: ToolkitFile.AnyToolkit = file === undefined ? Toolkit.make() : yield* ToolkitFile.load(file)
  return yield* OpenApiDocument.addTo(own, openapi)
})

/** The toolkit may print as well, while its file is loaded. */
const overStdio = Effect.fnUntraced(function*(source: Source, options: Server.Options) {
  const { print } = yield* Screen
  const run = Effect.runPromiseWith(yield* Effect.context())
  yield* StandardIo.reserve
  const unwritten: Array<UserError> = []
  const onFailure = (error: UserError) => {
    unwritten.push(error)
    return error
  }
  const output = new Writable({
    decodeStrings: false,
    write: (chunk, _, done) =>
      void run(Effect.match(print(String(chunk)), { onFailure, onSuccess: () => null })).then(done)
  })
  const toolkit = yield* toolkitOf(source)
  yield* Server.serveStdio(toolkit, { ...options, streams: { input: process.stdin, output } })
  const [first] = unwritten
  if (first !== undefined) return yield* first
})

/** Prints the URL as one line of JSON. */
const overHttp = Effect.fnUntraced(function*(
  source: Source,
  port: number,
  tokenEnv: string | undefined,
  options: Server.Options
) {
  const token = tokenEnv === undefined ? undefined : yield* tokenOf(tokenEnv)
  const toolkit = yield* toolkitOf(source)
  const server = Server.serveHttp(toolkit, { ...options, port, token }).pipe(
    Effect.mapError(({ message }) => new UserError({ message, exitCode: 1 })),
    Effect.tap(({ url }) => Screen.use(({ print }) => print(`${JSON.stringify({ url })}\n`)))
  )
  return yield* Effect.andThen(server, Effect.never)
})

const tokenOf = (name: string) => {
  const token = process.env[name]
  return token === undefined || token === ""
    ? unusable(`--token-env: the environment has no ${name}`)
    : Effect.succeed(Redacted.make(token))
}

const unusable = (message: string) => Effect.fail(new UserError({ message, exitCode: 2 }))
