import { it } from "@effect/vitest"
import { Laws } from "@volley/testing"
import { FileSystem, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import * as Bank from "../src/Bank.ts"
import { transfer } from "../src/scenarios/transfer.ts"
import { cities, compare } from "../src/scenarios/weather.ts"
import { WebService } from "../src/WebService.ts"

/** What any scenario may ask for; these ask for the bank alone. */
const layer = Layer.mergeAll(
  Bank.layer,
  Layer.succeed(WebService, { url: "http://localhost:0" }),
  FileSystem.layerNoop({}),
  FetchHttpClient.layer
)

// With this seed, a city is called "__proto__" once.
it.effect.each([cities, compare])(
  "the tools of $name keep the laws",
  ({ toolkit }) => Laws.check(toolkit, { layer, seed: 3, maxCalls: 4 })
)

// Amounts are any numbers, and so a balance may become too large to be one: what is checked is the order of the writes.
it.effect("the tools of transfer come to what they come to one by one", () =>
  Laws.check(transfer.toolkit, { layer, seed: 3, maxCalls: 4, laws: [Laws.serializable, Laws.sound] }))
