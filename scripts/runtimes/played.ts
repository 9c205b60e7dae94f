/** What a runtime printed, and which it says it is. */
export interface Played {
  readonly version: string
  readonly lines: ReadonlyArray<string>
}
