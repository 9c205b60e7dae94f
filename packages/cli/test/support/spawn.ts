import { fork, spawn } from "node:child_process"
import { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import { bundleOf } from "../../../../test/bundles.ts"
import type { Job } from "./host.ts"

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The file that is the command line, as a user of the repository starts it. */
export const main = file("../../src/main.ts")

/** The same in one file, which starts in a third of the time; its toolkits are those of `bundleOf`. */
export const bundled = bundleOf("main")

// The tests' configuration says where Node keeps what it has compiled.
export const always = {
  PATH: process.env["PATH"] ?? "",
  NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? ""
}

/** No test waits for this: it ends what hangs, on however slow a machine. */
const hangs = 500_000

/**
 * What a process is given.
 *
 * - `env`: beside the path, all that it sees of the environment
 * - `input`: its standard input, which is empty by default
 * - `program`: the file that is the command line, which is the bundle by default
 */
export interface Given {
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly input?: string | Iterable<string> | undefined
  readonly cwd?: string | undefined
  readonly program?: string | undefined
}

/** How a process ended; `code` is null where it had to be killed. */
export interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
}

/** Starts the command line as a process of its own, which is killed when it hangs. */
export const start = (args: ReadonlyArray<string>, { cwd, env, input = "", program = bundled }: Given = {}) => {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...always, ...env },
    timeout: hangs,
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

/** Runs the command line to its end, as a process of its own. */
export const volleyProcess = (args: ReadonlyArray<string>, given?: Given): Promise<Ended> => start(args, given).ended

/** What a host says: the first line that a job printed, and how it ended. */
interface Said {
  readonly line?: string
  readonly ended?: Ended
}

/** A process that runs one job after the other. */
const hostOf = () => {
  const child = fork(bundleOf("host"), { env: always, execArgv: [] })
  child.unref()
  child.channel?.unref()
  let last: Promise<unknown> = Promise.resolve()
  const run = (job: Job, onLine: (line: string) => void) =>
    new Promise<Ended>((resolve, reject) => {
      const off = () => child.off("exit", died).off("message", hear)
      const died = () => {
        off()
        reject(new Error(`the host ended at ${job.args.join(" ")}`))
      }
      const hear = ({ ended, line }: Said) => {
        if (line !== undefined) onLine(line)
        if (ended === undefined) return
        off()
        resolve(ended)
      }
      child.on("exit", died).on("message", hear)
      child.send(job)
    })
  const host = {
    waiting: 0,
    run: (job: Job, onLine: (line: string) => void = () => {}): Promise<Ended> => {
      host.waiting += 1
      const ended = last.then(() => run(job, onLine)).finally(() => host.waiting -= 1)
      last = ended.catch(() => {})
      return ended
    },
    stop: () => child.send("stop")
  }
  return host
}

type Hosts = Array<ReturnType<typeof hostOf>>

/** What is there of them in each file of tests: two that run what ends, and as many as are needed that serve. */
const [running, serving]: [Hosts, Hosts] = [[], []]

const freeOf = (hosts: Hosts, most: number) => {
  const free = hosts.find(({ waiting }) => waiting === 0)
  if (free !== undefined) return free
  if (hosts.length < most) hosts.push(hostOf())
  return hosts.reduce((one, other) => one.waiting <= other.waiting ? one : other)
}

const jobOf = (args: ReadonlyArray<string>, { cwd = process.cwd(), env = {}, input = "" }: Given = {}): Job => ({
  args,
  cwd,
  env: { ...always, ...env },
  input: typeof input === "string" ? input : Array.from(input).join("")
})

/** Runs the command line to its end, in a process that may have run it before: what is not of the process itself. */
export const volley = (args: ReadonlyArray<string>, given?: Given): Promise<Ended> =>
  freeOf(running, 2).run(jobOf(args, given))

/** Serves with `volley simulate`, in such a process too; gives the base URLs it prints, and stops it afterwards. */
export const withSimulator = async <A>(
  args: ReadonlyArray<string>,
  use: (urls: { readonly openai: string; readonly anthropic: string }, stop: () => void) => Promise<A>
): Promise<A> => {
  const host = freeOf(serving, Infinity)
  const line = Promise.withResolvers<string>()
  const ended = host.run(jobOf(["simulate", ...args]), line.resolve)
  try {
    return await use(JSON.parse(await line.promise), host.stop)
  } finally {
    host.stop()
    await ended
  }
}
