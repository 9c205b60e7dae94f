/** What happens to agents and calls, seen from outside. */
export * as Run from "./Run.ts"
export * as Timeline from "./Timeline.ts"
