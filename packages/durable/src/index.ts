/** Runs that outlive their process. */
export * as Durable from "./Durable.ts"
export * as DurableError from "./DurableError.ts"
export * as Journal from "./Journal.ts"
export * as StoreError from "./StoreError.ts"
