/**
 * What clients of Google's SDK throw, whichever copy of it they are of.
 */
import * as GeminiContent from "@volley/google/GeminiContent"
import { construct } from "../../simulator/test/copies.ts"
import { events, json, thrown } from "../../simulator/test/ThrownSuite.ts"
import { unlike } from "./support.ts"

const circular: Record<string, unknown> = {}
circular["self"] = circular

thrown({
  name: "google",
  sdk: "@google/genai",
  layerOf: (sdk, { client, fetch, headers, request }) =>
    GeminiContent.layerClient({
      client: unlike(construct(sdk, "GoogleGenAI", {
        apiKey: "key",
        httpOptions: { retryOptions: { attempts: 1 }, fetch, ...client }
      })),
      model: "some-model",
      ...(headers && { headers }),
      ...(request && { request })
    }),
  cases: {
    "an address that is none": { comes: "InvalidRequest", client: { baseUrl: "nowhere" } },
    "a body that cannot be written": { comes: "InvalidRequest", request: { responseJsonSchema: circular } },
    "no answer in time": {
      comes: "Unreachable",
      client: { timeout: 1 },
      fetch: (_, init) =>
        new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)))
    },
    "a wrong key": {
      comes: "Unauthorized",
      fetch: json({ error: { code: 400, message: "No.", details: [{ reason: "API_KEY_INVALID" }] } }, 400)
    },
    "an error amid events": {
      comes: "ProviderFailed",
      isStreamed: true,
      fetch: events("data: {\"error\":{\"code\":503,\"message\":\"Busy.\",\"status\":\"UNAVAILABLE\"}}\n\n")
    },
    "a refusal amid events": {
      comes: "InvalidRequest",
      isStreamed: true,
      fetch: events("data: {\"error\":{\"code\":400,\"message\":\"Too long.\",\"status\":\"INVALID_ARGUMENT\"}}\n\n")
    },
    "a body that is no object": { comes: "UnusableResponse", fetch: json(null) }
  }
})
