/**
 * What clients of OpenAI's SDK throw, whichever copy of it they are of.
 */
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import { construct } from "../../simulator/test/copies.ts"
import { type Case, events, thrown } from "../../simulator/test/ThrownSuite.ts"
import { unlike } from "./support.ts"

const model = "some-model"

const circular: Record<string, unknown> = {}
circular["self"] = circular

const cases: Readonly<Record<string, Case>> = {
  "a key that is none": { comes: "InvalidRequest", client: { apiKey: async () => "" } },
  "an address that is none": { comes: "InvalidRequest", client: { baseURL: "nowhere" } },
  "a key that cannot be had": {
    comes: "InvalidRequest",
    client: { apiKey: () => Promise.reject(new Error("The safe is shut.")) }
  },
  "a key that cannot be had for now": {
    comes: "Unreachable",
    client: { apiKey: () => Promise.reject(Object.assign(new Error("No."), { code: "ECONNREFUSED" })) }
  },
  "a body that cannot be written": { comes: "InvalidRequest", request: { metadata: circular } },
  "no answer in time": {
    comes: "Unreachable",
    client: { timeout: 1 },
    fetch: (_, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)))
  },
  "an error amid events": {
    comes: "ProviderFailed",
    isStreamed: true,
    fetch: events("data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"Busy.\"}}\n\n")
  },
  "a refusal amid events": {
    comes: "InvalidRequest",
    isStreamed: true,
    fetch: events("data: {\"error\":{\"code\":\"context_length_exceeded\",\"message\":\"Too long.\"}}\n\n")
  }
}

for (
  const [name, { layerClient }] of [["openai-chat", OpenAiChat], ["openai-responses", OpenAiResponses]] as const
) {
  thrown({
    name,
    sdk: "openai",
    cases,
    layerOf: (sdk, { client, fetch, headers, request }) =>
      layerClient({
        client: unlike(construct(sdk, "OpenAI", { apiKey: "key", maxRetries: 0, fetch, ...client })),
        model,
        ...(headers && { headers }),
        ...(request && { request })
      })
  })
}
