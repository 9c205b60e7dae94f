/**
 * Runs the command line of the public conformance suite again and again in one process, since most of the time of a run goes
 * by with loading it:
 *
 *     fork("conformanceSuite.ts", ["<the command line>"])
 *
 * Takes the arguments of a run as a message, and answers with its exit code and its last lines.
 */
import { pathToFileURL } from "node:url"

const [node = "", , suite = ""] = process.argv

let said = ""
for (const stream of [process.stdout, process.stderr]) {
  Object.defineProperty(stream, "write", { value: (chunk: unknown) => (said += String(chunk)).length > 0 })
}

let end: (code: number) => void = () => {}
// The suite goes on behind its exit here: the first code that it gives is the one that its process would have ended with.
Object.defineProperty(process, "exit", { value: (code: number) => end(code) })

let runs = 0
const run = (args: ReadonlyArray<string>): Promise<number> => {
  const ended = Promise.withResolvers<number>()
  said = ""
  end = ended.resolve
  process.argv = [node, suite, ...args]
  // Under another name the module is evaluated anew, and what it imports is not.
  import(`${pathToFileURL(suite).href}?${++runs}`).catch(ended.reject)
  return ended.promise
}

process.on("message", (args) => {
  void run(Array.isArray(args) ? args.map(String) : []).then((code) =>
    process.send?.({ code, said: said.slice(-8000) })
  )
})
