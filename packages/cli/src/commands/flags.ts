import * as Scenarios from "@volley/simulator/Scenarios"
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Wires from "../Wires.ts"

/** A duration in Effect's words, such as "2 seconds". */
export const duration = (name: string) =>
  Flag.String(name).pipe(Flag.withSchema(Schema.DurationFromString), Flag.withMetavar("DURATION"))

export const scenario = Flag.String("scenario").pipe(
  Flag.withMetavar("NAME"),
  Flag.withDescription(Scenarios.all.map(({ name }) => name).join(", "))
)

export const provider = Flag.Literals("provider", Wires.all.map(({ name }) => name))

export const latency = (standard: Duration.Input) =>
  duration("latency").pipe(
    Flag.withDefault(Duration.fromInputUnsafe(standard)),
    Flag.withDescription("How long the simulated model takes for a turn, such as \"1 second\"")
  )

export const toggle = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDefault(false), Flag.withDescription(description))
