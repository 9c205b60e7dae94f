/**
 * Servers that are programs, on what runs programs.
 */
import {
  isInitializeRequest,
  type JSONRPCMessage,
  parseJSONRPCMessage,
  SdkError,
  SdkErrorCode,
  serializeMessage,
  type Transport
} from "@modelcontextprotocol/client"
import { getDefaultEnvironment } from "@modelcontextprotocol/client/stdio"
import * as Json from "@volley/core/Json"
import * as Thrown from "@volley/core/Thrown"
import spawn from "cross-spawn"
import * as Effect from "effect/Effect"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { setTimeout } from "node:timers/promises"
import { NotReady, type Reason, TooLarge, Unreachable, Unusable } from "../McpError.ts"
import * as Lines from "./lines.ts"
import { withoutNullMeta } from "./odd.ts"
import type { Command } from "./server.ts"
import type { Start } from "./session.ts"
import { short } from "./short.ts"
import { Ended, noMessage } from "./thrown.ts"

/** Starts the process of a server, and ends it when the scope closes. */
export const start: Start = (command) =>
  Effect.acquireRelease(
    Effect.sync(() => new Process(command)),
    (transport) => Effect.promise(() => transport.close())
  )

/** How long a process that is to end may take until it is told so, and then until it is killed, in milliseconds. */
const patience = 2000

/** Those that are to be killed when the program ends without closing them, which only the process itself knows. */
const alive = new Set<Process>()

const killAll = () => {
  for (const one of alive) one.kill("SIGKILL")
}

/**
 * The process of a server, spoken to over its standard input and output, and ended with all that it has started.
 *
 * - in place of the SDK's, which ends the connection where an answer is too long, and nothing but the process that it started
 */
class Process implements Transport {
  onclose: (() => void) | undefined
  onerror: ((error: Error) => void) | undefined
  onmessage: ((message: JSONRPCMessage) => void) | undefined
  readonly #command: Command
  readonly #most: number
  #child: ChildProcess | undefined
  #closed: Promise<void> | undefined
  #said = ""

  constructor(command: Command) {
    const { maxBytes = 32 * 1024 * 1024 } = command
    this.#command = command
    this.#most = maxBytes === "unbounded" ? Infinity : maxBytes
  }

  async start(): Promise<void> {
    if (this.#closed !== undefined) throw new SdkError(SdkErrorCode.NotConnected, "it is closed")
    const { args = [], command, cwd, env } = this.#command
    if (typeof command !== "string") throw new TypeError("it has neither a `command` nor a `url`: give one of them")
    const child = spawn(command, args, {
      cwd,
      env: { ...getDefaultEnvironment(), ...env },
      stdio: "pipe",
      windowsHide: true,
      // A group of its own, so that what it starts can be ended with it.
      detached: !isWindows
    })
    this.#child = child
    if (alive.size === 0) process.on("exit", killAll)
    alive.add(this)
    await once(child, "spawn")
    this.#listen(child)
  }

  /** Throws where the whole message certainly cannot be read; the first one is answered by the end of the connection. */
  async send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#child?.stdin
    const isFirst = isInitializeRequest(message)
    if (stdin?.writable !== true || this.#closed !== undefined) {
      if (isFirst && this.#closed === undefined) return
      throw notSent()
    }
    const error = await new Promise<unknown>((resolve) => stdin.write(serializeMessage(message), resolve))
    // The line feed comes last, so that half a message is none.
    if (Thrown.get(error, "code") === "EPIPE" && !isFirst) throw notSent()
  }

  /** A second close waits for the first. */
  close(): Promise<void> {
    return this.#closed ??= this.#close()
  }

  /** Sends a signal to the process and to what it has started; says whether anything is left of them. */
  kill(signal: NodeJS.Signals | 0): boolean {
    const pid = this.#child?.pid
    if (pid === undefined) return false
    try {
      return process.kill(isWindows ? pid : -pid, signal)
    } catch {
      return false
    }
  }

  /** Why there is no server, with what its process wrote that is none of the protocol. */
  explain(reason: Reason): Reason {
    const said = this.#said.trim()
    if (reason._tag === "Unreachable") {
      return new Unreachable({ message: `it cannot be started: ${reason.message}${this.#mend()}` })
    }
    if (reason._tag === "NotReady") return said === "" ? reason : new NotReady({ ...reason, said })
    if (reason._tag !== "Closed") return reason
    return new Unreachable({ message: `the process ended before it answered${said === "" ? "" : `: ${said}`}` })
  }

  #mend(): string {
    const { args = [], command } = this.#command
    return args.length === 0 && /\s/.test(command) ? "; a command has no arguments in it: give them as `args`" : ""
  }

