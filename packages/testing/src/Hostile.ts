/**
 * JSON from an attacker, or from a broken connection: for tests of parsers.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

/** Changes of one value in a text of JSON, by name: the text that is put in its place. */
const values = {
  "null": "null",
  "true": "true",
  "a negative number": "-1",
  "a fraction": "0.5",
  "a number too large": "1e999",
  "a number of 400 digits": "9".repeat(400),
  "an empty text": "\"\"",
  "a lone surrogate": "\"\\ud800\"",
  "NUL": "\"\\u0000\"",
  "a byte order mark": "\"\\ufeff\"",
  "a very long text": `"${"x".repeat(50_000)}"`,
  "JSON in a text": "\"{\\\"a\\\":1e999,\\\"__proto__\\\":{\\\"polluted\\\":true}}\"",
  "JSON nested deep in a text": `"${"[".repeat(10_000)}${"]".repeat(10_000)}"`,
  "an empty list": "[]",
  "an empty object": "{}",
  "lists, 10000 levels deep": "[".repeat(10_000) + "]".repeat(10_000),
  "objects, 10000 levels deep": "{\"a\":".repeat(10_000) + "0" + "}".repeat(10_000),
  "lists, 500 levels deep": "[".repeat(500) + "]".repeat(500),
  "__proto__": "{\"__proto__\":{\"polluted\":true}}",
  "constructor.prototype": "{\"constructor\":{\"prototype\":{\"polluted\":true}}}",
  "the names of methods": "{\"toString\":1,\"valueOf\":1,\"toJSON\":1,\"then\":1,\"length\":-1,\"hasOwnProperty\":1}"
} as const

/** Changes of a place: what stood there is gone, stands twice, goes by another key, or stands in a list. */
const places = ["absent", "twice", "twice, the second time otherwise", "under the key __proto__", "in a list"] as const

const isValue = (kind: string): kind is keyof typeof values => Object.hasOwn(values, kind)

type Kind = keyof typeof values | typeof places[number]

const kinds: ReadonlyArray<Kind> = [...Object.keys(values).filter(isValue), ...places]

const Change = Schema.Struct({
  at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9_999 })),
  kind: Schema.Literals(kinds)
})

/** Damage to the text as a whole, after which it may be no JSON any more; half of the texts have none. */
const Damage = Schema.Struct({
  at: Change.fields.at,
  kind: Schema.Union([
    Schema.Literal("none"),
    Schema.Literals(["cut off", "a byte order mark before it", "a NUL inside", "random bytes", "all twice"])
  ]),
  bytes: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))
})

/** A hostile text; only `changes` are printed, since the rest may be long. */
export class Case {
  readonly changes: ReadonlyArray<string>
  readonly #bytes: () => Uint8Array

  constructor(changes: ReadonlyArray<string>, bytes: () => Uint8Array) {
    this.changes = changes
    this.#bytes = bytes
  }
  get bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes())
  }
  get text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#bytes())
  }
  /** Throws where the text was damaged. */
  get value(): unknown {
    return JSON.parse(this.text)
  }
}

/**
 * JSON like a sample, with one to three of its values replaced by something rare, absurd or harmful; always valid JSON.
 *
 * - nested 10,000 levels deep, lone surrogates, keys given twice, numbers beyond any, NUL, `__proto__`, very long texts
 *
 * @example
 * ```ts
 * import { Hostile } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const hostile = Hostile.json({ city: "Tokyo" })
 * const checked = Arbitrary.checkEffect(hostile, ({ text }) => typeof JSON.parse(text) !== "function", { seed: 1 })
 * console.log((await Effect.runPromise(checked))._tag) // => Passed
 * ```
 */
export const json = (sample: Schema.Json): Arbitrary.Arbitrary<Case> => {
  const paths = pathsOf(sample)
  return Arbitrary.map(Arbitrary.array(Arbitrary.schema(Change), { minLength: 1, maxLength: 3 }), (changes) => {
    return caseOf(sample, new Map(changes.map(({ at, kind }) => [paths[at % paths.length] ?? "", kind])))
  })
}

/**
 * Every change of one value of a sample, for samples of a few values.
 *
 * @example
 * ```ts
 * import { Hostile } from "@volley/testing"
 *
 * console.log(Hostile.every({ city: "Tokyo" }).length > 10) // => true
 * ```
 */
export const every = (sample: Schema.Json): ReadonlyArray<Case> =>
  pathsOf(sample).flatMap((path) => kinds.map((kind) => caseOf(sample, new Map([[path, kind]]))))

