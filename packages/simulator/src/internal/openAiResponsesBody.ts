import type { Response } from "openai/resources/responses/responses"
import type { Request } from "./openAiResponsesRequest.ts"

/** The body of a response as it is sent: the SDK adds `output_text`, and the tools are those of the request. */
export interface Body extends Omit<Response, "output_text" | "tools" | "tool_choice"> {
  readonly tools: NonNullable<Request["tools"]>
  readonly tool_choice: NonNullable<Request["tool_choice"]>
}
