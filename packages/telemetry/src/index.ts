/** What happens to agents and calls, seen from outside. */
export * as Run from "./Run.ts"
export * as RunError from "./RunError.ts"
export * as Telemetry from "./Telemetry.ts"
export * as Timeline from "./Timeline.ts"
