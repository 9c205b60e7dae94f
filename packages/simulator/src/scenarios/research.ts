import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Schema from "effect/Schema"
import { fileURLToPath } from "node:url"
import { after, answerAfter, read, type Scenario } from "../Scenario.ts"
import { WebService } from "../WebService.ts"

class SearchFailed extends Schema.TaggedError<SearchFailed>()("SearchFailed", { query: Schema.String }) {}
class NoSuchPage extends Schema.TaggedError<NoSuchPage>()("NoSuchPage", { page: Schema.String }) {}

const Source = Schema.Struct({ source: Schema.String, text: Schema.String })

const search = Tool.make("search", {
  description: "Searches the web. `query` is what to look for, in your words.",
  parameters: Schema.Struct({ query: Schema.String }),
  success: Source,
  failure: SearchFailed,
  readOnly: true,
  timeout: "10 seconds",
  execute: Effect.fnUntraced(
    function*({ query }: { readonly query: string }) {
      const { url } = yield* WebService
      const response = yield* HttpClient.get(`${url}/search`, { urlParams: { query } })
      return yield* HttpClientResponse.schemaBodyJson(Source)(response)
    },
    (effect, { query }: { readonly query: string }) =>
      after(300, Effect.mapError(effect, () => new SearchFailed({ query })))
  )
})

const queryDatabase = Tool.make("query_database", {
  description: "Looks a measurement up. `metric` is its name, given by the user.",
  parameters: Schema.Struct({ metric: Schema.String }),
  success: Source,
  readOnly: true,
  execute: ({ metric }) => answerAfter(150, { source: "database", text: `${metric} is 42 ms at the median` })
})

const readDocs = Tool.make("read_docs", {
  description: "Reads a page of the documentation. `page` is its name.",
  parameters: Schema.Struct({ page: Schema.Literals(["fibers"]) }),
  success: Source,
  failure: NoSuchPage,
  readOnly: true,
  execute: ({ page }) =>
    after(
      500,
      Effect.mapBoth(
        FileSystem.FileSystem.use((files) =>
          files.readFileString(fileURLToPath(new URL(`../../docs/${page}.md`, import.meta.url)))
        ),
        {
          onFailure: () => new NoSuchPage({ page }),
          onSuccess: (text) => ({ source: "docs", text: text.trim() })
        }
      )
    )
})

/** Three sources at once, one of them over real HTTP and one from a real file; the answer cites all three. */
export const research: Scenario = {
  name: "research",
  prompt: "How fast are fibers? Search, ask the database and read the docs, and cite all three.",
  toolkit: Toolkit.make(search, queryDatabase, readDocs),
  hasSerial: true,
  script: {
    wants: () => [
      { name: "search", arguments: { query: "fiber latency" } },
      { name: "query_database", arguments: { metric: "fiber latency" } },
      { name: "read_docs", arguments: { page: "fibers" } }
    ],
    answer: (seen) =>
      [search, queryDatabase, readDocs].flatMap((tool) => read(seen, tool)).map(({ source, text }) =>
        `${text} [${source}].`
      ).join(" ")
  }
}
