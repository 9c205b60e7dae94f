// One soak in a process of its own: tells lines of JSON, how much is done and at last the figures.
import { agents, calls, clocks, floods } from "./core.ts"
import { ids, mcp } from "./mcp.ts"
import { simulate } from "./simulate.ts"
import { soaks } from "./soaks.ts"

const all = { calls, agents, mcp, ids, simulate, clocks, floods }

const [name, scale] = process.argv.slice(2)
const soak = soaks.find((one) => one === name)
if (soak === undefined) throw new Error(`there is no soak "${name}"`)

const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
tell({ figures: await all[soak](Number(scale), (done) => tell({ done })) })
