/**
 * The one place where the command line writes.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Console } from "node:console"
import { fstatSync, writeSync } from "node:fs"
import { format } from "node:util"
import { UserError, whyOf } from "./UserError.ts"

/**
 * What the command line writes to.
 *
 * - `print`: the result of a command to standard output; to standard error where that takes nothing
 * - `paint`: the same for a picture that has styles, and nothing from outside in it but what is `visible`
 * - `page`: what is there to paint on
 * - `styled`, `terminal`: take the styles of a terminal as they are, for texts that have nothing from outside in them but what
 *   is `visible`
 * - `settled`: fails where standard output did not take something
 */
export class Screen extends Context.Service<Screen, {
  readonly print: (text: string) => Effect.Effect<void, UserError>
  readonly paint: (text: string) => Effect.Effect<void, UserError>
  readonly page: Page
  readonly styled: Console
  readonly terminal: Terminal
  readonly settled: Effect.Effect<void, UserError>
}>()("@volley/cli/Screen") {}

/**
 * The size of a terminal, in characters, and whether it wants colours.
 *
 * - no size where it is none
 */
export interface Page {
  readonly columns?: number | undefined
  readonly rows?: number | undefined
  readonly colour?: boolean | undefined
}

/** Where pictures are drawn: standard error, in the tests something else. */
export interface Terminal extends Page {
  readonly isTTY?: boolean | undefined
  readonly write: (text: string) => unknown
}

/**
 * Spells out what a terminal would not show but obey, or not show at all, so that a text cannot look like another one.
 *
 * - JSON stays JSON of the same value
 */
export const visible = (text: string): string =>
  text.replaceAll(/(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, spelled)

/** The same for texts of several lines. */
export const visibleLines = (text: string): string => text.split("\n").map(visible).join("\n")

/** Leaves out what is behind so many characters. */
export const shorten = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`

const spelled = (char: string): string =>
  char.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")

/**
 * Takes standard output and standard error over: what is written there from then on, by whatever means, is made visible.
 */
export const take: Effect.Effect<Screen["Service"]> = Effect.sync(() => {
  const { stderr, stdout } = process
  const [out, error] = [writerOf(stdout, 1), writerOf(stderr, 2)]
  let failure: unknown
  let last = Promise.resolve()
  const write = (text: string): Promise<void> => {
    const written = out(text).catch((problem: unknown) => failure ??= problem)
    return last = Promise.all([last, written]).then(() => {})
  }
  stdout.write = guarded(write)
  stderr.write = guarded(error)
  globalThis.console = new Console({ stdout, stderr, colorMode: false })
  return {
    print: (text) => print(visibleLines(text), out, error),
    paint: (text) => print(text, out, error),
    page: pageOf(stdout),
    styled: { ...globalThis.console, log: (...args: ReadonlyArray<unknown>) => void write(`${format(...args)}\n`) },
    terminal: {
      isTTY: stderr.isTTY,
      ...pageOf(stderr),
      get columns() {
        return stderr.columns
      },
      get rows() {
        return stderr.rows
      },
      write: (text) => void error(text).catch(() => {})
    },
    settled: Effect.flatMap(
      Effect.promise(() => last),
      () => failure === undefined ? Effect.void : unwritten(failure, "")
    )
  }
})

/** By the convention of https://no-color.org. */
const pageOf = ({ columns, isTTY, rows }: NodeJS.WriteStream): Page => {
  const { NO_COLOR: no = "", TERM: term } = process.env
  return isTTY === true ? { columns, rows, colour: no === "" && term !== "dumb" } : {}
}

/** The results may have cost money: they are written wherever something can be written. */
const print = (text: string, out: Write, error: Write): Effect.Effect<void, UserError> =>
  Effect.tryPromise(() => out(text)).pipe(
    Effect.catch(({ cause: problem }) =>
      Effect.andThen(
        Effect.promise(() => error(text).catch(() => {})),
        unwritten(problem, "; what it should have taken stands above")
      )
    )
  )

const unwritten = (problem: unknown, more: string) =>
  new UserError({ message: `cannot write to standard output: ${whyOf(problem)}${more}`, exitCode: 1 })

/** Writes a whole text, or fails. */
type Write = (text: string) => Promise<void>

const writerOf = (stream: NodeJS.WriteStream, fd: number): Write => {
  const write = stream.write.bind(stream)
  // The writer gets the error.
  stream.on("error", () => {})
  if ("fd" in stream && stream.fd === fd && !stream.isTTY && isFile(fd)) {
    return async (text) => writeFile(fd, Buffer.from(text))
  }
  return (text) => new Promise((resolve, reject) => write(text, (problem) => problem ? reject(problem) : resolve()))
}

const isFile = (fd: number): boolean => {
  const stat = fstatSync(fd)
  return stat.isFile() || stat.isCharacterDevice()
}

/** Node's own stream to a file takes the part that a full disk had room for as all of it. */
const writeFile = (fd: number, bytes: Buffer): void => {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
}

/** A `write` of streams that makes visible what it is given. */
const guarded = (write: Write): NodeJS.WriteStream["write"] => {
  const decoder = new TextDecoder()
  return (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((problem?: Error | null) => void),
    done: ((problem?: Error | null) => void) | undefined = typeof encoding === "function" ? encoding : undefined
  ) => {
    const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true })
    write(visibleLines(text)).then(() => done?.(), done)
    return true
  }
}
