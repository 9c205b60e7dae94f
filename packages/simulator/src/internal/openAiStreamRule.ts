import * as Schema from "effect/Schema"
import type { Rule } from "../Wire.ts"

/** What both OpenAI wires read of how they are to stream. */
export const streamFields = {
  stream: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  stream_options: Schema.optionalKey(Schema.NullOr(Schema.Struct({
    include_usage: Schema.optionalKey(Schema.Boolean)
  })))
}

/** Options of a stream need a stream. */
export const streamRule: Rule<{ readonly stream?: boolean | null; readonly stream_options?: object | null }> = {
  row: "stream",
  verified: false,
  check: ({ stream, stream_options }) =>
    stream_options == null || stream === true ? undefined : {
      message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      param: "stream_options"
    }
}
