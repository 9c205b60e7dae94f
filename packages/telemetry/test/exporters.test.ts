import { convertGenAISpanAttributesToOpenInferenceSpanAttributes as readAs } from "@arizeai/openinference-genai"
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { assert, describe, it } from "@effect/vitest"
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Agent, Tool, Toolkit } from "@volley/core"
import { Telemetry } from "@volley/telemetry"
import { ScriptedModel } from "@volley/testing"
import { Effect, Layer, Logger, Metric, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"
import { collector, having, plain } from "./otlp.ts"

const look = Tool.make("look", {
  description: "For tests.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Struct({ celsius: Schema.Finite }),
  execute: ({ city }) => city === "Atlantis" ? Effect.die(new Error("sk-123")) : Effect.succeed({ celsius: 18 })
})

const program = Agent.run({ name: "guide", toolkit: Toolkit.make(look), prompt: "Where?" }).pipe(
  Effect.provide(ScriptedModel.layer([
    ScriptedModel.calls({ name: "look", arguments: { city: "Tokyo" } }, {
      name: "look",
      arguments: { city: "Atlantis" }
    }),
    ScriptedModel.says("18 degrees.")
  ])),
  Effect.withSpan("app"),
  Effect.provide(Logger.layer([]))
)

/** What a collector gets of the program, by each exporter. */
const exported = <Exporter>(exporter: (url: string) => Layer.Layer<Exporter>) =>
  Effect.scoped(Effect.gen(function*() {
    const { got, url } = yield* collector
    yield* program.pipe(
      Effect.provide(Telemetry.layer({ content: Telemetry.everything })),
      Effect.provide(exporter(url), { local: true }),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
    const bodies = (path: string) => got.filter((one) => one.path === path).map(({ body }) => body)
    return {
      spans: having(bodies("/v1/traces"), "spanId").filter(({ name }) => name !== undefined),
      metrics: bodies("/v1/metrics")
    }
  }))

const exporters = {
  effect: (baseUrl: string) =>
    Otlp.layerJson({ baseUrl, resource: { serviceName: "test" } }).pipe(
      Layer.provide(FetchHttpClient.layer)
    ),
  sdk: (url: string) =>
    NodeSdk.layer(() => ({
      resource: { serviceName: "test" },
      spanProcessor: new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url}/v1/traces` })),
      metricReader: new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` })
      })
    }))
}

const check = <Exporter>(exporter: (url: string) => Layer.Layer<Exporter>) =>
  Effect.gen(function*() {
    const { metrics, spans } = yield* exported(exporter)
    const names = new Map(spans.map(({ name, spanId }) => [spanId, String(name)]))
    assert.sameMembers(
      spans.map(({ name, parentSpanId }) => `${names.get(parentSpanId) ?? "none"} > ${String(name)}`),
      [
        "none > app",
        "app > invoke_agent guide",
        "invoke_agent guide > chat scripted",
        "invoke_agent guide > execute_tool look",
        "invoke_agent guide > execute_tool look",
        "invoke_agent guide > chat scripted"
      ]
    )
    assert.strictEqual(new Set(spans.map(({ traceId }) => traceId)).size, 1)
    const read = spans.map(({ attributes }) => readAs(plain(attributes)))
    const tools = read.filter((one) => one?.["openinference.span.kind"] === "TOOL")
    assert.strictEqual(tools.length, 2)
    assert.deepInclude(tools[0], { "tool.name": "look", "input.value": "{\"city\":\"Tokyo\"}" })
    assert.strictEqual(tools[0]?.["output.value"], "{\"celsius\":18}")
    const measured = having(metrics, "name").map(({ name }) => name)
    assert.includeMembers(measured, [
      "gen_ai.client.operation.duration",
      "gen_ai.client.token.usage",
      "gen_ai.execute_tool.duration",
      "gen_ai.invoke_agent.duration",
      "volley.calls"
    ])
  })

describe("the spans and the metrics", () => {
  it.live("are sent over OTLP by Effect's exporter, and OpenInference reads them", () => check(exporters.effect))

  it.live("are sent over OTLP by the OpenTelemetry SDK, and OpenInference reads them", () => check(exporters.sdk))
})
