import * as Json from "@volley/core/Json"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { OpenApiError, type Reason, UnknownVersion, Unreadable } from "../OpenApiError.ts"
import type { Node } from "./node.ts"

/** What makes JSON of the text of a document. */
export type Parse = (text: string) => unknown

/** Reads a document of version 3.0 or 3.1; one of Swagger 2.0 is made such a one. */
export const read = Effect.fnUntraced(function*(
  document: unknown,
  parse?: Parse
): Effect.fn.Return<Node, OpenApiError> {
  const json = typeof document === "string" ? yield* parsed(document, parse) : document
  const problem = Json.problemOf(json, most)
  if (problem !== undefined) return yield* unreadable(`it is ${problem}`)
  if (!Json.isObject(json)) {
    return yield* unreadable(
      typeof json === "string"
        ? "it is no object, but a text: give the content of the document, not its name or address"
        : "it is no object"
    )
  }
  const { openapi, swagger } = json
  if (swagger === "2.0") return yield* upgraded(json)
  if (openapi === undefined) return yield* unreadable("it says neither `openapi` nor `swagger`")
  return isKnown(openapi) ? json : yield* unknown(openapi)
})

/** Documents are large; one that is larger, or contains itself, would hold the program up. */
const most: Json.Most = { depth: 512, values: 20_000_000, number: Infinity }

const isKnown = (version: unknown): boolean => typeof version === "string" && /^3\.[01](?:\.|$)/.test(version)

const parsed = (text: string, parse: Parse | undefined): Effect.Effect<unknown, OpenApiError> => {
  if (parse === undefined && /^\s*\{/.test(text)) {
    const json = Json.parse(text, most)
    if (Result.isSuccess(json)) return Effect.succeed(json.success)
  }
  const parser = parse === undefined ? Effect.promise(yaml) : Effect.succeed(parse)
  return Effect.flatMap(parser, (parse) =>
    Effect.try({
      try: () => parse(text),
      catch: (error) => failure(new Unreadable({ message: `it cannot be parsed: ${messageOf(error)}` }))
    }))
}

/** Programs whose documents are JSON never load it. */
const yaml = async (): Promise<Parse> => {
  const { parse } = await import("yaml")
  return (text) => parse(text, { logLevel: "error" })
}

/** The library changes what it is given. */
const upgraded = (swagger: Node): Effect.Effect<Node, OpenApiError> =>
  Effect.tryPromise({
    // Bundlers take what is caught right here for something that need not be there.
    try: () => import("@scalar/openapi-upgrader/2.0-to-3.0").catch((error) => Promise.reject(error)),
    catch: () => failure(new UnknownVersion({ version: "2.0" }))
  }).pipe(Effect.flatMap(({ upgradeFromTwoToThree }) =>
    Effect.try({
      try: (): Node => ({ ...upgradeFromTwoToThree(structuredClone(swagger)) }),
      catch: (error) => failure(new Unreadable({ message: `it cannot be made a document of 3.0: ${messageOf(error)}` }))
    })
  ))

const unknown = (version: unknown) => Effect.fail(failure(new UnknownVersion({ version: String(version) })))

const unreadable = (message: string) => Effect.fail(failure(new Unreadable({ message })))

const failure = (reason: Reason): OpenApiError => new OpenApiError({ reason })

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)
