import * as Hex from "effect/encoding/Hex"

/** A random UUID (RFC 9562, version 4); a page that did not come over https has no `crypto.randomUUID`. */
export const random = (): string =>
  // oxlint-disable-next-line no-restricted-properties
  typeof crypto.randomUUID === "function" ? crypto.randomUUID() : of(4, crypto.getRandomValues(new Uint8Array(16)))

/** Writes bytes, of which the first 16 count, as a UUID of a version. */
export const of = (version: number, bytes: Uint8Array): string => {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4)
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return Hex.encode(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}
