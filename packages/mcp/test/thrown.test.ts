/**
 * What the MCP client throws, by its shape: the errors of the SDK as a module and as CommonJS come to the same reason.
 */
import { assert, describe, it } from "@effect/vitest"
import { McpError } from "@volley/mcp"
import { Effect } from "effect"
import { construct, copiesOf } from "../../simulator/test/copies.ts"
import { Ended, GivenUp, reasonOf, unanswered } from "../src/internal/thrown.ts"

const { Closed, HttpFailed, Refused, Unreachable, Unusable } = McpError

const [sent, unsent] = [new Closed({ sent: true }), new Closed({ sent: false })]

const cases: ReadonlyArray<readonly [name: string, args: ReadonlyArray<unknown>, reason: McpError.Reason]> = [
  ["ProtocolError", [-32602, "No.", { why: 1 }], new Refused({ code: -32602, message: "No." })],
  ["ProtocolError", [-32000, "No."], new Refused({ code: -32000, message: "No." })],
  ["ProtocolError", [-32000, "Connection closed", new Ended(sent)], sent],
  [
    "ProtocolError",
    [-32000, "Connection closed", { reason: "no" }],
    new Refused({ code: -32000, message: "Connection closed" })
  ],
  ["SdkHttpError", ["CLIENT_HTTP_FAILED", "No.", { status: 503 }], new HttpFailed({ status: 503 })],
  ["SdkError", ["CONNECTION_CLOSED", "No."], sent],
  ["SdkError", ["NOT_CONNECTED", "No."], unsent],
  ["SdkError", ["INVALID_RESULT", "No."], new Unusable({ message: "No." })],
  [
    "SdkError",
    ["ERA_NEGOTIATION_FAILED", "No.", undefined, { cause: new Error("nobody there") }],
    new Unreachable({ message: "nobody there" })
  ]
]

describe("What the MCP client throws", () => {
  it.effect.each(copiesOf("@modelcontextprotocol/client"))(
    "is the same reason for every copy of the SDK: $name",
    ({ load }) =>
      Effect.gen(function*() {
        const sdk = yield* Effect.promise(load)
        for (const [name, args, reason] of cases) {
          assert.deepStrictEqual(reasonOf(construct(sdk, name, ...args)), reason)
        }
      })
  )

  it("is no answer where it is of nobody, with what is at its root", () => {
    const error = new TypeError("fetch failed", { cause: new AggregateError([new Error("refused")], "") })
    assert.deepStrictEqual(reasonOf(error), new Unreachable({ message: "refused" }))
    assert.deepStrictEqual(reasonOf("gone"), new Unreachable({ message: "gone" }))
    assert.deepStrictEqual(reasonOf(undefined), new Unreachable({ message: "undefined" }))
    assert.deepStrictEqual(
      reasonOf(new DOMException("It took long.", "AbortError")),
      new Unreachable({ message: "It took long." })
    )
  })

  it("is why a request was given up, which did not run and is sent once", () => {
    for (const reason of [new Unreachable({ message: "refused" }), new HttpFailed({ status: 404 }), unsent]) {
      const thrown = new Error("fetch failed", { cause: new GivenUp(reason) })
      assert.deepStrictEqual(unanswered(thrown, true), { reason, isUnheard: false })
    }
  })
})
