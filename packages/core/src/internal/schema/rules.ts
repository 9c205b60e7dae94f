/**
 * The rules of a strict mode, which takes none but closed objects.
 *
 * - `keywords`: those that it knows
 * - `required`: whether every property has to be required
 * - `typed`: whether every value has to be of some type
 * - `recursive`: whether a schema may contain itself
 * - `formats`: those of texts that it knows; all when left out
 */
export interface Rules {
  readonly keywords: ReadonlySet<string>
  readonly required: boolean
  readonly typed: boolean
  readonly recursive: boolean
  readonly formats?: ReadonlySet<string> | undefined
}
