import * as Data from "effect/Data"

/**
 * A law that a user's tools break.
 *
 * - `why`: how one can tell, on the smallest case that was found
 * - `timeline`: what became of the calls of that case
 * - `seed`: finds the same again
 */
export class Violation extends Data.TaggedError("Violation")<{
  readonly law: string
  readonly says: string
  readonly why: string
  readonly timeline: string
  readonly seed: string | number
  readonly runs: number
}> {
  override get message(): string {
    const { law, runs, says, seed, timeline, why } = this
    const seen = timeline === "" ? "" : `\n\n${timeline.replaceAll(/^/gm, "  ")}`
    return `The law "${law}" does not hold. ${says}\n${why}${seen}\n\nFound in case ${runs}; replay it with { seed: ${
      JSON.stringify(seed)
    } }.`
  }
}

/** The tools say too little of their arguments to draw calls for them. */
export class NoCases extends Data.TaggedError("NoCases")<{ readonly discards: number }> {
  override get message(): string {
    return `No valid calls could be drawn from the schemas of these tools (${this.discards} were refused): state what the ` +
      "parameters must be in their schema, and not in a filter."
  }
}
