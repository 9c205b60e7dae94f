/**
 * An OpenAPI document that stands on the command line: a file, or a URL.
 */
import type * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Transport from "@volley/core/Transport"
import type { OpenApiTool, Tools } from "@volley/openapi/OpenApi"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { readFileSync } from "node:fs"
import * as ModuleFile from "./ModuleFile.ts"
import { visible } from "./Screen.ts"
import { UserError, whyOf } from "./UserError.ts"

/**
 * The document, and how to take it, as the flags say it.
 *
 * - `auth`: security schemes and the environment variables with their keys, as `SCHEME=NAME`
 */
export interface Flags {
  readonly openapi: Option.Option<string>
  readonly include: ReadonlyArray<string>
  readonly apiUrl: Option.Option<string>
  readonly auth: ReadonlyArray<string>
}

/** Adds the operations of a document to a toolkit; what is no read there wants approval. */
export const addTo = Effect.fnUntraced(function*<T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  flags: Flags
): Effect.fn.Return<Toolkit.Toolkit<T | OpenApiTool>, UserError> {
  if (Option.isNone(flags.openapi)) return yield* alone(flags, toolkit)
  const place = flags.openapi.value
  const auth = yield* authOf(flags.auth)
  const url = isUrl(place) ? place : undefined
  const text = yield* url === undefined ? fileOf(place) : loaded(url)
  const OpenApi = yield* Effect.promise(() => import("@volley/openapi/OpenApi"))
  const include = flags.include.flatMap((names) => names.split(",")).map((name) => name.trim())
  const made = yield* OpenApi.toolkit(text, {
    baseUrl: Option.getOrUndefined(flags.apiUrl),
    include: include.length === 0 ? undefined : include,
    url,
    auth
  }).pipe(
    Effect.provide(FetchHttpClient.layer),
    Effect.mapError(({ reason }) => unusable(place, hinted(reason)))
  )
  yield* toldOf(place, made)
  return yield* Effect.try({
    try: () => Toolkit.merge<T, OpenApiTool>(toolkit, made.toolkit),
    catch: (error) => unusable(place, error instanceof Error ? error.message : String(error))
  })
})

/** Some operations may be left out, as long as one is left. */
const toldOf = (place: string, { leftOut, toolkit }: Tools): Effect.Effect<void, UserError> => {
  const [first] = leftOut
  return first !== undefined && toolkit.tools.length === 0
    ? Effect.fail(unusable(place, `${first.operation} cannot be a tool: ${first.why}`))
    : Effect.forEach(leftOut, ({ operation, why }) => Console.error(visible(`${operation} is left out: ${why}`)), {
      discard: true
    })
}

/** What is said of a document is a mistake where there is none. */
const alone = <A>({ apiUrl, auth, include }: Flags, toolkit: A): Effect.Effect<A, UserError> =>
  include.length > 0 || auth.length > 0 || Option.isSome(apiUrl)
    ? Effect.fail(new UserError({ message: "--include, --api-url and --auth are for --openapi", exitCode: 2 }))
    : Effect.succeed(toolkit)

const isUrl = (place: string): boolean => /^https?:\/\//i.test(place)

const purpose = { flag: "--openapi", what: "document" }

const fileOf = (file: string): Effect.Effect<string, UserError> =>
  Effect.flatMap(
    ModuleFile.pathOf(file, purpose),
    (path) => Effect.try({ try: () => readFileSync(path, "utf8"), catch: (error) => unusable(file, whyOf(error)) })
  )

/** Loads a document as all else goes over HTTP here: in time, of some size, and from no other server. */
const loaded = Effect.fnUntraced(function*(url: string): Effect.fn.Return<string, UserError> {
  const problem = Transport.problemOf(url, "it")
  if (problem !== undefined) return yield* unusable(url, problem)
  const fetch = (yield* Transport.within({}))()
  const { response, text } = yield* Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { signal })
      return { response, text: await response.text() }
    },
    catch: (error) => unusable(url, Transport.failureIn(error)?.message ?? whyOf(error))
  })
  return response.ok ? text : yield* unusable(url, `its server answers with status ${response.status}`)
})

/** Keys stand in the environment, never on the command line, which others see. */
const authOf = (pairs: ReadonlyArray<string>): Effect.Effect<Record<string, Redacted.Redacted>, UserError> =>
  Effect.map(
    Effect.forEach(pairs, (pair) => {
      const [scheme = "", name = ""] = pair.split("=")
      const key = process.env[name] ?? ""
      if (scheme === "" || name === "") {
        return new UserError({ message: "--auth takes a security scheme and a variable, as SCHEME=NAME", exitCode: 2 })
      }
      return key === ""
        ? new UserError({ message: `--auth: the environment has no ${name}`, exitCode: 2 })
        : Effect.succeed([scheme, Redacted.make(key)] as const)
    }),
    Object.fromEntries
  )

/** The library speaks of options, where the command line has flags. */
const hinted = (reason: { readonly message: string }): string =>
  reason.message.replaceAll("`include`", "--include").replaceAll("`baseUrl`", "--api-url").replaceAll(
    "`auth`",
    "--auth"
  )
    .replaceAll("`maxTools`", "the limit")

const unusable = (place: string, message: string) =>
  new UserError({ message: `--openapi "${Transport.quoted(place)}": ${message}`, exitCode: 2 })
