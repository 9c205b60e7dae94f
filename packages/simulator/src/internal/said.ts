import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Script from "../Script.ts"
import * as SchemaFault from "./schemaFault.ts"

/** What a script says, where a model can say it: files are other people's, and nothing checked their types. */
export const saidBy = (script: Script.Script, view: Script.View): Result.Result<Script.Reply, string> => {
  if (typeof script.wants !== "function" || typeof script.answer !== "function") {
    return Result.fail("The script is none: it has to be { wants, answer }, two functions.")
  }
  const wants = view.toolsOff ? Result.succeed([]) : wantsOf(script.wants(view.calls))
  return Result.flatMap(wants, (wants) => {
    const reply = Script.reply({ wants: () => wants, answer: (seen) => script.answer(seen) }, view)
    return reply._tag === "Calls" || typeof reply.text === "string"
      ? Result.succeed(reply)
      : Result.fail(`What "answer" of the script gives is no text.`)
  })
}

const Wants = Schema.Array(
  Schema.Struct({ name: Schema.String, arguments: Schema.Json, malformed: Schema.optional(Schema.String) })
)

const decode = Schema.decodeUnknownResult(Wants)

const wantsOf = (given: unknown): Result.Result<ReadonlyArray<Script.Wanted>, string> =>
  Result.mapError(decode(given), (error) => {
    const { message, path } = SchemaFault.fromError(error)
    return `What "wants" of the script gives is no list of { name, arguments }: ${[...path, message].join(": ")}.`
  })
