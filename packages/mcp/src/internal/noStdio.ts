/**
 * What stands in for `stdio.ts` where bundles are not told that they run on Node.
 */
import * as Effect from "effect/Effect"
import { Unreachable } from "../McpError.ts"
import type { Start } from "./session.ts"

export const start: Start = () => Effect.fail(new Unreachable({ message: "nothing here can start a program" }))
