import { assert, describe, it } from "@effect/vitest"
import { AnthropicMessages } from "@volley/anthropic"
import { OpenAiChat } from "@volley/openai"
import { AnthropicMessagesWire, OpenAiChatWire, Scenarios, type Wire } from "@volley/simulator"
import { Result, Schema } from "effect"
import { relative } from "node:path"
import { fileURLToPath } from "node:url"
import { volley, withSimulator } from "./support/spawn.ts"

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

interface Wanted {
  readonly id?: string | null
  readonly name: string
  readonly input: Schema.Json
}

/** What a model was told of one call. */
interface Answer {
  readonly id: string
  readonly json: Schema.Json
  readonly isError: boolean | undefined
}

/**
 * A wire as these tests see it.
 *
 * - `sample`: the response that its documentation shows, and the messages that answer it
 * - `malformed`: what stands for arguments that are no JSON
 * - `request`: a request that goes on with more messages
 */
interface Wire {
  readonly name: string
  readonly key: string
  readonly server: "openai" | "anthropic"
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly sample: { readonly body: object; readonly message: object; readonly results: ReadonlyArray<object> }
  readonly malformed: Schema.Json
  readonly message: (calls: ReadonlyArray<Wanted>) => object
  readonly truncated: (calls: ReadonlyArray<Wanted>) => object
  readonly messageOf: (body: never) => object
  readonly answers: (messages: never) => ReadonlyArray<Answer>
  readonly tools: (toolkit: typeof Scenarios.all[number]["toolkit"]) => ReadonlyArray<object>
  readonly request: (messages: ReadonlyArray<object>, tools: ReadonlyArray<object>) => object
  readonly check: (body: object) => Result.Result<unknown, Wire.Rejection>
}
