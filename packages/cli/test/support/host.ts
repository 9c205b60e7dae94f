/**
 * Runs the command line again and again in one process, since most of the time of a short one goes by with loading modules.
 */
import * as Schema from "effect/Schema"
import { Readable, Writable } from "node:stream"
import { main } from "../../src/Program.ts"

/** What a host is asked to run. */
export const Job = Schema.Struct({
  args: Schema.Array(Schema.String),
  env: Schema.Record(Schema.String, Schema.String),
  cwd: Schema.String,
  input: Schema.String
})
export type Job = typeof Job.Type

/** Keeps what is written; whoever asked hears at once of the first line, which a server writes when it is there. */
const kept = (onLine: (line: string) => void = () => {}) => {
  let text = ""
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _, done) => {
      text += String(chunk)
      if (text.indexOf("\n") >= text.length - String(chunk).length) onLine(text)
      done()
    }
  })
  return { stream, text: () => text }
}

const set = (name: "env" | "exitCode" | "stdin" | "stdout" | "stderr", value: unknown) =>
  Object.defineProperty(process, name, { value, configurable: true, writable: true })

/** What is of the process is the job's own for as long as it lasts. */
const run = ({ args, cwd, env, input }: Job) => {
  const [stdout, stderr] = [kept((line) => process.send?.({ line })), kept()]
  process.chdir(cwd)
  set("env", { ...env })
  set("stdin", Readable.from([Buffer.from(input)]))
  set("stdout", stdout.stream)
  set("stderr", stderr.stream)
  process.exitCode = undefined
  process.removeAllListeners("uncaughtException")
  const ended = new Promise<number>((resolve) => main(args, resolve))
  return ended.then((code) => ({ stdout: stdout.text(), stderr: stderr.text(), code }))
}

process.on("message", (message) => {
  if (message === "stop") return void process.emit("SIGTERM", "SIGTERM")
  void run(Schema.decodeUnknownSync(Job)(message)).then((ended) => process.send?.({ ended }))
})

// What a tool left behind does not keep it.
process.on("disconnect", () => process.exit())
