/**
 * The copies of an SDK that are there: the one that is installed, as a module and as CommonJS; and where a folder says so,
 * others beside it.
 */
import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

/** A copy of an SDK; `load` gives what it exports. */
export interface Copy {
  readonly name: string
  readonly load: () => Promise<unknown>
}

/**
 * The folder with other versions, each installed under the name of its package, `-` and a word; `scripts/sdks.ts` makes it.
 *
 * - `words`: those words
 */
const others = { folder: process.env["VOLLEY_SDKS"], words: ["oldest", "newest"] }

const require = createRequire(import.meta.url)

/** All copies of an SDK. */
export const copiesOf = (sdk: string): ReadonlyArray<Copy> => [
  { name: "installed, a module", load: () => import(sdk) },
  { name: "installed, CommonJS", load: async () => require(sdk) },
  ...(others.folder === undefined ? [] : others.words.flatMap((word) => beside(others.folder ?? "", word, sdk)))
]

const beside = (folder: string, word: string, sdk: string): ReadonlyArray<Copy> => {
  const name = `${sdk.replace(/^@/, "").replace("/", "-")}-${word}`
  const load = async (file: string): Promise<unknown> => {
    const loader: { readonly load: (name: string) => unknown } = await import(
      /* @vite-ignore */ pathToFileURL(join(folder, "node_modules/load", file)).href
    )
    return loader.load(name)
  }
  return [
    { name: `${word}, a module`, load: () => load("module.mjs") },
    { name: `${word}, CommonJS`, load: () => load("common.cjs") }
  ]
}

/** Makes an object of a class that a copy exports. */
export const construct = (sdk: unknown, name: string, ...args: ReadonlyArray<unknown>): unknown => {
  const found: unknown = Object(sdk)[name] ?? Object(Object(sdk)["default"])[name]
  if (typeof found !== "function") throw new Error(`the SDK has no ${name}`)
  return Reflect.construct(found, [...args])
}
