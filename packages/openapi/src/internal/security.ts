import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import { NoCredentials } from "../OpenApiError.ts"
import { entriesOf, listOf, type Node, nodeOf, resolve, textOf } from "./node.ts"
import type { Secret } from "./parameters.ts"

/**
 * What a security scheme is given: the key, the token, or `user:password` for HTTP basic.
 *
 * - an effect is asked for every call, so that it may be a token that is made anew when it is old; one that fails is that call's
 *   `NoCredentials`
 */
export type Credential = Redacted.Redacted | Effect.Effect<Redacted.Redacted, unknown>

/** Credentials by the names of the document's security schemes. */
export type Auth = Readonly<Record<string, Credential>>

/** A security scheme that there are credentials for, and where they go. */
export interface Scheme {
  readonly name: string
  readonly credential: Credential
  readonly goes: Secret
  /** What a header has before the credentials. */
  readonly prefix: string
  readonly isBasic: boolean
}

/** Credentials as they go out. */
export interface Key extends Secret {
  readonly value: Redacted.Redacted
  readonly given: Redacted.Redacted
}

/** The security schemes of a document, by name. */
export const schemesIn = (document: Node): ReadonlyMap<string, Node> =>
  new Map(
    entriesOf(nodeOf(document["components"])["securitySchemes"]).map((
      [name, value]
    ) => [name, resolve(document, value)])
  )

/** Where the keys of all schemes go: none of that is a parameter that a model gives. */
export const secretsOf = (schemes: ReadonlyMap<string, Node>): ReadonlyArray<Secret> =>
  [...schemes.values()].map((scheme) => goesOf(scheme))

/** The first of the alternatives of an operation that there are credentials for; none where it goes without. */
export const schemesFor = (
  document: Node,
  node: Node,
  schemes: ReadonlyMap<string, Node>,
  auth: Auth
): ReadonlyArray<Scheme> => {
  const alternatives = listOf(node["security"] ?? document["security"]).map((one) => Object.keys(nodeOf(one)))
  const met = alternatives.find((names) => names.length > 0 && names.every((name) => Object.hasOwn(auth, name)))
  return (met ?? []).flatMap((name) => {
    const credential = auth[name]
    return credential === undefined ? [] : [schemeOf(name, schemes.get(name) ?? {}, credential)]
  })
}

const schemeOf = (name: string, scheme: Node, credential: Credential): Scheme => {
  const kind = scheme["type"] === "http" ? (textOf(scheme["scheme"]) ?? "bearer").toLowerCase() : "bearer"
  const prefix = scheme["type"] === "apiKey" ? "" : `${kind.charAt(0).toUpperCase()}${kind.slice(1)} `
  return { name, credential, goes: goesOf(scheme), prefix, isBasic: prefix === "Basic " }
}

const goesOf = ({ in: place, name, type }: Node): Secret =>
  type === "apiKey"
    ? { in: textOf(place) ?? "header", name: textOf(name) ?? "" }
    : { in: "header", name: "authorization" }

/** The credentials of a call. */
export const keysOf = (schemes: ReadonlyArray<Scheme>): Effect.Effect<ReadonlyArray<Key>, NoCredentials> =>
  Effect.forEach(schemes, ({ credential, goes, isBasic, name, prefix }) => {
    const value = Redacted.isRedacted(credential) ?
      Effect.succeed(credential) :
      Effect.catch(credential, (error) =>
        Effect.andThen(
          Effect.logWarning("There are no credentials for a security scheme", name, error),
          Effect.fail(new NoCredentials({ scheme: name }))
        ))
    return Effect.map(value, (secret): Key => {
      const text = Redacted.value(secret)
      return { ...goes, value: Redacted.make(`${prefix}${isBasic ? Base64.encode(text) : text}`), given: secret }
    })
  })

/** A request with its credentials; those of its cookies come behind the others. */
export const signed = (
  request: HttpClientRequest.HttpClientRequest,
  keys: ReadonlyArray<Key>
): HttpClientRequest.HttpClientRequest =>
  keys.reduce((request, { in: place, name, value }) => {
    if (place === "query") return HttpClientRequest.appendUrlParam(request, name, value)
    const text = Redacted.value(value)
    if (place !== "cookie") return HttpClientRequest.setHeader(request, name, text)
    const { cookie } = request.headers
    const own = `${encodeURIComponent(name)}=${encodeURIComponent(text)}`
    return HttpClientRequest.setHeader(request, "cookie", cookie === undefined ? own : `${cookie}; ${own}`)
  }, request)

/** What of credentials is not to be seen: as they go out, as they were given, and the password of a user. */
export const hiddenIn = (keys: ReadonlyArray<Key>): ReadonlyArray<string> =>
  keys.flatMap(({ given, value }) => [Redacted.value(value), Redacted.value(given)])
    .flatMap((text) => [text, text.slice(text.indexOf(" ") + 1), text.slice(text.indexOf(":") + 1)])
    .flatMap((text) => [text, encodeURIComponent(text)])
    .filter(({ length }) => length >= shortest)

/** What is shorter hides nothing, and stands everywhere. */
const shortest = 6
