/**
 * What `@volley/testing` imports as `effect/Arbitrary` while mutants run: the same, with few cases a check.
 */
import * as Arbitrary from "effect/Arbitrary"
import { few } from "./few.ts"

export * from "effect/Arbitrary"

export const checkEffect: typeof Arbitrary.checkEffect = (self, predicate, options) =>
  Arbitrary.checkEffect(self, predicate, few(options))
