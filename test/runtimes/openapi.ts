/**
 * An API by its document, in YAML, as a `fetch`: a query, a body that only a validator can check, and a file.
 */
import { Batch, Content, ToolCall } from "@volley/core"
import { OpenApi } from "@volley/openapi"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Redacted from "effect/Redacted"

const document = `
openapi: 3.1.0
servers: [{ url: http://127.0.0.1:1/v1 }]
security: [{ key: [] }]
components:
  securitySchemes:
    key: { type: http, scheme: bearer }
paths:
  /pets:
    get:
      operationId: list
      parameters: [{ name: tags, in: query, schema: { type: array, items: { type: string } } }]
    post:
      operationId: add
      requestBody:
        content: { application/json: { schema: { type: object, not: { required: [id] } } } }
  /pets/{id}/photo:
    put:
      operationId: photo
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      requestBody:
        content:
          multipart/form-data: { schema: { type: object, properties: { file: { type: string, format: binary } } } }
`

const answer: typeof globalThis.fetch = async (input, init) => {
  const request = new Request(input, init)
  const { pathname, search } = new URL(request.url)
  const isForm = request.headers.get("content-type")?.startsWith("multipart/form-data") === true
  const file = isForm ? (await request.formData()).get("file") : null
  const body = file === null || typeof file === "string" ? await request.text() : `${file.name}, ${file.size} bytes`
  return new Response(`${request.method} ${pathname}${search} ${body} ${request.headers.get("authorization")}`, {
    headers: { "content-type": "text/plain" }
  })
}

export const openapi = Effect.gen(function*() {
  const auth = { key: Redacted.make("s3cret-key") }
  const { leftOut, toolkit } = yield* OpenApi.toolkit(document, { auth, approval: "none" })
  const file = Content.document("image/png", Uint8Array.of(1, 2, 3), "rex.png")
  const calls = [
    ["list", { tags: ["a b", "c"] }],
    ["add", { body: { name: "Rex" } }],
    ["add", { body: { id: 1 } }],
    ["photo", { id: 7, body: { file } }]
  ] as const
  const { outcomes } = yield* Batch.run(
    toolkit,
    calls.map(([name, args], index) => ToolCall.make({ id: `call_${index}`, name, arguments: args, index }))
  )
  const ends = outcomes.map(({ encoded }) => /"type":"(\w+)"/.exec(encoded)?.[1] ?? encoded.trim())
  return `${ends.join(" | ")}, left out ${JSON.stringify(leftOut)}`
}).pipe(Effect.provide(FetchHttpClient.layer), Effect.provideService(FetchHttpClient.Fetch, answer))
