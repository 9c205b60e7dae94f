/** The figures of `volley demo` at a second a model turn. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import type { Headline } from "./Results.ts"

const main = join(import.meta.dirname, "../../cli/src/main.ts")

/** Plays scenarios of independent reads, once with the parallel switch off and once with it on. */
export const headline = async (scenarios: ReadonlyArray<string>): Promise<ReadonlyArray<Headline>> => {
  const played = await Promise.all(scenarios.map(async (scenario): Promise<ReadonlyArray<Headline>> => {
    const child = spawn(process.execPath, [main, "demo", "--scenario", scenario, "--latency", "1 second", "--json"], {
      stdio: ["ignore", "pipe", "ignore"]
    })
    return JSON.parse(await text(child.stdout))
  }))
  return played.flat().flatMap(({ parallel, scenario, serial, wire }) =>
    serial === null || parallel === null ? [] : [{ scenario, wire, serial: sideOf(serial), parallel: sideOf(parallel) }]
  )
}

const sideOf = ({ calls, tokens, wallMs }: Headline["serial"]) => ({ wallMs, calls, tokens })
