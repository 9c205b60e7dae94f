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

/** A hundred thousand requests: time of the last tenth by that of the second, memory by what was held at five thousand. */
export const simulate: Soak = async (scale, tell) => {
  const total = 100_000 * scale
  const window = total / 40
  const told = ["--expose-gc", "--import", `data:text/javascript,${encodeURIComponent(telling)}`]
  const stdio: StdioOptions = ["ignore", "pipe", "inherit", "ipc"]
  const child = spawn(process.execPath, [...told, main, "simulate", "--port", "0"], { stdio })
  const agent = new Agent({ keepAlive: true, maxSockets: 10 })
  try {
    const [line] = await once(createInterface({ input: child.stdout! }), "line")
    const { openai } = JSON.parse(String(line))
    const windows: Array<Window> = []
    for (let at = 0; at < 40; at++) {
      const start = usedBy(child.pid ?? 0)
      await asking(window, () => ask(openai, agent))
      const micros = (usedBy(child.pid ?? 0) - start) / window
      windows.push({ micros, held: await heldBy(child), resident: residentOf(child.pid ?? 0) })
      tell((at + 1) / 40)
    }
    return figuresOf(windows, total)
  } finally {
    agent.destroy()
    child.kill("SIGTERM")
  }
}

/** Ten at once, each after the one before it. */
const asking = async (count: number, one: () => Promise<void>): Promise<void> => {
  let rest = Math.round(count)
  const line = async () => {
    while (rest-- > 0) await one()
  }
  await Promise.all(Array.from({ length: 10 }, line))
}

/** Some requests, one behind the other: how long one took, and what the process had afterwards. */
interface Window {
  readonly micros: number
  readonly held: number
  readonly resident: number
}

const figuresOf = (windows: ReadonlyArray<Window>, total: number): ReadonlyArray<Figure> => {
  const of = (some: typeof windows, key: keyof Window) => median(some.map((one) => one[key]))
  const bytes = (key: "held" | "resident") => [of(windows.slice(1, 3), key), of(windows.slice(-4), key)] as const
  // Node compiles what runs often in the first eighth of them, so that those are slower than all that follow.
  const [early, late] = [of(windows.slice(5, 9), "micros"), of(windows.slice(-4), "micros")]
  const [first, last] = bytes("held")
  const [before, after] = bytes("resident")
  const name = `${amount(total)} requests to \`volley simulate\``
  return [
    {
      what: `${name}: time of one`,
      value: late / early,
      most: 1.1,
      seen: `${micros(early)}, then ${micros(late)}`
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
