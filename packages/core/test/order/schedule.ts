/**
 * When the calls of a random batch have to start and end, reckoned by a list scheduler that knows nothing of the library.
 *
 * No two calls end at the same time: every duration has a bit of its own, so a sum of some of them tells which they are.
 */
import { Arbitrary } from "effect"
import { type Asked, oneOf, upTo } from "./support.ts"

/** A limit under a name: of one tool alone, of all tools that name it, or of the key that a call gives. */
export interface Cap {
  readonly of: "tool" | "shared" | "key"
  readonly limit: number
}

export interface ToolPlan {
  /** What its calls do with their key; nothing where it is not declared. */
  readonly mode: "read" | "write" | "exclusive" | "undeclared"
  readonly caps: ReadonlyArray<Cap>
}

export interface CallPlan {
  readonly tool: number
  readonly key: string
  readonly length: number
}

export interface Plan {
  readonly tools: ReadonlyArray<ToolPlan>
  readonly calls: ReadonlyArray<CallPlan>
  readonly concurrency: number
}

const cap: Arbitrary.Arbitrary<Cap> = Arbitrary.all({
  of: oneOf("tool", "shared", "key"),
  limit: Arbitrary.map(upTo(2), (n) => n + 1)
})

const tool: Arbitrary.Arbitrary<ToolPlan> = Arbitrary.all({
  mode: oneOf("read", "write", "read", "write", "read", "write", "exclusive", "undeclared", "undeclared", "undeclared"),
  caps: Arbitrary.array(cap, { maxLength: 2 })
})

export const plans: Arbitrary.Arbitrary<Plan> = Arbitrary.all({
  tools: Arbitrary.array(tool, { minLength: 4, maxLength: 4 }),
  calls: Arbitrary.array(
    Arbitrary.all({ tool: upTo(3), key: oneOf("a", "a/b", "a/b/c", "b", "c", "d"), length: upTo(9) }),
    { maxLength: 15 }
  ),
  concurrency: Arbitrary.map(upTo(7), (n) => n + 1)
})

export const millisOf = ({ length }: CallPlan, index: number): number => length * 2 ** 16 + 2 ** index

export const askedOf = ({ calls }: Plan): ReadonlyArray<Asked> =>
  calls.map((call, index) => [`tool_${call.tool}`, call.key, millisOf(call, index)])

/** What a call is counted under, and how many may be. */
const roomsOf = ({ caps }: ToolPlan, { key, tool }: CallPlan) =>
  caps.map(({ limit, of }) => ({
    limit,
    name: of === "tool" ? `tool ${tool}` : of === "key" ? `key ${key}` : "shared"
  }))

const meet = (plan: Plan, a: CallPlan, b: CallPlan): boolean => {
  const modes = [plan.tools[a.tool]!.mode, plan.tools[b.tool]!.mode]
  if (modes.includes("exclusive")) return true
  if (modes.includes("undeclared") || !modes.includes("write")) return false
  return `${a.key}/`.startsWith(`${b.key}/`) || `${b.key}/`.startsWith(`${a.key}/`)
}

/** Goes from end to end, and starts at each all that can, the lowest in call order first. */
export const schedule = (plan: Plan): ReadonlyArray<readonly [start: number, end: number]> => {
  const { calls, concurrency } = plan
  const starts = new Map<number, number>()
  const going = new Map<number, number>()
  const used = new Map<string, number>()
  const rooms = calls.map((call) => roomsOf(plan.tools[call.tool]!, call))
  const isReady = (index: number): boolean =>
    !starts.has(index) && going.size < concurrency &&
    calls.slice(0, index).every((earlier, at) =>
      !meet(plan, earlier, calls[index]!) || (starts.has(at) && !going.has(at))
    ) &&
    rooms[index]!.every(({ limit, name }) => (used.get(name) ?? 0) < limit)
  const count = (index: number, by: number): void => {
    for (const { name } of rooms[index]!) used.set(name, (used.get(name) ?? 0) + by)
  }
  for (let now = 0; starts.size < calls.length;) {
    for (const [index, call] of calls.entries()) {
      if (!isReady(index)) continue
      starts.set(index, now)
      going.set(index, now + millisOf(call, index))
      count(index, 1)
    }
    if (starts.size === calls.length) break
    now = Math.min(...going.values())
    for (const [index, end] of going) {
      if (end !== now) continue
      going.delete(index)
      count(index, -1)
    }
  }
  return calls.map((call, index) => [starts.get(index)!, starts.get(index)! + millisOf(call, index)])
}
