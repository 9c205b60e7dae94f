/** Durable runs on several machines. */
export * as Runner from "./Runner.ts"
export * as RunnerError from "./RunnerError.ts"
