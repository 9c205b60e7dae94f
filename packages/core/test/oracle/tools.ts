/**
 * The tools of all cases, once as the library has them and once as the oracle does.
 *
 * What a call touches and the room it needs stand in its arguments, so that one toolkit does for all cases.
 */
import { Access, Limits, Tool, Toolkit } from "@volley/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Attempt } from "./asked.ts"
import { millis, numbers } from "./time.ts"
import type { Claims } from "./world.ts"

/** Acts for a call whose arguments name this plan; every play has its own. */
export const Actor = Context.Reference<(plan: number, now: Attempt) => Effect.Effect<unknown, string>>("test/Actor", {
  defaultValue: () => () => Effect.die("nobody acts")
})

const parameters = Schema.Struct({
  plan: Schema.Int,
  throws: Schema.Boolean,
  touches: Schema.Array(Schema.Union([
    Schema.Struct({ mode: Schema.Literals(["read", "write"]), key: Schema.String }),
    Schema.Struct({ mode: Schema.Literals(["exclusive"]) })
  ])),
  pools: Schema.Array(Schema.Struct({ key: Schema.String, limit: Schema.Int })),
  rates: Schema.Array(Schema.Struct({ key: Schema.String, limit: Schema.Int, window: Schema.Int }))
})

export type Parameters = typeof parameters.Type

const traits = {
  plain: {},
  plainRead: { readOnly: true },
  plainPut: { idempotent: true },
  plainBrisk: { timeout: millis(3, numbers.brisk) },
  write: { says: "its arguments" },
  read: { says: "its arguments", readOnly: true },
  put: { says: "its arguments", idempotent: true },
  brisk: { says: "its arguments", timeout: millis(3, numbers.brisk + 1) },
  asking: { says: "its arguments", asks: true },
  look: { says: "its arguments", readOnly: true, coalesce: true },
  alone: { touches: [Access.exclusive] },
  readsA: { touches: [Access.read("a")] },
  writesA: { touches: [Access.write("a")] },
  single: { pools: [{ key: undefined, limit: 1 }] },
  pair: { pools: [{ key: undefined, limit: 2 }] }
} as const satisfies Record<string, Traits>

export type ToolName = keyof typeof traits

interface Traits {
  readonly says?: "its arguments"
  readonly readOnly?: boolean
  readonly idempotent?: boolean
  readonly timeout?: number
  readonly asks?: boolean
  readonly coalesce?: boolean
  readonly touches?: ReadonlyArray<Access.Access>
  readonly pools?: ReadonlyArray<{ readonly key: undefined; readonly limit: number }>
}

/** What a tool says of itself. */
export const traitsOf = (name: ToolName): Traits => traits[name]

/** What a call of a tool claims, as its limits are named by the library. */
export const claimsOf = (name: ToolName, { pools, rates, touches }: Parameters): Claims => {
  const own = traitsOf(name)
  if (own.says === "its arguments") return { touches, pools, rates }
  return {
    touches: own.touches ?? [],
    pools: (own.pools ?? []).map(({ limit }) => ({ key: `tool ${name}`, limit })),
    rates: []
  }
}

/** True when equal calls of a tool are one. */
export const isCoalesced = (name: ToolName): boolean => traitsOf(name).coalesce === true

/** True when somebody has to allow its calls. */
export const isAsked = (name: ToolName): boolean => traitsOf(name).asks === true

const accessOf = ({ touches }: Parameters) => touches

const limitsOf = ({ pools, rates }: Parameters) => [
  ...pools.map(({ key, limit }) => Limits.concurrency(limit, key)),
  ...rates.map(Limits.rate)
]

const toolOf = (name: ToolName) => {
  const { asks, idempotent, pools, readOnly, says, timeout, touches } = traitsOf(name)
  return Tool.make(name, {
    description: `The tool ${name}.`,
    parameters,
    success: Schema.Unknown,
    failure: Schema.String,
    readOnly: readOnly ?? false,
    idempotent,
    timeout,
    approval: asks === true ? "always" : undefined,
    access: says === undefined ? touches : accessOf,
    limits: says === undefined ? pools?.map(({ limit }) => Limits.concurrency(limit)) : limitsOf,
    execute: ({ plan, throws }, now) => {
      if (throws) throw new Error("thrown")
      return Effect.flatMap(Actor, (act) => act(plan, now))
    }
  })
}

const isName = (name: string): name is ToolName => name in traits

/** All of them. */
export const toolkit = Toolkit.make(
  ...Object.keys(traits).filter(isName).filter((name) => name !== "look").map(toolOf),
  Tool.coalesce(Tool.make("look", {
    description: "The tool look.",
    parameters,
    success: Schema.Unknown,
    failure: Schema.String,
    readOnly: true,
    access: accessOf,
    limits: limitsOf,
    execute: ({ plan }, now) => Effect.flatMap(Actor, (act) => act(plan, now))
  }))
)
