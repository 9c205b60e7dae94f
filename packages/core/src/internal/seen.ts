/** What was given, as a message shows it; a text has its quotes, so that it is not taken for a number. */
export const seen = (given: unknown): string => {
  if (typeof given !== "string" && (typeof given !== "object" || given === null)) return String(given)
  try {
    return JSON.stringify(given).slice(0, 80)
  } catch {
    return Object.prototype.toString.call(given)
  }
}
