import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import { counts, histograms, seconds, tokens } from "./conventions.ts"

/** Attributes of a measurement; what is undefined is left out. */
export type Attributes = Readonly<Record<string, string | undefined>>

/**
 * What is measured.
 *
 * - `boundaries`: of a histogram; a counter where there are none
 * - `falls`: it may become less as well
 */
interface Instrument {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly boundaries?: ReadonlyArray<number>
  readonly falls?: true
}

const instruments = {
  operation: {
    name: histograms.operation,
    description: "How long a turn of a model took.",
    unit: "s",
    boundaries: seconds
  },
  usage: {
    name: histograms.tokens,
    description: "Input and output tokens of a turn.",
    unit: "{token}",
    boundaries: tokens
  },
  firstChunk: {
    name: histograms.firstChunk,
    description: "How long it took to the first piece of a streamed turn.",
    unit: "s",
    boundaries: seconds
  },
  tool: {
    name: histograms.tool,
    description: "How long a call took from its start.",
    unit: "s",
    boundaries: seconds
  },
  agent: { name: histograms.agent, description: "How long an agent took.", unit: "s", boundaries: seconds },
  inferences: { name: histograms.inferences, description: "Turns of an agent.", unit: "{call}", boundaries: counts },
  toolCalls: { name: histograms.toolCalls, description: "Calls of an agent.", unit: "{call}", boundaries: counts },
  wait: {
    name: "volley.call.wait.duration",
    description: "How long a call waited, by what for.",
    unit: "s",
    boundaries: seconds
  },
  calls: { name: "volley.calls", description: "Calls that were settled, by how.", unit: "{call}" },
  inFlight: {
    name: "volley.calls.in_flight",
    description: "Calls that have started and are not settled.",
    unit: "{call}",
    falls: true
  },
  waiting: { name: "volley.calls.waiting", description: "Calls that wait, by what for.", unit: "{call}", falls: true },
  coalesced: {
    name: "volley.calls.coalesced",
    description: "Calls that had the outcome of an equal one.",
    unit: "{call}"
  },
  hedged: { name: "volley.calls.hedged", description: "Calls whose tool was asked a second time.", unit: "{call}" },
  retried: { name: "volley.calls.retried", description: "Attempts after the first.", unit: "{attempt}" },
  tokens: {
    name: "volley.tokens",
    description: "Tokens by kind: cached ones are input, reasoning is output.",
    unit: "{token}"
  },
  cost: {
    name: "volley.cost",
    description: "What the turns of agents cost, in the currency of their pricing.",
    unit: "1"
  }
} as const satisfies Readonly<Record<string, Instrument>>

export type Name = keyof typeof instruments

/** Measures into the metrics of a program; a series is made once. */
export class Meter {
  readonly #series = new Map<string, Metric.Metric<number, unknown>>()

  record(context: Context.Context<never>, name: Name, value: number, attributes: Attributes = {}): void {
    let key: string = name
    for (const at in attributes) key += `\n${attributes[at] ?? ""}`
    let series = this.#series.get(key)
    if (series === undefined) {
      series = seriesOf(instruments[name], attributes)
      this.#series.set(key, series)
    }
    series.updateUnsafe(value, context)
  }
}

const seriesOf = (instrument: Instrument, given: Attributes): Metric.Metric<number, unknown> => {
  const { boundaries, description, falls, name, unit } = instrument
  const attributes: Record<string, string> = { unit }
  for (const [key, value] of Object.entries(given)) if (value !== undefined) attributes[key] = value
  return boundaries === undefined
    ? Metric.counter(name, { description, attributes, incremental: falls !== true })
    : Metric.histogram(name, { description, attributes, boundaries })
}
