/**
 * Effect's request batching works through a batch of calls: what their handlers ask for reaches the resolver at once.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Limits, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Exit, Request, RequestResolver, Schema } from "effect"
import { ends } from "../support.ts"

class GetUser extends Request.TaggedClass("GetUser")<{ readonly id: number }, string, string> {}

const run = (says: Pick<Tool.Traits<{ readonly id: number }, typeof Schema.String, true>, "access" | "limits">) =>
  Effect.gen(function*() {
    const asked: Array<ReadonlyArray<number>> = []
    const users = RequestResolver.make<GetUser>((entries) =>
      Effect.sync(() => {
        asked.push(entries.map(({ request }) => request.id))
        for (const entry of entries) {
          entry.completeUnsafe(
            entry.request.id < 0 ? Exit.fail("no such user") : Exit.succeed(`user ${entry.request.id}`)
          )
        }
      })
    )
    const getUser = Tool.make("get_user", {
      description: "For tests.",
      parameters: Schema.Struct({ id: Schema.Int }),
      success: Schema.String,
      failure: Schema.String,
      readOnly: true,
      ...says,
      execute: ({ id }) => Effect.request(new GetUser({ id }), users)
    })
    const calls = [1, 2, -3, 4, 5].map((id, index) =>
      ToolCall.make({ id: `c${index}`, name: "get_user", arguments: { id }, index })
    )
    const settled = yield* Batch.run(Toolkit.make(getUser), calls)
    return { asked, ends: ends(settled) }
  })

const answers = ["user 1", "user 2", { failure: "no such user" }, "user 4", "user 5"]

describe("requests of parallel calls", () => {
  it.live("reach the resolver as one", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* run({}), { asked: [[1, 2, -3, 4, 5]], ends: answers })
    }))

  it.live("also where calls declare what they read", () =>
    Effect.gen(function*() {
      const access = ({ id }: { readonly id: number }) => [Access.read(`users/${id}`)]
      assert.deepStrictEqual(yield* run({ access }), { asked: [[1, 2, -3, 4, 5]], ends: answers })
    }))

  it.live("as many at once as may run", () =>
    Effect.gen(function*() {
      const limits = [Limits.concurrency(2)]
      assert.deepStrictEqual(yield* run({ limits }), { asked: [[1, 2], [-3, 4], [5]], ends: answers })
    }))
})
