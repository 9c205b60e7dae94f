/**
 * MCP over stdio: a real server, and one that answers with ids that were never sent.
 */
import { Batch, ToolCall } from "@volley/core"
import { Mcp } from "@volley/mcp"
import { Effect, Exit, Result, Scope } from "effect"
import { fileURLToPath } from "node:url"
import { handles, left, type Soak, steady, wrong } from "./figures.ts"

const everything: Mcp.Command = {
  name: "everything",
  command: fileURLToPath(new URL("../../node_modules/.bin/mcp-server-everything", import.meta.url)),
  args: ["stdio"],
  prefix: "",
  parallel: true
}

const liar: Mcp.Command = {
  name: "liar",
  command: process.execPath,
  args: [fileURLToPath(new URL("liar.ts", import.meta.url))],
  prefix: "",
  parallel: true
}

/** Calls `echo` of a server, twenty at once, and ends it; each has to be answered by what it said. */
const echoing = async (server: Mcp.Command, total: number, tell: (done: number) => void) => {
  const before = handles()
  const scope = await Effect.runPromise(Scope.make())
  const { toolkit } = await Effect.runPromise(Scope.provide(Mcp.connect(server), scope))
  let [all, bad] = [0, 0]
  const figures = await steady({ name: `calls of the server ${server.name}`, total, each: 20, tell }, async (times) => {
    for (let time = 0; time < times; time++) {
      const asked = Array.from(
        { length: 20 },
        (_, index) =>
          ToolCall.make({ id: `call_${index}`, name: "echo", arguments: { message: `${time} ${index}` }, index })
      )
      const { outcomes } = await Effect.runPromise(Batch.run(toolkit, asked))
      all += 20
      bad += outcomes.filter(({ result }, at) => Result.getOrElse(result, () => "") !== `Echo: ${time} ${at}`).length
    }
  })
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await new Promise((resolve) => setTimeout(resolve, 100))
  return [
    ...figures.slice(0, -1),
    { ...left(before), what: `handles left of the server ${server.name}` },
    wrong(`calls of the server ${server.name} with another answer`, bad, all)
  ]
}

/** Two thousand calls of `server-everything`, from its start to its end. */
export const mcp: Soak = (scale, tell) => echoing(everything, 2000 * scale, tell)

/** As many of a server that sends a hundred stray answers before each of its own. */
export const ids: Soak = (scale, tell) => echoing(liar, 2000 * scale, tell)
