// A run that is killed again and again, at random moments, and goes on: each of its letters goes out once.
import { Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import * as Local from "@volley/durable/Local"
import { OpenAiResponses } from "@volley/openai"
import { type Script, Simulator } from "@volley/simulator"
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const names = ["Ada", "Bob", "Cyd", "Dan", "Eve"]

/** The outside world: a line for each letter, which no process takes back. */
const linesOf = (post: string) => existsSync(post) ? readFileSync(post, "utf8").split("\n").filter(Boolean) : []

/** No read and not idempotent, so it is never run twice; the post office can say whether a letter went out. */
const sendLetter = (post: string) =>
  Tool.reconcile(
    Tool.make("send_letter", {
      description: "Sends a letter. `to` comes from the user.",
      parameters: Schema.Struct({ to: Schema.String }),
      success: Schema.String,
      execute: ({ to }, { idempotencyKey }) =>
        Effect.sync(() => appendFileSync(post, `${idempotencyKey} ${to}\n`)).pipe(
          Effect.as("sent"),
          Effect.delay("100 millis")
        )
    }),
    (_, key) =>
      Effect.sync(() => linesOf(post).some((line) => line.startsWith(key)) ? Option.some("sent") : Option.none())
  )

/** The program that is killed. It says when it is up, and what the run came to. */
const child = (folder: string, baseUrl: string) => {
  const toolkit = Toolkit.make(sendLetter(join(folder, "post.txt")))
  const letters = Durable.agent("letters", { toolkit })
  const model = OpenAiResponses.layer({ model: "gpt-5.4", apiKey: Redacted.make("simulated"), baseUrl })
  const runner = letters.layer.pipe(
    Layer.provide(model),
    Layer.provideMerge(Local.layer({ file: join(folder, "runs.db") }))
  )
  return Effect.gen(function*() {
    const run = yield* letters.start({ runId: "letters-1", prompt: `Write to ${names.join(", ")}.` })
    console.log("up")
    console.log((yield* run.await).answer)
  }).pipe(Effect.provide(runner))
}

/** One letter a turn. */
const script: Script.Script = {
  wants: (seen) => names.slice(0, seen.length + 1).map((to) => ({ name: "send_letter", arguments: { to } })),
  answer: (seen) => `${seen.length} letters: ${seen.map(({ result }) => result).join(", ")}.`
}

/** Starts the program, and kills it within a third of a second of its being up where it is to be; gives what it said. */
const play = async (folder: string, baseUrl: string, isKilled: boolean) => {
  const started = spawn(process.execPath, [import.meta.filename, folder, baseUrl], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  let said = ""
  started.stdout.setEncoding("utf8").on("data", (text) => {
    if (said === "" && isKilled) setTimeout(() => started.kill("SIGKILL"), Math.random() * 300)
    said += text
  })
  await once(started, "close")
  return { said: said.split("\n"), signal: started.signalCode }
}

const main = Effect.gen(function*() {
  const { openai } = yield* Simulator.serve({ script: () => script })
  const folder = mkdtempSync(join(tmpdir(), "letters-"))
  yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
  let kills = 0
  let last = yield* Effect.promise(() => play(folder, openai, true))
  while (last.signal === "SIGKILL") {
    kills += 1
    last = yield* Effect.promise(() => play(folder, openai, kills < 3))
  }
  console.log(`killed ${kills} times`)
  console.log(last.said[1])
  console.log(`went out: ${linesOf(join(folder, "post.txt")).map((line) => line.split(" ")[1]).join(", ")}`)
})

const [folder, baseUrl] = process.argv.slice(2)
if (folder !== undefined && baseUrl !== undefined) await Effect.runPromise(child(folder, baseUrl))
else await Effect.runPromise(Effect.scoped(main))
// => 5 letters: "sent", "sent", "sent", "sent", "sent".
// => went out: Ada, Bob, Cyd, Dan, Eve
