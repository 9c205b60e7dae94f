/**
 * Validators that others wrote: they read a document by themselves, and say what is wrong with a request to it.
 */
import { Json } from "@volley/core"
import { type Document, OpenAPIBackend } from "openapi-backend"
import Enforcer from "openapi-enforcer"
import type { Seen } from "./echo.ts"

type Node = Readonly<Record<string, unknown>>

/** What a judge says of a request; it has no opinion where it does not know such a request, or throws. */
export type Verdict = { readonly is: "fine" } | { readonly is: "wrong" | "no opinion"; readonly why: string }

export interface Judge {
  readonly name: "openapi-enforcer" | "openapi-backend"
  readonly of: (seen: Seen) => Promise<Verdict>
}

const nodeOf = (value: unknown): Node => Json.isObject(value) ? value : {}

/**
 * The judges of a document: the one that knows styles, where it takes the document, and the one that knows 3.1.
 *
 * - `modern`: the same document as one of version 3
 */
export const judgesOf = async (document: Node, modern: Node): Promise<ReadonlyArray<Judge>> => {
  const enforcer = await enforcing(document)
  return [enforcer, await backing(modern)].filter((judge) => judge !== undefined)
}

const judging = (
  name: Judge["name"],
  issueOf: (seen: Seen, body: unknown, headers: Record<string, string>) => string | undefined
): Judge => ({
  name,
  of: async (seen) => {
    const headers = Object.fromEntries(Object.entries(seen.headers).map(([name, value]) => [name, String(value)]))
    const body = await bodyOf(seen)
    try {
      const issue = issueOf(seen, body, headers)
      return issue === undefined ? { is: "fine" } : { is: "wrong", why: issue.replace(/\s+/g, " ") }
    } catch (error) {
      return { is: "no opinion", why: String(error) }
    }
  }
})

const enforcing = async (document: Node): Promise<Judge | undefined> => {
  if (!/^(?:2\.0|3\.0)/.test(String(document["swagger"] ?? document["openapi"]))) return undefined
  const options = { fullResult: true, componentOptions: { production: true } }
  const { value: api } = await Enforcer(withoutCookies(structuredClone(document)), options).catch(() => ({
    value: undefined
  }))
  if (api === undefined || api === null) return undefined
  return judging("openapi-enforcer", ({ method, target }, body, headers) => {
    const { error } = api.request({ method, path: target, headers, ...(body !== undefined && { body }) })
    return error === undefined ? undefined : String(error)
  })
}

/** It takes no document that has cookies of several values. */
const withoutCookies = (document: Node): Node => {
  const { "/cookies": _, ...paths } = nodeOf(document["paths"])
  return { ...document, paths }
}

const backing = async (document: Node): Promise<Judge | undefined> => {
  const api = new OpenAPIBackend({
    definition: named(structuredClone(document)) as unknown as Document,
    quick: true,
    strict: true,
    coerceTypes: true,
    // Half of the time would go by with schemas of schemas, and with making code shorter that runs once.
    ajvOpts: {
      strict: false,
      validateFormats: false,
      unicodeRegExp: false,
      validateSchema: false,
      code: { optimize: false }
    }
  })
  const isReady = await api.init().then(() => true, () => false)
  if (!isReady) return undefined
  return judging("openapi-backend", ({ method, target }, body, headers) => {
    const [path = "", query = ""] = target.split("?")
    const { errors } = api.validateRequest({ method, path, query, headers, body })
    return errors?.map(({ instancePath, message }) => `${instancePath} ${message}`).join("; ")
  })
}

/** Every operation has to have a name of its own there, and what may be null a type. */
const named = (document: Node): Node => {
  mend(document, new Set())
  let at = 0
  for (const item of Object.values(nodeOf(document["paths"]))) {
    for (const operation of Object.values(nodeOf(item)).filter(Json.isObject)) {
      Object.assign(operation, { operationId: `operation_${at++}` })
    }
  }
  return document
}

const mend = (json: unknown, seen: Set<unknown>): void => {
  if (typeof json !== "object" || json === null || seen.has(json)) return
  seen.add(json)
  if ("nullable" in json && !("type" in json)) Reflect.deleteProperty(json, "nullable")
  for (const part of Object.values(json)) mend(part, seen)
}

/** A body as the judges want it: JSON, the fields of a form, or text. */
const bodyOf = async ({ body, headers }: Seen): Promise<unknown> => {
  if (body.length === 0) return undefined
  const type = headers["content-type"] ?? ""
  if (/[/+]json\b/.test(type)) return JSON.parse(body.toString())
  if (!/form/.test(type)) return body.toString()
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData()
  const fields = new Map<string, Array<unknown>>()
  for (const [name, value] of form) {
    fields.set(name, [...fields.get(name) ?? [], typeof value === "string" ? value : await value.text()])
  }
  return Object.fromEntries([...fields].map(([name, all]) => [name, all.length === 1 ? all[0] : all]))
}