  #listen(child: ChildProcess): void {
    const linesOf = Lines.make(this.#most)
    for (const source of [child, child.stdin, child.stdout, child.stderr]) {
      source?.on("error", (error: Error) => this.onerror?.(error))
    }
    child.stdout?.on("data", (chunk: Uint8Array) => linesOf(chunk).forEach((line) => this.#take(line)))
    child.stderr?.on("data", (chunk: Uint8Array) => this.#hear(String(chunk)))
    child.on("close", () => {
      void this.close()
      this.onclose?.()
    })
  }

  #take(line: Lines.Line): void {
    if ("text" in line) return this.#receive(line.text)
    const id = Lines.answered(line.head, line.tail)
    const data = new Ended(new TooLarge({ maxBytes: this.#most }))
    if (id === undefined) void this.close()
    else if (id !== "none") {
      this.onmessage?.({ jsonrpc: "2.0", id, error: { code: -32000, message: "too large", data } })
    }
  }

  #receive(line: string): void {
    for (const message of messagesIn(line)) {
      // Some servers print more than messages.
      if (message === undefined) this.#hear(`${line}\n`)
      else this.#pass(message)
    }
  }

  #pass(message: JSONRPCMessage): void {
    try {
      this.onmessage?.(message)
    } catch (error) {
      this.onerror?.(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Keeps the last of what the server says that is none of the protocol. */
  #hear(text: string): void {
    this.#said = `${this.#said}${text}`.slice(-2000)
  }

  async #close(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    child.stdin?.end()
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const closed = new Promise((resolve) => child.once("close", resolve))
      await Promise.race([closed, setTimeout(patience, undefined, { ref: false })])
    }
    await this.#kill()
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
    alive.delete(this)
    if (alive.size === 0) process.off("exit", killAll)
  }

  async #kill(): Promise<void> {
    const until = Date.now() + patience
    for (let left = this.kill("SIGTERM"); left && Date.now() < until; left = this.kill(0)) await setTimeout(25)
    this.kill("SIGKILL")
  }
}

/** The messages in a line, of which version 2025-03-26 may have several; `undefined` stands for what is none. */
const messagesIn = (line: string): ReadonlyArray<JSONRPCMessage | undefined> => {
  try {
    const json: unknown = JSON.parse(line)
    return Array.isArray(json) ? json.map(messageOf) : [messageOf(json)]
  } catch {
    return [undefined]
  }
}

/** An answer that has no form of the protocol ends its request with that, since no other one will come. */
const messageOf = (json: unknown): JSONRPCMessage | undefined => {
  try {
    return parseJSONRPCMessage(withoutNullMeta(json))
  } catch {
    const id = Json.isObject(json) && !("method" in json) ? json["id"] : undefined
    if (typeof id !== "number" && typeof id !== "string") return undefined
    const data = new Ended(new Unusable({ message: `${noMessage}: ${short(JSON.stringify(json))}` }))
    return { jsonrpc: "2.0", id, error: { code: -32000, message: noMessage, data } }
  }
}

const notSent = () => new SdkError(SdkErrorCode.NotConnected, "the process has ended")

const isWindows = process.platform === "win32"
