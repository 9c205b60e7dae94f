// A service that answers five requests at a time and refuses the rest: a limit on the tool keeps to that.
import { Batch, Limits, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Result, Schema } from "effect"
import { createServer } from "node:http"

/** Starts the service, which takes a tenth of a second for each request. */
const service = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
    let busy = 0
    const server = createServer((_, response) => {
      if (busy === 5) return void response.writeHead(429).end()
      busy++
      setTimeout(() => {
        busy--
        response.writeHead(200).end("42")
      }, 100)
    }).listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" ? address?.port : undefined
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, close: () => void server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

class Refused extends Schema.TaggedError<Refused>()("Refused", { status: Schema.Int }) {}

const getPrice = (url: string, limits: ReadonlyArray<Limits.Limit>) =>
  Tool.make("get_price", {
    description: "The price of an item. `item` comes from the user.",
    parameters: Schema.Struct({ item: Schema.Int }),
    success: Schema.Finite,
    failure: Refused,
    readOnly: true,
    limits,
    execute: ({ item }) =>
      Effect.gen(function*() {
        const response = yield* Effect.promise((signal) => fetch(`${url}/${item}`, { signal }))
        if (response.status !== 200) return yield* new Refused({ status: response.status })
        return Number(yield* Effect.promise(() => response.text()))
      })
  })

const calls = Array.from(
  { length: 10 },
  (_, item) => ToolCall.make({ id: `call_${item}`, name: "get_price", arguments: { item }, index: item })
)

/** Ten calls at once, and how many of them were refused. */
const refused = (url: string, limits: ReadonlyArray<Limits.Limit>) =>
  Effect.map(
    Batch.run(Toolkit.make(getPrice(url, limits)), calls),
    ({ outcomes }) => outcomes.filter(({ result }) => Result.isFailure(result)).length
  )

const main = Effect.gen(function*() {
  const { url } = yield* service
  const unlimited = yield* refused(url, [])
  console.log(`without a limit: ${unlimited > 0 ? "some" : "none"} of 10 refused`)
  console.log(`with a limit: ${yield* refused(url, [Limits.concurrency(5)])} of 10 refused`)
})

await Effect.runPromise(Effect.scoped(main))
// => without a limit: some of 10 refused
// => with a limit: 0 of 10 refused
