/** Runs that outlive their process. */
export * as StoreError from "./StoreError.ts"
