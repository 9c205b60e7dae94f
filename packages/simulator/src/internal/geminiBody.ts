import type { Candidate, Content, FinishReason, GenerateContentResponse } from "@google/genai"

/** The fields of a response that there are on the wire, its enum as it goes over the wire. */
export interface Body extends Pick<GenerateContentResponse, "usageMetadata" | "modelVersion" | "responseId"> {
  readonly candidates: ReadonlyArray<
    Pick<Candidate, "index"> & { readonly content: Content; readonly finishReason: `${FinishReason}` }
  >
}
