import * as Base64Url from "effect/encoding/Base64Url"

/** An id that cannot be guessed: 128 random bits. */
export const randomId = (): string => Base64Url.encode(crypto.getRandomValues(new Uint8Array(16)))
