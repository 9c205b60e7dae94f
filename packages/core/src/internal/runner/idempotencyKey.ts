import * as Digest from "effect/crypto/Digest"
import * as Hex from "effect/encoding/Hex"
import * as Json from "../../Json.ts"

/** A name-based UUID (RFC 9562, version 3: MD5) over what makes a call that call. */
export const idempotencyKey = (runId: string, callId: string, tool: string, args: unknown): string => {
  const bytes = md5(new TextEncoder().encode(Json.canonical([runId, callId, tool, args])))
  bytes[6] = (bytes[6]! & 0x0f) | 0x30
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return Hex.encode(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}

const md5 = Digest.md5.implementation!
