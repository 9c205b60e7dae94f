/**
 * What a server of 2026-07-28 tells beside its answers, which it does only for those who ask for it.
 */
import type { Client } from "@modelcontextprotocol/client"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Closed, of as errorOf, type Reason } from "../McpError.ts"
import { pauses } from "./patience.ts"
import type { Options } from "./server.ts"

/**
 * Listens until the scope closes, where the server says that it tells of other tools; earlier versions tell of them unasked.
 *
 * - `onChange`: is also called once the server has agreed, since the tools may have changed before
 */
export const listen = (
  client: Client,
  options: Options,
  onChange: () => void,
  reasonOf: (thrown: unknown) => Reason
): Effect.Effect<unknown, never, Scope.Scope> => {
  const isTold = client.getServerCapabilities()?.tools?.listChanged === true
  if (client.getProtocolEra() !== "modern" || !isTold) return Effect.void
  const listening = Effect.tryPromise({
    try: async (signal) => {
      const { closed } = await client.listen({ toolsListChanged: true }, { signal })
      onChange()
      await closed
    },
    catch: reasonOf
  })
  return Effect.andThen(listening, Effect.fail(new Closed({ sent: false }))).pipe(
    Effect.retry({ schedule: pauses, while: (reason: Reason) => !isFinal(reason) }),
    Effect.catch((reason) =>
      Effect.logWarning("A server says that it tells of other tools, and does not", errorOf(options, reason).message)
    ),
    Effect.forkScoped
  )
}

/** A server that does not know what is asked will not know it later; all else may pass, a missing login too. */
const isFinal = (reason: Reason): boolean =>
  reason._tag === "Refused"
    ? reason.code === methodNotFound
    : reason._tag === "HttpFailed" && unknown.has(reason.status)

const methodNotFound = -32601

const unknown: ReadonlySet<number> = new Set([400, 404, 405])
