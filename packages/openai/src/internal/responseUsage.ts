import * as Usage from "@volley/core/Usage"

/** What a response says of its tokens. */
export interface Tokens {
  readonly input_tokens?: number | undefined
  readonly output_tokens?: number | undefined
  readonly input_tokens_details?:
    | { readonly cached_tokens?: number | undefined; readonly cache_write_tokens?: number | undefined }
    | null
    | undefined
  readonly output_tokens_details?: { readonly reasoning_tokens?: number | undefined } | null | undefined
}

/** What a response says that it cost. */
export const usageOf = (usage: Tokens | null | undefined): Usage.Usage =>
  Usage.make({
    input: usage?.input_tokens,
    output: usage?.output_tokens,
    cached: usage?.input_tokens_details?.cached_tokens,
    cacheWrite: usage?.input_tokens_details?.cache_write_tokens,
    reasoning: usage?.output_tokens_details?.reasoning_tokens
  })
