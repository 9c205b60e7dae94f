/**
 * A page that follows a run while it is written, for browsers on this machine.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Run from "@volley/telemetry/Run"
import * as Timeline from "@volley/telemetry/Timeline"
import * as Effect from "effect/Effect"
import { encoder } from "effect/encoding/Sse"
import type * as FileSystem from "effect/FileSystem"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { statSync } from "node:fs"
import { createServer, type Server } from "node:http"
import * as RunFile from "./RunFile.ts"
import { UserError, whyOf } from "./UserError.ts"

/**
 * What to serve.
 *
 * - `file`: a recorded run, which may still be written
 * - `port`: any when left out
 * - `results`: with arguments and results
 */
export interface Options {
  readonly file: string
  readonly port: number | undefined
  readonly results: boolean
}

/** Serves until the scope closes, and gives the address of the page. */
export const serve = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<string, UserError, FileSystem.FileSystem | Scope.Scope> {
  yield* RunFile.read(options.file)
  const node = createServer()
  const server = yield* NodeHttpServer.make(() => node, { host: "127.0.0.1", port: options.port ?? 0 }).pipe(
    Effect.mapError(({ cause }) => new UserError({ message: `cannot listen: ${whyOf(cause)}`, exitCode: 1 }))
  )
  yield* server.serve(answer(options))
  yield* Effect.addFinalizer(() => stop(node))
  const address = node.address()
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/`
})

const stop = (server: Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

const names = new Set(["127.0.0.1", "localhost", "[::1]"])

/** A page elsewhere, whose name leads here, gets nothing: its requests ask for another host. */
const answer = (options: Options) =>
  Effect.gen(function*() {
    const { headers, method, url } = yield* HttpServerRequest.HttpServerRequest
    const host = (headers["host"] ?? "").replace(/:\d+$/, "").toLowerCase()
    if (!names.has(host)) return plain(403, "This page is for this machine alone.\n")
    if (method !== "GET") return plain(405, "There is only GET here.\n")
    switch (url.split("?")[0]) {
      case "/":
        return yield* page(options)
      case "/live.js":
        return HttpServerResponse.text(Timeline.liveScript, {
          contentType: "text/javascript; charset=utf-8",
          headers: safe
        })
      case "/changes":
        return HttpServerResponse.stream(
          Stream.provideContext(changes(options), yield* Effect.context<FileSystem.FileSystem>()),
          { contentType: "text/event-stream", headers: safe }
        )
      default:
        return plain(404, "There is nothing here.\n")
    }
  })

const safe = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin"
}

const plain = (status: number, text: string) => HttpServerResponse.text(text, { status, headers: safe })

const page = ({ file, results }: Options) =>
  RunFile.read(file).pipe(
    Effect.map((run) => Timeline.html(run, { live: "/live.js", results })),
    Effect.match({
      onFailure: ({ message }) => plain(500, `${message}\n`),
      onSuccess: (html) => HttpServerResponse.text(html, { contentType: "text/html; charset=utf-8", headers: safe })
    })
  )

/** Says when the file has changed, and when the run is over; looks twice a second. */
const changes = ({ file }: Options): Stream.Stream<Uint8Array, never, FileSystem.FileSystem> =>
  Stream.fromEffectSchedule(Effect.sync(() => sizeOf(file)), Schedule.spaced("500 millis")).pipe(
    Stream.changes,
    Stream.mapEffect(() => Effect.map(isOver(file), (over) => over ? ["changed", "over"] : ["changed"])),
    Stream.takeUntil((events) => events.includes("over")),
    Stream.flatMap(Stream.fromIterable),
    Stream.map((event) => encoder.write({ _tag: "Event", event, id: undefined, data: "" })),
    Stream.encodeText
  )

const sizeOf = (file: string): string => {
  const stat = statSync(file, { throwIfNoEntry: false })
  return `${stat?.size} ${stat?.mtimeMs}`
}

const isOver = (file: string): Effect.Effect<boolean, never, FileSystem.FileSystem> =>
  RunFile.read(file).pipe(
    Effect.map((run) => Run.endOf(run) !== undefined),
    Effect.orElseSucceed(() => false)
  )
