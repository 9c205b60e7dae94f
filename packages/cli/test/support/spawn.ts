import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import { fileURLToPath } from "node:url"

// Node keeps there what it has compiled, so that the next process starts in two thirds of the time.
const compiled = fileURLToPath(new URL("../../../../node_modules/.cache/volley", import.meta.url))
const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

/**
 * What a process is given.
 *
 * - `env`: beside the path, all that it sees of the environment
 * - `input`: its standard input, which is empty by default
 */
export interface Given {
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly input?: string | Iterable<string> | undefined
  readonly cwd?: string | undefined
}

/** How a process ended; `code` is null where it had to be killed. */
export interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
}

/** Starts the command line as a process of its own, which is killed when it takes too long. */
export const start = (args: ReadonlyArray<string>, { cwd, env, input = "" }: Given = {}) => {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", NODE_COMPILE_CACHE: compiled, ...env },
    timeout: 500_000,
    killSignal: "SIGKILL"
  })
  const text = { stdout: "", stderr: "" }
  child.stdout.setEncoding("utf8").on("data", (chunk) => text.stdout += chunk)
  child.stderr.setEncoding("utf8").on("data", (chunk) => text.stderr += chunk)
  // A process that ends before it has read everything breaks the pipe.
  child.stdin.on("error", () => {})
  Readable.from(typeof input === "string" ? [input] : input).pipe(child.stdin)
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ ...text, code })))
  return { child, ended }
}

/** Runs the command line to its end. */
export const volley = (args: ReadonlyArray<string>, given?: Given): Promise<Ended> => start(args, given).ended

/** Starts `volley simulate`; gives the base URLs it prints, and stops it afterwards. */
export const withSimulator = async <A>(
  args: ReadonlyArray<string>,
  use: (urls: { readonly openai: string; readonly anthropic: string }, stop: () => void) => Promise<A>
): Promise<A> => {
  const { child, ended } = start(["simulate", ...args])
  try {
    const [line] = await once(createInterface(child.stdout), "line")
    return await use(JSON.parse(String(line)), () => child.kill("SIGTERM"))
  } finally {
    child.kill("SIGTERM")
    await ended
  }
}
