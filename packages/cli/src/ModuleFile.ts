/**
 * Modules of users, which the command line imports as they are.
 */
import * as Effect from "effect/Effect"
import { statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { UserError } from "./UserError.ts"

/** What a file is for: the flag that names it, and what it holds. */
export interface Purpose {
  readonly flag: string
  readonly what: string
}

/** The whole path of a file that is there. */
export const pathOf = (file: string, { flag }: Purpose): Effect.Effect<string, UserError> =>
  Effect.suspend(() => {
    const path = resolve(file)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return unusable(`there is no file ${file} (looked in ${dirname(path)})`)
    return found.isDirectory() ? unusable(`"${file}" is a folder: ${flag} takes a file`) : Effect.succeed(path)
  })

/** The default export of a module; `undefined` where it has none. */
export const load = Effect.fnUntraced(function*(file: string, purpose: Purpose): Effect.fn.Return<unknown, UserError> {
  const { href } = pathToFileURL(yield* pathOf(file, purpose))
  const module: unknown = yield* Effect.tryPromise({
    try: () => import(href),
    catch: (error) => error
  }).pipe(
    Effect.catch((error) =>
      unusable(`cannot load the ${purpose.what} ${file}${lineIn(error, href)}: ${explain(error)}`)
    )
  )
  return get(module, "default")
})

/** Where in a file an error comes from, as far as it says so. */
const lineIn = (error: unknown, href: string): string => {
  const [, after] = error instanceof Error ? (error.stack ?? "").split(href) : []
  return /^:\d+/.exec(after ?? "")?.[0] ?? ""
}

const explain = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.message.includes("strip-only mode")
    ? `${error.message}. Node runs TypeScript without compiling it: use a union or an object instead`
    : error.message
}

/** Reads a key of what may be no object at all. */
export const get = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined

const unusable = (message: string) => new UserError({ message, exitCode: 2 })
