import type Anthropic from "@anthropic-ai/sdk"

/** What this codec reads of a response, whichever version of the SDK it is of. */
export interface Response {
  readonly content: ReadonlyArray<{ readonly type: string }>
  readonly stop_reason?: string | null | undefined
  readonly model?: string | null | undefined
  readonly usage?: Tokens | null | undefined
}

/** What a response says of its tokens. */
export interface Tokens {
  readonly input_tokens?: number | null | undefined
  readonly output_tokens?: number | null | undefined
  readonly cache_creation_input_tokens?: number | null | undefined
  readonly cache_read_input_tokens?: number | null | undefined
  readonly output_tokens_details?: { readonly thinking_tokens?: number | null | undefined } | null | undefined
}

/** An event of a streamed response, as far as every one has it. */
export interface Event {
  readonly type: string
}

/** A response that this codec gives; a name of this package, so that programs can export what they got. */
export interface Whole extends Anthropic.Message {}
