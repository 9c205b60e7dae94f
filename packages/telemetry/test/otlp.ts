import { Effect } from "effect"
import { createServer } from "node:http"
import { gunzipSync } from "node:zlib"

/** Takes OTLP over HTTP, as JSON, until the scope closes; gives what was sent, by path. */
export const collector = Effect.gen(function*() {
  const got: Array<{ readonly path: string; readonly body: unknown }> = []
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
          const raw = Buffer.concat(chunks)
          const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw).toString()
          got.push({ path: request.url ?? "", body: JSON.parse(text) })
          response.setHeader("content-type", "application/json")
          response.end("{}")
        })
      }).listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.closeAllConnections()).pipe(Effect.andThen(Effect.sync(() => server.close())))
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, got }
})

/** Every object somewhere inside that has a property of this name. */
export const having = (json: unknown, key: string): ReadonlyArray<Record<string, unknown>> => {
  if (typeof json !== "object" || json === null) return []
  const inside = Object.values(json).flatMap((one) => having(one, key))
  return Object.hasOwn(json, key) ? [{ ...json }, ...inside] : inside
}

/** Attributes as OTLP writes them, as plain values. */
export const plain = (attributes: unknown): Readonly<Record<string, string | number | boolean | Array<string>>> =>
  Object.fromEntries(having(attributes, "key").map(({ key, value }) => [String(key), valueOf(value)]))

const valueOf = (value: unknown): string | number | boolean | Array<string> => {
  const [kind, inner]: ReadonlyArray<unknown> = Object.entries(value ?? {})[0] ?? []
  if (kind === "arrayValue") return having(inner, "stringValue").map(({ stringValue }) => String(stringValue))
  return typeof inner === "number" || typeof inner === "boolean" ? inner : String(inner)
}
