import * as Access from "@volley/core/Access"
import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Schema from "effect/Schema"
import { answerAfter, read, type Scenario } from "../Scenario.ts"

const dig = Tool.make("dig", {
  description: "Digs one metre deeper. `depth` is one more than the result of the last call.",
  parameters: Schema.Struct({ depth: Schema.Int }),
  success: Schema.Struct({ found: Schema.String }),
  access: [Access.write("hole")],
  execute: ({ depth }) => answerAfter(100, { found: `earth at ${depth} m` })
})

/** A model that always asks for one more tool, until it may not. */
export const endless: Scenario = {
  name: "endless",
  prompt: "Dig until you find gold.",
  toolkit: Toolkit.make(dig),
  hasSerial: false,
  script: {
    wants: (seen) => [{ name: "dig", arguments: { depth: seen.length + 1 } }],
    answer: (seen) => `No gold, but ${read(seen, dig).map(({ found }) => found).join(", ")}.`
  }
}
