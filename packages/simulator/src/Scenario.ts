/**
 * A scenario: the user's prompt, the tools, and what the scripted model does.
 */
import type * as Batch from "@volley/core/Batch"
import type * as Tool from "@volley/core/Tool"
import type * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Bank } from "./Bank.ts"
import type { Script, SeenCall } from "./Script.ts"
import type { WebService } from "./WebService.ts"

/** What the tools of a scenario may need: the real network and the real disk, and a bank. */
export type Services = Bank | FileSystem.FileSystem | HttpClient.HttpClient | WebService

/** A tool of a scenario. */
export type AnyTool = Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint, Services>

/**
 * A scenario.
 *
 * - `hasSerial`: whether it is also played with the parallel switch off
 * - `batch`: options that it needs, such as a timeout that a tool of it runs into
 */
export interface Scenario {
  readonly name: string
  readonly prompt: string
  readonly toolkit: Toolkit.Toolkit<AnyTool>
  readonly hasSerial: boolean
  readonly batch?: Batch.Options | undefined
  readonly script: Script
}

/**
 * Takes its scripted time, then goes on.
 *
 * @example
 * ```ts
 * import { Scenario } from "@volley/simulator"
 * import { Effect } from "effect"
 *
 * console.log(await Effect.runPromise(Scenario.after(1, Effect.succeed("18 °C")))) // => 18 °C
 * ```
 */
export const after = <A, E, R>(millis: number, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.andThen(Effect.sleep(millis), effect)

/**
 * Takes its scripted time, then answers.
 *
 * @example
 * ```ts
 * import { Scenario } from "@volley/simulator"
 * import { Effect } from "effect"
 *
 * console.log(await Effect.runPromise(Scenario.answerAfter(1, "18 °C"))) // => 18 °C
 * ```
 */
export const answerAfter = <A>(millis: number, value: A): Effect.Effect<A> =>
  Effect.delay(Effect.succeed(value), millis)

/**
 * Reads the results of a tool in a conversation, in call order; results that do not fit, such as errors, are skipped.
 *
 * @example
 * ```ts
 * import { Scenario } from "@volley/simulator"
 * import { Schema } from "effect"
 *
 * const seen = [{ id: "call_1", name: "get_weather", arguments: {}, result: `{"celsius":18}` }]
 * const getWeather = { name: "get_weather", success: Schema.Struct({ celsius: Schema.Finite }) }
 * console.log(Scenario.read(seen, getWeather)) // => [ { celsius: 18 } ]
 * ```
 */
export const read = <T extends { readonly name: string; readonly success: Schema.Codec<unknown, unknown> }>(
  seen: ReadonlyArray<SeenCall>,
  tool: T
): ReadonlyArray<T["success"]["Type"]> => {
  const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.toCodecJson(tool.success)))
  return seen.flatMap(({ name, result }) => name === tool.name ? Option.toArray(decode(result)) : [])
}
