import { describe, it } from "@effect/vitest"
import { writeFileSync } from "node:fs"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import { plainTools, sayingTools, shared } from "./cases.ts"
import { library } from "./hosts.ts"
import { play } from "./play.ts"
import { drawing } from "./plans.ts"
const shape = { tools: sayingTools, kinds: ["failure", "hangs"] as const, touches: true, pools: true, rates: true }
const all = {
  limits: shared({ ...shape, maxCalls: 4, depth: 1 }, 2, [0]),
  inside: shared({ tools: [...plainTools, ...sayingTools], kinds: ["failure", "hangs"], maxCalls: 5, pools: true, depth: 2 }, 1)
}
describe.each(Object.entries(all))("%s", (name, cases) => {
  it.effect("ends", () => Effect.gen(function*() {
    const drawn = yield* Arbitrary.sampleEffect(cases, { count: 3000, size: 60, seed: 3 })
    const sorted = drawn.toSorted((a, b) => drawing(a).length - drawing(b).length)
    for (const one of sorted) {
      writeFileSync(`/tmp/last-${name}.txt`, drawing(one))
      yield* play(library, one)
    }
    writeFileSync(`/tmp/last-${name}.txt`, "ended")
  }), 600_000)
})
