/** Tools and models of `effect/ai`, both ways. */
export * as EffectAi from "./EffectAi.ts"
