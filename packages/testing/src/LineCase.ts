/**
 * Random toolkits with accesses, limits and latencies, and when the calls of a batch of theirs have to start and end, reckoned by a list scheduler that knows nothing of the library.
 *
 * No two calls end at the same time: every duration has a bit of its own, so a sum of some of them tells which they are.
 */
import { Access, Limits, Tool, ToolCall, Toolkit } from "@volley/core"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { oneOf, upTo } from "./internal/choices.ts"

/** A limit under a name: of one tool alone, of all tools that name it, or of the key that a call gives. */
export interface Cap {
  readonly of: "tool" | "shared" | "key"
  readonly limit: number
}

/** A tool: what its calls do, and its limits. */
export interface ToolCase {
  /** What its calls do with their key; nothing where it is not declared. */
  readonly mode: "read" | "write" | "exclusive" | "undeclared"
  readonly caps: ReadonlyArray<Cap>
}

/** A call: of which tool, about what, and how long it takes. */
export interface CallCase {
  readonly tool: number
  readonly key: string
  readonly length: number
}

/** A batch whose calls wait in line for one another. */
export interface LineCase {
  readonly tools: ReadonlyArray<ToolCase>
  readonly calls: ReadonlyArray<CallCase>
  readonly concurrency: number
}

const cap: Arbitrary.Arbitrary<Cap> = Arbitrary.all({
  of: oneOf("tool", "shared", "key"),
  limit: Arbitrary.map(upTo(2), (n) => n + 1)
})

const tool: Arbitrary.Arbitrary<ToolCase> = Arbitrary.all({
  mode: oneOf("read", "write", "read", "write", "read", "write", "exclusive", "undeclared", "undeclared", "undeclared"),
  caps: Arbitrary.array(cap, { maxLength: 2 })
})

/** Lines of up to 15 calls; give `size: 40` to a check of your own, or they stay smaller. */
export const cases: Arbitrary.Arbitrary<LineCase> = Arbitrary.all({
  tools: Arbitrary.array(tool, { minLength: 4, maxLength: 4 }),
  calls: Arbitrary.array(
    Arbitrary.all({ tool: upTo(3), key: oneOf("a", "a/b", "a/b/c", "b", "c", "d"), length: upTo(9) }),
    { maxLength: 15 }
  ),
  concurrency: Arbitrary.map(upTo(7), (n) => n + 1)
})

/**
 * How long a call takes, in milliseconds; no two take the same.
 *
 * @example
 * ```ts
 * import { LineCase } from "@volley/testing"
 *
 * console.log(LineCase.millisOf({ tool: 0, key: "a", length: 0 }, 3)) // => 8
 * ```
 */
export const millisOf = ({ length }: CallCase, index: number): number => length * 2 ** 16 + 2 ** index

/**
 * The calls of the batch, as a codec reads them.
 *
 * @example
 * ```ts
 * import { LineCase } from "@volley/testing"
 *
 * const line = { tools: [{ mode: "read", caps: [] }], calls: [{ tool: 0, key: "a", length: 0 }], concurrency: 1 } as const
 * console.log(LineCase.callsOf(line)[0]?.name) // => tool_0
 * ```
 */
export const callsOf = ({ calls }: LineCase): ReadonlyArray<ToolCall.ToolCall> =>
  calls.map((call, index) => {
    const args = { key: call.key, ms: millisOf(call, index) }
    return ToolCall.make({ id: `c${index}`, name: `tool_${call.tool}`, arguments: args, index })
  })

const accesses = { read: Access.read, write: Access.write }

/** Tools that take as long as they are told to. */
const toolOf = ({ caps, mode }: ToolCase, index: number) =>
  Tool.make(`tool_${index}`, {
    description: `The tool tool_${index}.`,
    parameters: Schema.Struct({ key: Schema.String, ms: Schema.Finite }),
    success: Schema.String,
    access: mode === "undeclared"
      ? []
      : mode === "exclusive"
      ? [Access.exclusive]
      : ({ key }) => [accesses[mode](key)],
    limits: caps.some(({ of }) => of === "key")
      ? ({ key }) => caps.map(({ limit, of }) => Limits.concurrency(limit, limitName(of, key)))
      : caps.map(({ limit, of }) => Limits.concurrency(limit, limitName(of, ""))),
    execute: ({ key, ms }) => Effect.as(Effect.sleep(ms), key)
  })

const limitName = (of: Cap["of"], key: string) => of === "tool" ? undefined : of === "shared" ? "shared" : `key/${key}`

/**
 * The tools of a line, whose calls it has.
 *
 * @example
 * ```ts
 * import { LineCase } from "@volley/testing"
 *
 * const line = { tools: [{ mode: "read", caps: [] }], calls: [], concurrency: 1 } as const
 * console.log(LineCase.toolkitOf(line).tools.map(({ name }) => name)) // => [ 'tool_0' ]
 * ```
 */
export const toolkitOf = ({ tools }: LineCase): Toolkit.Toolkit<ReturnType<typeof toolOf>> =>
  Toolkit.make(...tools.map(toolOf))

/** What a call is counted under, and how many may be. */
const roomsOf = ({ caps }: ToolCase, { key, tool }: CallCase) =>
  caps.map(({ limit, of }) => ({
    limit,
    name: of === "tool" ? `tool ${tool}` : of === "key" ? `key ${key}` : "shared"
  }))

const meet = (line: LineCase, a: CallCase, b: CallCase): boolean => {
  const modes = [line.tools[a.tool]!.mode, line.tools[b.tool]!.mode]
  if (modes.includes("exclusive")) return true
  if (modes.includes("undeclared") || !modes.includes("write")) return false
  return `${a.key}/`.startsWith(`${b.key}/`) || `${b.key}/`.startsWith(`${a.key}/`)
}

/**
 * Goes from end to end, and starts at each all that can, the lowest in call order first.
 *
 * @example
 * ```ts
 * import { LineCase } from "@volley/testing"
 *
 * const call = { tool: 0, key: "a", length: 0 } // both write the same, so the second one starts when the first has ended
 * const line = { tools: [{ mode: "write", caps: [] }], calls: [call, call], concurrency: 2 } as const
 * console.log(LineCase.schedule(line)) // => [ [ 0, 1 ], [ 1, 3 ] ]
 * ```
 */
export const schedule = (line: LineCase): ReadonlyArray<readonly [start: number, end: number]> => {
  const { calls, concurrency } = line
  const starts = new Map<number, number>()
  const going = new Map<number, number>()
  const used = new Map<string, number>()
  const rooms = calls.map((call) => roomsOf(line.tools[call.tool]!, call))
  const isReady = (index: number): boolean =>
    !starts.has(index) && going.size < concurrency &&
    calls.slice(0, index).every((earlier, at) =>
      !meet(line, earlier, calls[index]!) || (starts.has(at) && !going.has(at))
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
