import { describe } from "@effect/vitest"
import { plainTools, sayingTools, shared } from "./cases.ts"
import { agrees } from "./property.ts"
describe("a", () => {
  agrees(shared({ tools: plainTools, kinds: ["failure"], maxCalls: 4, depth: 1 }, 1))
})
describe("b", () => {
  agrees(
    shared({ tools: [...plainTools, ...sayingTools], kinds: ["failure"], maxCalls: 4, pools: true, depth: 1 }, 1, [2])
  )
})
