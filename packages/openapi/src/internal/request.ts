/**
 * The request that arguments make.
 */
import * as Json from "@volley/core/Json"
import * as Base64 from "effect/encoding/Base64"
import * as HttpBody from "effect/http/HttpBody"
import * as Result from "effect/Result"
import { Unsendable } from "../OpenApiError.ts"
import type { Body, Field } from "./body.ts"
import type { Node } from "./node.ts"
import type { Parameter } from "./parameters.ts"
import type { Plan } from "./plan.ts"
import { headerOf, pairsOf, plain, segmentOf } from "./style.ts"

/** A request, its credentials apart. */
export interface Asked {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: HttpBody.HttpBody
}

/** Makes a request of arguments that the schema of the tool takes. */
export const requestOf = (plan: Plan, args: Node): Result.Result<Asked, Unsendable> =>
  Result.gen(function*() {
    const path = yield* pathOf(plan, args)
    const query = inPlace(plan, "query").flatMap((one) => pairsOf(one, valueIn(one, args)))
    const cookies = inPlace(plan, "cookie").flatMap((one) => pairsOf(one, valueIn(one, args)))
    const headers = yield* headersOf(plan, args, cookies)
    const value = ownIn(args, "body")
    const body = value === undefined || plan.body === undefined ? HttpBody.empty : yield* written(plan.body, value)
    const mark = path.includes("?") ? "&" : "?"
    return { url: `${plan.base}${path}${query.length === 0 ? "" : `${mark}${query.join("&")}`}`, headers, body }
  })

/** What the path of a request is, with where it goes, and without what some documents have behind it. */
export const placeOf = (plan: Plan, args: Node): string =>
  `${plan.base}${bare(expanded(plan, args))}`.replace(/\/$/, "")

/** The path of an operation with values in it, which are escaped so that no mark in it is theirs. */
const expanded = (plan: Plan, args: Node): string =>
  inPlace(plan, "path").reduce(
    (path, one) => path.replaceAll(`{${one.name}}`, () => segmentOf(one, valueIn(one, args) ?? "")),
    plan.operation.path
  )

const bare = (path: string): string => path.replace(/[?#][^]*$/, "")

const inPlace = ({ parameters }: Plan, place: Parameter["in"]): ReadonlyArray<Parameter> =>
  parameters.filter((one) => one.in === place)

/** The value of a parameter; every object inherits some names, which say nothing. */
const valueIn = ({ isJson, key }: Parameter, args: Node): unknown => {
  const value = ownIn(args, key)
  return isJson && value !== undefined ? JSON.stringify(value) : value
}

const ownIn = (args: Node, key: string): unknown => Object.hasOwn(args, key) ? args[key] : undefined

/** A part of a path that is empty, or made of dots, is none, so that another resource would be meant. */
const pathOf = (plan: Plan, args: Node): Result.Result<string, Unsendable> => {
  const parameters = inPlace(plan, "path")
  for (const one of parameters) {
    const value = valueIn(one, args) ?? ""
    if (segmentOf(one, value) === "") {
      return unsendable(one.key, "is empty, and so the path would be that of something else")
    }
  }
  const path = expanded(plan, args)
  const dots = bare(path).split("/").some((part) => /^(?:\.|%2e){1,2}$/i.test(part))
  const [first] = parameters
  return dots && first !== undefined
    ? unsendable(first.key, "makes a part of the path that is \".\" or \"..\", and so another path of it")
    : Result.succeed(path.replace(/#[^]*$/, ""))
}

const headersOf = (
  plan: Plan,
  args: Node,
  cookies: ReadonlyArray<string>
): Result.Result<Record<string, string>, Unsendable> => {
  const headers: Record<string, string> = { accept: plan.accept }
  if (cookies.length > 0) headers["cookie"] = cookies.join("; ")
  for (const one of inPlace(plan, "header")) {
    const value = valueIn(one, args)
    if (value === undefined || value === null) continue
    const text = headerOf(one, value)
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
      return unsendable(one.key, "has a character that no header can have")
    }
    headers[one.name.toLowerCase()] = text
  }
  return Result.succeed(headers)
}

const written = (body: Body, value: unknown): Result.Result<HttpBody.HttpBody, Unsendable> => {
  switch (body.kind) {
    case "json":
      return Result.succeed(
        HttpBody.text(JSON.stringify(value), body.mediaType === "*/*" ? "application/json" : body.mediaType)
      )
    case "form":
      return Result.succeed(HttpBody.text(formOf(body, value), "application/x-www-form-urlencoded"))
    case "multipart":
      return Result.map(multipartOf(body, value), HttpBody.formData)
    case "text":
      return Result.succeed(HttpBody.text(plain(value), body.mediaType === "text/*" ? "text/plain" : body.mediaType))
    case "binary":
      return Result.map(fileOf("body", value), ({ bytes, type }) => {
        const said = body.mediaType.includes("*") ? type ?? "application/octet-stream" : body.mediaType
        return HttpBody.uint8Array(bytes, said)
      })
  }
}

const formOf = (body: Body, value: unknown): string =>
  Object.entries(Json.isObject(value) ? value : {}).flatMap(([name, part]) => {
    const style = body.fields.get(name)?.style
    return style === undefined
      ? pairsOf(standard(name), isDeep(part) ? JSON.stringify(part) : part)
      : pairsOf(style, part)
  }).join("&")

const standard = (name: string) => ({ name, style: "form", explode: true, reserved: false })

/** Only a list of plain values is more than one of them, where the document does not say how a field is written. */
const isDeep = (value: unknown): boolean =>
  Array.isArray(value) ? value.some((one) => typeof one === "object" && one !== null) : Json.isObject(value)

const multipartOf = (body: Body, value: unknown): Result.Result<FormData, Unsendable> =>
  Result.gen(function*() {
    const form = new FormData()
    for (const [name, part] of Object.entries(Json.isObject(value) ? value : {})) {
      for (const one of Array.isArray(part) && (!isDeep(part) || body.files.has(name)) ? part : [part]) {
        if (one === null || one === undefined) continue
        if (body.files.has(name)) {
          const file = yield* fileOf(name, one)
          form.append(
            name,
            new Blob([file.bytes], { type: file.type ?? "application/octet-stream" }),
            file.name ?? name
          )
        } else add(form, name, plain(one), body.fields.get(name))
      }
    }
    return form
  })

/** A field whose type is not said is a plain one: servers take that for text, and other parts for files. */
const add = (form: FormData, name: string, text: string, field: Field | undefined): void =>
  field?.mediaType === undefined || field.mediaType.startsWith("text/plain")
    ? form.append(name, text)
    : form.append(name, new Blob([text], { type: field.mediaType }), name)

interface File {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly type: string | undefined
  readonly name: string | undefined
}

/** A file as a model gives it: as text, or as a document whose data is base64. */
const fileOf = (key: string, value: unknown): Result.Result<File, Unsendable> => {
  if (!Json.isObject(value)) {
    return Result.succeed({ bytes: new TextEncoder().encode(plain(value)), type: undefined, name: undefined })
  }
  const { data, mediaType, name } = value
  const bytes = Result.map(Base64.decode(typeof data === "string" ? data : "-"), (bytes) => new Uint8Array(bytes))
  return Result.isFailure(bytes)
    ? unsendable(key, "has data that is no base64")
    : Result.succeed({
      bytes: bytes.success,
      type: typeof mediaType === "string" ? mediaType : undefined,
      name: typeof name === "string" ? name : undefined
    })
}

const unsendable = (parameter: string, why: string): Result.Result<never, Unsendable> =>
  Result.fail(new Unsendable({ parameter, why }))
