import { assert, describe, it } from "@effect/vitest"
import type { ElicitResult } from "@modelcontextprotocol/client"
import { Approver } from "@volley/core"
import { Effect } from "effect"
import { callTool } from "./byHand.ts"
import { ask, client, overHttp, type Version, versions } from "./served.ts"

/** A client whose person says this; gives what they were asked. */
const saying = Effect.fnUntraced(function*(version: Version, said: ElicitResult, options = {}) {
  const { log, to } = yield* overHttp({ approval: "elicit", batch: {}, ...options })
  const asked: Array<string> = []
  const one = yield* client(
    version,
    to(),
    { capabilities: { elicitation: { form: {} } } },
    (one) =>
      one.setRequestHandler("elicitation/create", ({ params }) => {
        asked.push(params.message)
        return said
      })
  )
  const { content, isError = false } = yield* ask(one, "refund", { amount: 500 })
  return { asked, log, isError, text: JSON.stringify(content) }
})

const question = "May refund run with {\"amount\":500}?"

describe.each(versions)("Approval by the person at the client, in version %s", (version) => {
  it.live("runs what was allowed, once", () =>
    Effect.gen(function*() {
      const { asked, isError, log, text } = yield* saying(version, { action: "accept", content: { allow: true } })
      assert.deepStrictEqual({ asked, isError, log: [...log] }, {
        asked: [question],
        isError: false,
        log: ["refund 500"]
      })
      assert.include(text, "paid")
    }))

  it.live("runs nothing that was not, and says why", () =>
    Effect.gen(function*() {
      const no = [{ action: "accept", content: { allow: false } }, { action: "accept", content: {} }, {
        action: "decline"
      }]
      for (const said of [...no, { action: "cancel" }] as ReadonlyArray<ElicitResult>) {
        const { asked, isError, log, text } = yield* saying(version, said)
        assert.deepStrictEqual({ asked, isError, log: [...log] }, { asked: [question], isError: true, log: [] })
        assert.include(text, said.action === "cancel" ? "It is not yet decided" : "The person at the client said no.")
      }
    }))

  it.live("asks nobody where it was not asked for, where nobody can be asked, or where the program knows", () =>
    Effect.gen(function*() {
      const yes: ElicitResult = { action: "accept", content: { allow: true } }
      const undecided = yield* saying(version, yes, { approval: "approver" })
      assert.deepStrictEqual(undecided.asked, [])
      assert.include(undecided.text, "It is not yet decided")

      const denied = yield* Effect.provide(saying(version, yes), Approver.deny)
      assert.deepStrictEqual(denied.asked, [])
      assert.include(denied.text, "The call was not allowed")

      const { to } = yield* overHttp({ approval: "elicit" })
      const { content } = yield* ask(yield* client(version, to()), "refund", { amount: 500 })
      assert.include(JSON.stringify(content), "It is not yet decided")
    }))
})

describe("An answer of the person at the client", () => {
  it.live("counts once, for the arguments that were asked about alone", () =>
    Effect.gen(function*() {
      const { log, url } = yield* overHttp({ approval: "elicit", batch: {} })
      const refund = (params: object) =>
        Effect.map(callTool(url, "refund", params), ({ body }) => JSON.parse(body).result ?? JSON.parse(body).error)
      const { inputRequests, requestState, resultType } = yield* refund({ arguments: { amount: 500 } })
      assert.strictEqual(resultType, "input_required")
      assert.strictEqual(inputRequests.approve.params.message, question)
      const inputResponses = { approve: { action: "accept", content: { allow: true } } }

      const other = yield* refund({ arguments: { amount: 900 }, requestState, inputResponses })
      assert.strictEqual(other.resultType, "input_required")
      const unsigned = yield* refund({ arguments: { amount: 500 }, inputResponses })
      assert.strictEqual(unsigned.resultType, "input_required")
      const forged = yield* refund({ arguments: { amount: 500 }, requestState: `${requestState}x`, inputResponses })
      assert.strictEqual(forged.code, -32602)
      assert.deepStrictEqual(log, [])

      const allowed = { arguments: { amount: 500 }, requestState, inputResponses }
      assert.strictEqual((yield* refund(allowed)).content[0].text, "paid")
      assert.strictEqual((yield* refund(allowed)).resultType, "input_required")
      assert.deepStrictEqual(log, ["refund 500"])
    }))
})
