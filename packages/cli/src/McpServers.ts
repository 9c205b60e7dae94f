/**
 * MCP servers that stand on the command line: each a command that starts one, or a URL.
 */
import type * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Transport from "@volley/core/Transport"
import type { McpTool, Options } from "@volley/mcp/Mcp"
import type { McpError } from "@volley/mcp/McpError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { UserError } from "./UserError.ts"
import * as Wires from "./Wires.ts"

/** Adds the tools of servers to a toolkit, under the servers' own names; what is no read there wants approval. */
export const addTo = Effect.fnUntraced(function*<T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  commands: ReadonlyArray<string>
): Effect.fn.Return<Toolkit.Toolkit<T | McpTool>, UserError, Scope.Scope> {
  if (commands.length === 0) return toolkit
  const { connectAll } = yield* Effect.promise(() => import("@volley/mcp/Mcp"))
  const servers = yield* Effect.forEach(commands, (line, index) => serverOf(line, nameOf(index)))
  const { failed, toolkit: theirs } = yield* connectAll(servers)
  if (failed.length > 0) return yield* unusable(failed.map((error) => explain(commands, error)).join("; "))
  return yield* Effect.try({
    try: () => Toolkit.merge<T, McpTool>(toolkit, theirs),
    catch: (error) => unusable(`--mcp: ${error instanceof Error ? error.message : String(error)}`)
  })
})

/** Models see a server by its number: its command line may hold secrets. */
const nameOf = (index: number): string => `${index + 1}`

const explain = (commands: ReadonlyArray<string>, { reason, server }: McpError): string => {
  const line = commands.find((_, index) => nameOf(index) === server)
  const shown = Transport.quoted(line ?? "")
  return reason._tag === "NamesTaken"
    ? `--mcp "${shown}": its tools ${reason.names.join(", ")} are those of another server; leave one of the two out`
    : `--mcp "${shown}": ${reason.message}`
}

const serverOf = (line: string, name: string): Effect.Effect<Options, UserError> => {
  if (/^https?:\/\//i.test(line)) return Effect.succeed({ ...common(name), url: line })
  const [command, ...args] = wordsOf(line)
  return command === undefined || command === ""
    ? unusable("--mcp takes a command that starts a server, or a URL")
    : Effect.succeed({ ...common(name), command, args, env: environment() })
}

/** The person who wrote the command chose the server, but not what a model asks of it. */
const common = (name: string) => ({ name, prefix: "", approval: "writes" } as const)

/** The words of a command line; quotes keep what stands between them together. */
const wordsOf = (line: string): ReadonlyArray<string> =>
  Array.from(
    line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g),
    ([word]) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? "")
  )

/** A server sees what any program sees that is started here, except for the keys of the wires. */
const environment = (): Record<string, string> => {
  const keys = new Set<string>(Wires.all.map(({ key }) => key))
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => value === undefined || keys.has(name) ? [] : [[name, value]])
  )
}

const unusable = (message: string) => new UserError({ message, exitCode: 2 })
