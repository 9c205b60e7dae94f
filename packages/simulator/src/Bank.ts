/**
 * A bank with three accounts, for scenarios whose calls change something.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"

/**
 * Balances by account. `change` reads at once and writes when its time is over, like a service without transactions.
 */
export class Bank extends Context.Service<Bank, {
  readonly balance: (account: string, millis: number) => Effect.Effect<number>
  readonly change: (account: string, millis: number, to: (balance: number) => number) => Effect.Effect<number>
}>()("@volley/simulator/Bank") {}

/** A bank of its own for each play. */
export const layer: Layer.Layer<Bank> = Layer.effect(
  Bank,
  Effect.map(
    Ref.make<ReadonlyMap<string, number>>(new Map([["checking", 100], ["savings", 500], ["joint", 250]])),
    (accounts) => {
      const balance = (account: string, millis: number) =>
        Effect.delay(Effect.map(Ref.get(accounts), (all) => all.get(account) ?? 0), millis)
      return {
        balance,
        change: (account, millis, to) =>
          Effect.gen(function*() {
            const changed = to(yield* balance(account, 0))
            yield* Effect.sleep(millis)
            yield* Ref.update(accounts, (all) => new Map(all).set(account, changed))
            return changed
          })
      }
    }
  )
)