const caseOf = (sample: Schema.Json, edits: ReadonlyMap<string, Kind>): Case =>
  new Case(
    Array.from(edits, ([path, kind]) => `${path || "the whole"}: ${kind}`),
    () => new TextEncoder().encode(write(sample, "", edits))
  )

/**
 * The same, where the text itself may be damaged: cut off, with a byte order mark, NUL or random bytes in it.
 *
 * @example
 * ```ts
 * import { Hostile } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const [one] = await Effect.runPromise(Arbitrary.sampleEffect(Hostile.text({ city: "Tokyo" }), { count: 1, seed: 1 }))
 * console.log(typeof one?.text) // => string
 * ```
 */
export const text = (sample: Schema.Json): Arbitrary.Arbitrary<Case> => damaged(json(sample))

/**
 * A text that is not JSON as a whole, such as the events of a stream, with damage to the text only.
 *
 * @example
 * ```ts
 * import { Hostile } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const [one] = await Effect.runPromise(Arbitrary.sampleEffect(Hostile.raw("data: 1\n\n"), { count: 1, seed: 1 }))
 * console.log(typeof one?.text) // => string
 * ```
 */
export const raw = (sample: string): Arbitrary.Arbitrary<Case> =>
  damaged(Arbitrary.Constant(new Case([], () => new TextEncoder().encode(sample))))

const damaged = (cases: Arbitrary.Arbitrary<Case>): Arbitrary.Arbitrary<Case> =>
  Arbitrary.map(
    Arbitrary.all([cases, Arbitrary.schema(Damage)]),
    ([{ bytes, changes }, damage]) =>
      new Case([...changes, `${damage.kind} at ${damage.at}`], () => damageTo(bytes, damage))
  )

/**
 * Gives the names that were added to a prototype; empty if there are none.
 *
 * @example
 * ```ts
 * import { Hostile } from "@volley/testing"
 *
 * JSON.parse(`{"__proto__":{"admin":true}}`) // harmless as such; what copies it key by key may not be
 * console.log(Hostile.pollution()) // => []
 * ```
 */
export const pollution = (): ReadonlyArray<string> =>
  [{}, [], () => {}, "", 0].flatMap((value) => {
    const names: Array<string> = []
    for (const name in Object.getPrototypeOf(value)) names.push(name)
    return names
  })

/** Every place in a value, by its path. */
const pathsOf = (json: Schema.Json, path = ""): ReadonlyArray<string> => [
  path,
  ...(typeof json === "object" && json !== null
    ? Object.entries(json).flatMap(([key, inside]) => pathsOf(inside, `${path}/${key}`))
    : [])
]

const write = (json: Schema.Json, path: string, edits: ReadonlyMap<string, Kind>): string => {
  const kind = edits.get(path)
  if (kind !== undefined && isValue(kind)) return values[kind]
  const written = typeof json === "object" && json !== null ? writeInside(json, path, edits) : JSON.stringify(json)
  return kind === "in a list" ? `[${written}]` : written
}

const writeInside = (
  json: Schema.JsonObject | Schema.JsonArray,
  path: string,
  edits: ReadonlyMap<string, Kind>
): string => {
  const entries = Object.entries(json).flatMap(([key, inside]) =>
    entriesOf(JSON.stringify(key), write(inside, `${path}/${key}`, edits), edits.get(`${path}/${key}`))
  )
  return Array.isArray(json)
    ? `[${entries.map(([, value]) => value).join(",")}]`
    : `{${entries.map(([key, value]) => `${key}:${value}`).join(",")}}`
}

const entriesOf = (key: string, value: string, kind: Kind | undefined): ReadonlyArray<readonly [string, string]> => {
  switch (kind) {
    case "absent":
      return []
    case "twice":
      return [[key, value], [key, value]]
    case "twice, the second time otherwise":
      return [[key, value], [key, "\"otherwise\""]]
    case "under the key __proto__":
      return [["\"__proto__\"", value]]
    default:
      return [[key, value]]
  }
}

const damageTo = (bytes: Uint8Array, { at, bytes: random, kind }: typeof Damage.Type): Uint8Array => {
  const place = at % Math.max(1, bytes.length)
  const put = (more: Iterable<number>) => Uint8Array.from([...bytes.slice(0, place), ...more, ...bytes.slice(place)])
  switch (kind) {
    case "none":
      return bytes
    case "cut off":
      return bytes.slice(0, place)
    case "a byte order mark before it":
      return Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes])
    case "a NUL inside":
      return put([0])
    case "random bytes":
      return put(random)
    case "all twice":
      return Uint8Array.from([...bytes, ...bytes])
  }
}
