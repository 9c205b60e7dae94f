import { format } from "effect/Formatter"

/** What was given, as a message shows it; a text has its quotes, so that it is not taken for a number. */
export const seen = (given: unknown): string => format(given).slice(0, 80)
