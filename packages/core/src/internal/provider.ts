import * as Url from "./url.ts"

/**
 * The provider and the model, as traces and metrics name them.
 *
 * - `provider`: `gen_ai.provider.name` of OpenTelemetry's GenAI conventions, `openai` for one
 */
export interface About {
  readonly provider: string
  readonly model: string
}

/** Whose servers end like this, by the names of OpenTelemetry's GenAI conventions. */
const hosts: ReadonlyArray<readonly [ending: string, provider: string]> = [
  [".openai.azure.com", "azure.ai.openai"],
  [".services.ai.azure.com", "azure.ai.inference"],
  [".amazonaws.com", "aws.bedrock"],
  ["aiplatform.googleapis.com", "gcp.vertex_ai"],
  ["generativelanguage.googleapis.com", "gcp.gemini"],
  ["api.deepseek.com", "deepseek"],
  ["api.groq.com", "groq"],
  ["api.mistral.ai", "mistral_ai"],
  ["api.moonshot.ai", "moonshot_ai"],
  ["api.perplexity.ai", "perplexity"],
  ["api.x.ai", "x_ai"]
]

/** Who answers at an address, where that is known; many speak the wire of another. */
export const aboutAt = (address: string | undefined, about: About): About => {
  const host = address === undefined ? undefined : Url.parse(address)?.hostname
  const known = host === undefined ? undefined : hosts.find(([ending]) => host.endsWith(ending))?.[1]
  return known === undefined ? about : { ...about, provider: known }
}

/** The options of a provider's API: an address under nearly one of these names would be left out, and another server asked. */
export const optionNames = [
  "model",
  "apiKey",
  "baseUrl",
  "maxTokens",
  "maxRetries",
  "fetch",
  "origin",
  "acceptsId",
  "firstByte",
  "idle",
  "maxBytes"
] as const
