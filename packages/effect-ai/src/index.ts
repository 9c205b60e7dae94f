/** Tools and models of `effect/ai`, both ways. */
export {}
