/**
 * What clients of Anthropic's SDK throw, whichever copy of it they are of.
 */
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { construct } from "../../simulator/test/copies.ts"
import { events, thrown } from "../../simulator/test/ThrownSuite.ts"
import { unlike } from "./support.ts"

const circular: Record<string, unknown> = {}
circular["self"] = circular

const amid = (type: string) =>
  events(`event: error\ndata: {"type":"error","error":{"type":"${type}","message":"No."}}\n\n`)

thrown({
  name: "anthropic",
  sdk: "@anthropic-ai/sdk",
  layerOf: (sdk, { client, fetch, headers, request }) =>
    AnthropicMessages.layerClient({
      client: unlike(construct(sdk, "Anthropic", { apiKey: "key", maxRetries: 0, fetch, ...client })),
      model: "some-model",
      ...(headers && { headers }),
      ...(request && { request })
    }),
  cases: {
    "no key at all": { comes: "InvalidRequest", client: { apiKey: null, authToken: null } },
    "a key that is none": { comes: "InvalidRequest", client: { apiKey: async () => "" } },
    "a key that cannot be had for now": {
      comes: "Unreachable",
      client: { apiKey: () => Promise.reject(Object.assign(new Error("No."), { code: "ECONNREFUSED" })) }
    },
    "a timeout that is none": { comes: "InvalidRequest", client: { timeout: -1 } },
    "an address that is none": { comes: "InvalidRequest", client: { baseURL: "nowhere" } },
    "a body that cannot be written": { comes: "InvalidRequest", request: { metadata: circular } },
    "no answer in time": {
      comes: "Unreachable",
      client: { timeout: 1 },
      fetch: (_, init) =>
        new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)))
    },
    "an error amid events": { comes: "ProviderFailed", isStreamed: true, fetch: amid("overloaded_error") },
    "a refusal amid events": { comes: "InvalidRequest", isStreamed: true, fetch: amid("invalid_request_error") }
  }
})
