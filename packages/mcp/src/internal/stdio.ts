/**
 * Servers that are programs, on what runs programs.
 */
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import * as Effect from "effect/Effect"
import { type Reason, Unreachable } from "../McpError.ts"
import type { Start } from "./connection.ts"
import type { Command } from "./server.ts"

export const start: Start = ({ args = [], command, cwd, env = {} }: Command) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      new Process({ command, args: [...args], env: { ...env }, ...(cwd !== undefined && { cwd }), stderr: "pipe" })
    ),
    (transport) => Effect.promise(() => transport.close())
  )

/** The SDK's transport, where whoever closes it a second time waits for the first. */
class Process extends StdioClientTransport {
  #closed: Promise<void> | undefined
  #said = ""

  constructor(parameters: ConstructorParameters<typeof StdioClientTransport>[0]) {
    super(parameters)
    this.stderr?.on("data", (chunk: unknown) => this.#said = `${this.#said}${String(chunk)}`.slice(-2000))
  }

  override close(): Promise<void> {
    return this.#closed ??= super.close()
  }

  /** Why there is no server, with what its process wrote to standard error. */
  explain(reason: Reason): Reason {
    if (reason._tag === "Unreachable") return new Unreachable({ message: `it cannot be started: ${reason.message}` })
    if (reason._tag !== "Closed") return reason
    const said = this.#said.trim()
    return new Unreachable({ message: `the process ended before it answered${said === "" ? "" : `: ${said}`}` })
  }
}
