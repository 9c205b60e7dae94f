import * as Digest from "effect/crypto/Digest"
import * as Json from "../../Json.ts"
import * as Uuid from "../uuid.ts"

/** A name-based UUID (RFC 9562, version 3: MD5) over what makes a call that call. */
export const idempotencyKey = (runId: string, callId: string, tool: string, args: unknown): string =>
  Uuid.of(3, md5(new TextEncoder().encode(Json.canonical([runId, callId, tool, args]))))

const md5 = Digest.md5.implementation!
