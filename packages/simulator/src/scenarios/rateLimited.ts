import * as Limits from "@volley/core/Limits"
import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Schema from "effect/Schema"
import { read, type Scenario } from "../Scenario.ts"
import { WebService } from "../WebService.ts"

class Refused extends Schema.TaggedError<Refused>()("Refused", { number: Schema.Int }) {}

const Quote = Schema.Struct({ number: Schema.Int, price: Schema.Finite })

const getQuote = Tool.make("get_quote", {
  description: "The price of a share. `number` comes from the user, 1 to 10.",
  parameters: Schema.Struct({ number: Schema.Int }),
  success: Quote,
  failure: Refused,
  readOnly: true,
  limits: [Limits.concurrency(5)],
  execute: ({ number }) =>
    Effect.gen(function*() {
      const { url } = yield* WebService
      const response = yield* HttpClient.get(`${url}/quote`, { urlParams: { number } })
      return yield* HttpClientResponse.schemaBodyJson(Quote)(yield* HttpClientResponse.filterStatusOk(response))
    }).pipe(Effect.mapError(() => new Refused({ number })))
})

/** Ten calls to a real service that takes five at a time; the tool says so, and none is refused. */
export const rateLimited: Scenario = {
  name: "rate-limited",
  prompt: "Get me quotes of shares 1 to 10.",
  toolkit: Toolkit.make(getQuote),
  hasSerial: true,
  script: {
    wants: () => Array.from({ length: 10 }, (_, index) => ({ name: "get_quote", arguments: { number: index + 1 } })),
    answer: (seen) => {
      const prices = read(seen, getQuote).map(({ price }) => price)
      return `${prices.length} quotes, ${prices.reduce((sum, price) => sum + price, 0)} in all.`
    }
  }
}
