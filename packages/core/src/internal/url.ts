/** Reads a URL, `base` being where a relative one begins; none where the text is no URL. `URL.parse` is newer than Node 20. */
export const parse = (text: string, base?: string): URL | undefined =>
  URL.canParse(text, base) ? new URL(text, base) : undefined
