/**
 * Modules of users, which the command line imports as they are.
 */
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { UserError } from "./UserError.ts"

/** What a file is for: the flag that names it, and what it holds. */
export interface Purpose {
  readonly flag: string
  readonly what: string
}

/** A file that is imported; `works` are the kinds that every Node loads. */
export interface Imported extends Purpose {
  readonly works: string
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
export const load = Effect.fnUntraced(function*(file: string, purpose: Imported): Effect.fn.Return<unknown, UserError> {
  const path = yield* pathOf(file, purpose)
  const module: unknown = yield* Effect.tryPromise({
    try: () => import(pathToFileURL(path).href),
    catch: (error) =>
      unusable(`cannot load the ${purpose.what} ${file}${lineIn(error, path)}: ${explain(error, purpose)}`)
  })
  return get(module, "default")
})

/** Where in a file an error comes from, as far as that is known. */
const lineIn = (error: unknown, path: string): string => {
  const stack = error instanceof Error ? error.stack ?? "" : ""
  const line = lineAfter(stack, pathToFileURL(path).href) ?? lineAfter(stack, path)
  return line ?? (error instanceof SyntaxError ? lineAfter(checked(path), path) : undefined) ?? ""
}

const lineAfter = (text: string, path: string): string | undefined => /^:\d+/.exec(text.split(path)[1] ?? "")?.[0]

/** An error of syntax in JavaScript does not say its line, but what Node prints of it does. */
const checked = (path: string): string => spawnSync(process.execPath, ["--check", path], { encoding: "utf8" }).stderr

const explain = (error: unknown, { works }: Imported): string => {
  if (!(error instanceof Error)) return String(error)
  if (get(error, "code") === "ERR_UNKNOWN_FILE_EXTENSION") {
    return `${error.message}. Node 22.18 or later loads .ts files, and this is ${process.version}: give a ${works} file`
  }
  return error.message.includes("strip-only mode")
    ? `${error.message}. Node runs TypeScript without compiling it: use a union or an object instead`
    : error.message
}

/** Reads a key of what may be no object at all. */
export const get = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined

const unusable = (message: string) => new UserError({ message, exitCode: 2 })
