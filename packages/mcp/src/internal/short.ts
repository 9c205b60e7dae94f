/** As much of a text as one reads in passing, never with half of a character. */
export const short = (text: string, most = 200): string =>
  text.length > most ? `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "")} …` : text
