/** The processes of the contenders, and the questions they are asked in turns. */
import { type ChildProcess, fork } from "node:child_process"
import { join } from "node:path"
import type { Contender, Servers } from "./Contender.ts"
import { isThen, type Name, placeOf } from "./contenders.ts"
import type { Copy } from "./Copy.ts"
import type { About } from "./Results.ts"
import type { Job } from "./worker.ts"

/**
 * A contender in its process.
 *
 * - `ask`: ends the process where there is no answer after `limit` milliseconds
 */
export interface Entrant {
  readonly name: Name
  readonly about: About
  readonly can: Contender["can"]
  readonly ask: <A>(job: Job, limit?: number) => Promise<A>
  readonly leave: () => void
}

const answersOf = (child: ChildProcess) => {
  let count = 0
  let why: string | undefined
  const waiting = new Map<
    number,
    { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void }
  >()
  child.on("message", ({ error, id, value }: { id: number; value: never; error?: string }) => {
    const { reject, resolve } = waiting.get(id) ?? {}
    waiting.delete(id)
    if (error === undefined) resolve?.(value)
    else reject?.(new Error(error))
  })
  child.on("exit", (code) => {
    why ??= `its process ended with ${code}`
    for (const { reject } of waiting.values()) reject(new Error(why))
    waiting.clear()
  })
  return <A>(job: Job, limit = Infinity): Promise<A> => {
    if (!child.connected) return Promise.reject(new Error(why ?? "its process has ended"))
    const id = ++count
    const answer = new Promise<A>((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      child.send({ id, job })
    })
    if (limit === Infinity) return answer
    const timer = setTimeout(() => {
      why = `no end after ${Math.round(limit / 1000)} s`
      child.kill("SIGKILL")
    }, limit)
    return answer.finally(() => clearTimeout(timer))
  }
}

/** Starts a contender, on the sources of an earlier commit where its name says so; rejects where it cannot take part. */
export const enter = async (name: Name, copy: Copy | undefined): Promise<Entrant> => {
  if (isThen(name) && copy === undefined) throw new Error("there are no sources of an earlier commit")
  const at = isThen(name) ? copy : undefined
  const child = fork(join(at?.sources ?? import.meta.dirname, "worker.ts"), [placeOf(name)], {
    execArgv: ["--expose-gc", "--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "ignore", "ipc"]
  })
  const ask = answersOf(child)
  try {
    const { can, title, ...rest } = await ask<About & { readonly can: Contender["can"] }>({ _tag: "About" })
    const about = { ...rest, title: at === undefined ? title : `${title}, at ${at.commit}` }
    return { name, about, can, ask, leave: () => child.connected && child.disconnect() }
  } catch (error) {
    child.kill()
    throw error
  }
}

/** Serves a scripted model in a process of its own. */
export const serve = (calls: number, pace: number): Promise<{ readonly servers: Servers; readonly stop: () => void }> =>
  new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, "server.ts"), [String(calls), String(pace)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"]
    })
    child.once("message", (servers: Servers) => resolve({ servers, stop: () => child.disconnect() }))
    child.once("exit", (code) => reject(new Error(`the simulator ended with ${code}`)))
  })
