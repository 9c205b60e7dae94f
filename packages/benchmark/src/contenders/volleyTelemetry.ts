import { Telemetry } from "@volley/telemetry"
import { Effect, Layer, Tracer } from "effect"
import { batch, tracer } from "./volley.ts"
import { effectTool } from "./volleyTool.ts"

const spans = Layer.succeed(Tracer.Tracer, tracer)

/** Spans with all that the conventions want, and no metrics. */
export const volleyTelemetry = batch(
  "Volley, with the spans of `@volley/telemetry`",
  effectTool,
  {},
  Effect.provide(Layer.merge(Telemetry.layer({ metrics: false }), spans))
)
