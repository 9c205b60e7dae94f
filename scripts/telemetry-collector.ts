/**
 * Sends the spans of an agent to a collector that others wrote, and looks at what that makes of them:
 *
 *     npm run telemetry:collector
 *
 * The collector is Genkit's telemetry server, which npm brings and which needs no network. Effect's exporter sends over OTLP and
 * HTTP. Fails where the collector does not give back one trace with the agent, its turns and its calls in it.
 */
import { Agent, Tool, Toolkit } from "@volley/core"
import { Telemetry } from "@volley/telemetry"
import { ScriptedModel } from "@volley/testing"
import { Effect, Layer, Schedule, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const version = "1.43.0"

// Its modules for `import` are CommonJS by their package, so that they cannot be imported.
const server = `
const { LocalFileLogStore, LocalFileTraceStore, startTelemetryServer } = require("@genkit-ai/telemetry-server")
const places = { storeRoot: process.cwd(), indexRoot: process.cwd() }
const stores = { traceStore: new LocalFileTraceStore(places), logStore: new LocalFileLogStore(places) }
startTelemetryServer({ port: Number(process.argv[2]), ...stores })
`

const look = Tool.make("look", {
  description: "Looks. `city` comes from the user.",
  parameters: Schema.Struct({ city: Schema.NonEmptyString }),
  success: Schema.Struct({ celsius: Schema.Finite }),
  readOnly: true,
  execute: () => Effect.succeed({ celsius: 18 })
})

const model = ScriptedModel.layer([
  ScriptedModel.calls({ name: "look", arguments: { city: "Tokyo" } }, { name: "look", arguments: { city: "" } }),
  ScriptedModel.says("18 °C.")
])

const program = Agent.run({ name: "guide", toolkit: Toolkit.make(look), prompt: "How is it?" }).pipe(
  Effect.provide([model, Telemetry.layer({ content: Telemetry.everything })])
)

const exporter = (baseUrl: string) =>
  Otlp.layerJson({ baseUrl, resource: { serviceName: "guide" } }).pipe(Layer.provide(FetchHttpClient.layer))

const List = Schema.Struct({ traces: Schema.Array(Schema.Struct({ traceId: Schema.String })) })

const Trace = Schema.Struct({
  spans: Schema.Record(
    Schema.String,
    Schema.Struct({
      displayName: Schema.String,
      parentSpanId: Schema.optional(Schema.String),
      attributes: Schema.Record(Schema.String, Schema.Unknown)
    })
  )
})

const json = async (url: string): Promise<unknown> => (await fetch(url)).json()

/** The spans of each trace: which one they are in, their name, and their error. */
const read = async (url: string): Promise<ReadonlyArray<string>> => {
  const { traces } = Schema.decodeUnknownSync(List)(await json(url))
  const all = await Promise.all(traces.map(async ({ traceId }, nth) => {
    const { spans } = Schema.decodeUnknownSync(Trace)(await json(`${url}/${traceId}`))
    return Object.values(spans).map(({ attributes, displayName, parentSpanId = "" }) =>
      [nth + 1, spans[parentSpanId]?.displayName ?? "", displayName, attributes["error.type"] ?? ""].join(" | ")
    ).toSorted()
  }))
  return all.flat()
}

const wanted = [
  "1 |  | invoke_agent guide | ",
  "1 | invoke_agent guide | chat scripted | ",
  "1 | invoke_agent guide | chat scripted | ",
  "1 | invoke_agent guide | execute_tool look | ",
  "1 | invoke_agent guide | execute_tool look | InvalidArguments"
]

const freePort = async (): Promise<number> => {
  const one = createServer().listen(0, "127.0.0.1")
  await once(one, "listening")
  const { port } = one.address() as AddressInfo
  one.close()
  await once(one, "close")
  return port
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-collector-")))
writeFileSync(join(folder, "package.json"), `{ "private": true }\n`)
writeFileSync(join(folder, "server.cjs"), server)
const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"]
const { status } = spawnSync("npm", [...install, `@genkit-ai/telemetry-server@${version}`], {
  cwd: folder,
  stdio: ["ignore", "ignore", "inherit"]
})
if (status !== 0) throw new Error(`npm install ended with ${status}`)
const port = await freePort()
const child = spawn(process.execPath, ["server.cjs", String(port)], {
  cwd: folder,
  stdio: ["ignore", "ignore", "inherit"]
})
try {
  const url = `http://127.0.0.1:${port}/api`
  const isUp = Effect.retry(Effect.tryPromise(() => fetch(`${url}/__health`)), {
    schedule: Schedule.spaced("200 millis"),
    times: 100
  })
  await Effect.runPromise(isUp)
  await Effect.runPromise(Effect.provide(program, exporter(`${url}/otlp`)))
  const found = await read(`${url}/traces`)
  console.log(found.join("\n"))
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error("The collector does not have what was sent.")
} finally {
  if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit")
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
