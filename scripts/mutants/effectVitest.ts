/**
 * What tests import as `@effect/vitest` while mutants run: the same, with few cases of each property.
 */
import * as original from "@effect/vitest"
import { few } from "./few.ts"

type Prop = typeof original.it.effect.prop

const prop: Prop = (name, arbitraries, self, options) => {
  const given = typeof options === "object" ? options : {}
  original.it.effect.prop(name, arbitraries, self, { ...given, arbitrary: few(given.arbitrary) })
}

const effect = new Proxy(original.it.effect, {
  get: (target, property) => property === "prop" ? prop : Reflect.get(target, property)
})

export * from "@effect/vitest"
export const it = new Proxy(original.it, {
  get: (target, property) => property === "effect" ? effect : Reflect.get(target, property)
})
