import { type CallError, type ModelError, toModel, type ToolFailure } from "../CallError.ts"

/** How many bytes of UTF-8 a text has. */
export const byteLength = (text: string): number => utf8.encode(text).length

/**
 * Cuts a text to `maxBytes` of UTF-8, never inside a character, and says so at the end.
 *
 * - units: the mark of at most 100 bytes comes on top of `maxBytes`
 */
export const cut = (text: string, maxBytes: number, why = ""): string => {
  if (text.length * 3 <= maxBytes) return text
  const bytes = byteLength(text)
  if (bytes <= maxBytes) return text
  const { read } = utf8.encodeInto(text, new Uint8Array(maxBytes))
  return `${text.slice(0, read)}… [cut${why}: the first ${maxBytes} of ${bytes} bytes]`
}

/** Writes an error for the model; a long one keeps its shape, with its message cut and its data left out. */
export const errorText = (error: CallError | ToolFailure<unknown>, maxBytes: number): string => {
  const { error: shown } = toModel(error)
  const whole = JSON.stringify({ error: shown } satisfies ModelError)
  if (cut(whole, maxBytes) === whole) return whole
  const data = `[left out: the whole error has ${byteLength(whole)} bytes]`
  return JSON.stringify({ error: { ...shown, message: cut(shown.message, maxBytes >> 1), data } } satisfies ModelError)
}

const utf8 = new TextEncoder()
