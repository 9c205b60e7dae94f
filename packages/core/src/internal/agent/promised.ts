import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Batch from "../../Batch.ts"
import type * as ChatModel from "../../ChatModel.ts"
import type { Content } from "../../Content.ts"
import type * as Tool from "../../Tool.ts"
import { type Approve, effectOptions, mistakeIn, mistakeInHooks, type Needless } from "../runner/promised.ts"
import { callable } from "../shapes.ts"
import type { Left } from "./event.ts"
import { type missing, mistakeInOptions } from "./misused.ts"
import type { AnyOptions, Options } from "./options.ts"

type OfEffects = "toolkit" | "steer" | "onInterrupt" | "runner" | "batch"

/** What an agent takes that is run as a promise: as `Agent.run` does, with a model and without Effects. */
export interface PromiseOptions<T extends Tool.Any> extends Omit<Options<T>, OfEffects>, Hooks {
  /** What a model may call; a tool that needs services is given them by `Toolkit.provide` first. An agent as a tool has the same model. */
  readonly toolkit: Needless<T, ChatModel.ChatModel> & Options<T>["toolkit"]
}

/** The same, whatever its toolkit and output. */
export interface AnyPromiseOptions extends Omit<AnyOptions, Exclude<OfEffects, "toolkit">>, Hooks {}

interface Hooks {
  /** The model, as `layer`, `layerClient` or `layerConfig` of a provider's package makes it. */
  readonly model: Layer.Layer<ChatModel.ChatModel, unknown>
  /** Stops the agent, and rejects with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Decides on the calls that need approval, those of agents inside too; without it they stay undecided. */
  readonly approve?: Approve | undefined
  /** Asked behind each round; what it gives goes behind the results as what the person says. */
  readonly steer?: (() => Said | Promise<Said>) | undefined
  /** Is given what an agent leaves that is stopped; to be stored, and gone on with. */
  readonly onInterrupt?: ((left: Left) => void | Promise<void>) | undefined
  /** How each batch is bounded. */
  readonly batch?: Omit<Batch.PromiseOptions, "signal" | "approve"> | undefined
}

const noModel = "`model` is missing, or no Layer: give one, such as OpenAiChat.layer({ model, apiKey })"

/** The options of an agent that is run as a promise. */
export type Option = keyof PromiseOptions<Tool.Any> | "output"

/** What no options are where the model or the prompt is missing. */
export type Complete<K> = ["model"] extends [K] ? ["prompt"] extends [K] ? unknown : typeof missing.prompt
  : typeof noModel

type Said = ReadonlyArray<string | ReadonlyArray<Content>>

/** The options as `Agent.run` takes them, and the model; throws where the compiler would have refused them. */
export const agentOptions = (
  given: AnyPromiseOptions
): { readonly options: AnyOptions; readonly model: Hooks["model"] } => {
  if (!Predicate.isObject(given)) throw new TypeError("Agent: give options, such as { toolkit, prompt, model }.")
  const { approve: _approve, batch, model, onInterrupt, signal: _signal, steer, ...rest } = given
  const mistake = mistakeInOptions(given, own, [callable("steer", "() => [\"Faster!\"]")])
    ?? mistakeInHooks(given)
    ?? (Layer.isLayer(model) ? undefined : noModel)
    ?? (Effect.isEffect(rest.toolkit) ? undefined : mistakeIn(rest.toolkit, batch ?? {}))
  if (mistake !== undefined) throw new TypeError(`Agent: ${mistake}.`)
  return {
    model,
    options: {
      ...rest,
      batch: batch && effectOptions(batch),
      steer: steer && Effect.promise(async () => steer()),
      onInterrupt: onInterrupt && ((left) => Effect.promise(async () => onInterrupt(left)))
    }
  }
}

const own = Object.keys(
  { model: true, approve: true, signal: true } satisfies Readonly<Record<Exclude<Option, keyof AnyOptions>, true>>
)
