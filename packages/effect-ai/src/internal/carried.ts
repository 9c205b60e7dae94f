/**
 * A turn as its provider wrote it, carried through the prompts of `effect/ai`: signatures of reasoning, ids of items and all
 * else that goes back to where it came from.
 */
import * as Conversation from "@volley/core/Conversation"
import type * as Prompt from "effect/ai/Prompt"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

type Native = NonNullable<Conversation.Assistant["native"]>
type Options = Prompt.ProviderOptions

/** Under which name parts have what is ours. */
export const key = "volley"

/** The options, or the metadata, of a part that carries a turn; none where the turn has nothing to carry. */
export const optionsOf = ({ calls, native, text }: Conversation.Assistant): Options | undefined =>
  native && { [key]: { turn: JSON.stringify({ native, text, ids: calls.map(({ id }) => id) }) } }

/** What is carried by the parts of an assistant's message; none where the message says something else by now. */
export const nativeOf = (
  parts: ReadonlyArray<{ readonly options: Options }>,
  { calls, text }: Conversation.Assistant
): Native | undefined =>
  parts.flatMap(({ options }) => Option.toArray(decode(options[key])))
    .map(({ turn }) => turn)
    .find((turn) =>
      turn.text === text && turn.ids.length === calls.length && calls.every(({ id }, at) => id === turn.ids[at])
    )?.native

const Turn = Schema.Struct({
  native: Conversation.Assistant.fields.native.schema,
  text: Schema.String,
  ids: Schema.Array(Schema.String)
})

const decode = Schema.decodeUnknownOption(Schema.Struct({ turn: Schema.fromJsonString(Turn) }))
