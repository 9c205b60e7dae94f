/**
 * `volley simulate` as a process of its own, asked very often.
 */
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { Agent, request } from "node:http"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { amount, type Figure, median, megabytes, micros, type Soak } from "./figures.ts"

const main = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url))

const body = JSON.stringify({ model: "gpt-4.1", messages: [{ role: "user", content: "Say hello. ".repeat(300) }] })

/** Asks, and once more where the server had let go of the connection that was used again. */
const ask = (url: string, agent: Agent): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: "Bearer key", "content-type": "application/json" }
    const asked = request(`${url}/chat/completions`, { agent, method: "POST", headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`the simulator answers ${response.statusCode}`))
      response.on("error", reject).resume().on("end", resolve)
    })
    asked.on("error", (error) => asked.reusedSocket ? resolve(ask(url, agent)) : reject(error)).end(body)
  })

/** What a process has used of the processor, in microseconds; of the clock where that is not known. */
const usedBy = (pid: number): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10_000
  } catch {
    return performance.now() * 1000
  }
}

/** Bytes of memory that a process has from its system; none where nothing tells. */
const residentOf = (pid: number): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096
  } catch {
    return 0
  }
}

/** Has a process say what it holds once all garbage is gone, on its heap and beside it, whenever it is asked. */
const telling = `
const held = () => { gc(); gc(); const { external, heapUsed } = process.memoryUsage(); return heapUsed + external }
process.on("message", () => process.send(held()))
process.channel.unref()
`

const heldBy = async (child: ChildProcess): Promise<number> => {
  const told = once(child, "message")
  child.send("held")
  return Number((await told)[0])
}

/** Starts a simulator, which ends with what it is used for. */
const withSimulator = async <A>(use: (simulator: Simulator) => Promise<A>): Promise<A> => {
  const told = ["--expose-gc", "--import", `data:text/javascript,${encodeURIComponent(telling)}`]
  const stdio: StdioOptions = ["ignore", "pipe", "inherit", "ipc"]
  const child = spawn(process.execPath, [...told, main, "simulate", "--port", "0"], { stdio })
  const agent = new Agent({ keepAlive: true, maxSockets: 10 })
  const pid = child.pid ?? 0
  try {
    const [line] = await once(createInterface({ input: child.stdout! }), "line")
    const { openai } = JSON.parse(String(line))
    return await use({
      asked: async (count) => {
        const start = usedBy(pid)
        await asking(count, () => ask(openai, agent))
        return (usedBy(pid) - start) / count
      },
      memory: async () => ({ held: await heldBy(child), resident: residentOf(pid) })
    })
  } finally {
    agent.destroy()
    child.kill("SIGTERM")
  }
}

/** A simulator that can be asked: so many requests, for the microseconds that one of them takes; and what it holds. */
interface Simulator {
  readonly asked: (count: number) => Promise<number>
  readonly memory: () => Promise<Memory>
}

/** Bytes: those that are in use, and those that the process has. */
interface Memory {
  readonly held: number
  readonly resident: number
}

const windows = 40

/** How many windows pass before Node has compiled what runs often. */
const warm = 5

/** How many of the last windows take turns with those of a new simulator, since a machine is not equally fast all the time. */
const compared = 4

/** A hundred thousand requests: their time by that of a new simulator, and memory by what was held at five thousand. */
export const simulate: Soak = (scale, tell) => {
  const total = 100_000 * scale
  const count = Math.round(total / windows)
  return withSimulator(async (old) => {
    const memory: Array<Memory> = []
    for (let at = 0; at < windows - compared; at++) {
      await old.asked(count)
      memory.push(await old.memory())
      tell((at + 1) / windows)
    }
    const times = await withSimulator(async (young) => {
      // Both are asked what they hold as often, since that has their garbage collected.
      for (let at = 0; at < warm; at++) {
        await young.asked(count)
        await young.memory()
      }
      const times: Array<Times> = []
      for (let at = 0; at < compared; at++) {
        times.push({ young: await young.asked(count), old: await old.asked(count) })
        await young.memory()
        memory.push(await old.memory())
      }
      return times
    })
    return figuresOf(memory, times, total)
  })
}

/** Ten at once, each after the one before it. */
const asking = async (count: number, one: () => Promise<void>): Promise<void> => {
  let rest = count
  const line = async () => {
    while (rest-- > 0) await one()
  }
  await Promise.all(Array.from({ length: 10 }, line))
}

/** Microseconds that a request took of a new simulator, and of the one that had been asked very often. */
interface Times {
  readonly young: number
  readonly old: number
}

const figuresOf = (
  memory: ReadonlyArray<Memory>,
  times: ReadonlyArray<Times>,
  total: number
): ReadonlyArray<Figure> => {
  const bytes = (key: keyof Memory) =>
    [memory.slice(1, 3), memory.slice(-4)].map((some) => median(some.map((one) => one[key])))
  const [young, old] = [median(times.map(({ young }) => young)), median(times.map(({ old }) => old))]
  const [first = 0, last = 0] = bytes("held")
  const [before = 0, after = 0] = bytes("resident")
  const name = `${amount(total)} requests to \`volley simulate\``
  return [
    {
      what: `${name}: time of one, by that of a new process`,
      value: old / young,
      most: 1.1,
      seen: `${micros(young)}, and ${micros(old)}`
    },
    {
      what: `${name}: memory`,
      value: last / first,
      most: 1.1,
      seen: `${megabytes(first)}, then ${megabytes(last)}`
    },
    {
      what: `${name}: memory of the process, garbage included`,
      value: after / (before || 1),
      most: 1.5,
      seen: `${megabytes(before)}, then ${megabytes(after)}`
    }
  ]
}
