/** The processes of the contenders, and the questions they are asked in turns. */
import { type ChildProcess, fork } from "node:child_process"
import { join } from "node:path"
import type { Contender, Servers } from "./Contender.ts"
import type { Name } from "./contenders.ts"
import type { About } from "./Results.ts"
import type { Job } from "./worker.ts"

/** A contender in its process. */
export interface Entrant {
  readonly name: Name
  readonly about: About
  readonly can: Contender["can"]
  readonly ask: <A>(job: Job) => Promise<A>
  readonly leave: () => void
}

const answersOf = (child: ChildProcess) => {
  let count = 0
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
    for (const { reject } of waiting.values()) reject(new Error(`its process ended with ${code}`))
    waiting.clear()
  })
  return <A>(job: Job): Promise<A> =>
    new Promise((resolve, reject) => {
      const id = ++count
      waiting.set(id, { resolve, reject })
      child.send({ id, job })
    })
}

/** Starts a contender; rejects with the reason where it cannot take part. */
export const enter = async (name: Name): Promise<Entrant> => {
  const child = fork(join(import.meta.dirname, "worker.ts"), [name], {
    execArgv: ["--expose-gc", "--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "ignore", "ipc"]
  })
  const ask = answersOf(child)
  try {
    const { can, ...about } = await ask<About & { readonly can: Contender["can"] }>({ _tag: "About" })
    return { name, about, can, ask, leave: () => child.disconnect() }
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
