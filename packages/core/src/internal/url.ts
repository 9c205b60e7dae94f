/** Reads a URL, `base` being where a relative one begins; none where the text is no URL. `URL.parse` is newer than Node 20. */
export const parse = (text: string, base?: string): URL | undefined =>
  URL.canParse(text, base) ? new URL(text, base) : undefined

/** A path without the slashes at its end. */
export const withoutSlash = (path: string): string => {
  let { length } = path
  while (path[length - 1] === "/") length--
  return path.slice(0, length)
}
