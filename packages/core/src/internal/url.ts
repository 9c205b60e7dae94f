/** Reads a URL; none where the text is no URL. `URL.parse` is newer than Node 20. */
export const parse = (text: string): URL | undefined => URL.canParse(text) ? new URL(text) : undefined
