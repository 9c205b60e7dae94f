import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Readme from "../scripts/readme.ts"

const root = dirname(import.meta.dirname)
const folder = join(root, "scratchpad")
// Node keeps there what it has compiled, so that the next program starts in two thirds of the time.
const env = { ...process.env, NODE_COMPILE_CACHE: join(root, "node_modules/.cache/volley") }
const programs = readdirSync(folder).filter((name) => name.endsWith(".ts"))

describe("scratchpad", () => {
  it.each(programs)("%s runs and prints what it says", (name) => {
    const file = join(folder, name)
    const { status, stderr, stdout } = spawnSync(process.execPath, [file], { encoding: "utf8", timeout: 500_000, env })
    assert.strictEqual(status, 0, stderr)
    const expected = Readme.expectedLines(readFileSync(file, "utf8"))
    assert.isNotEmpty(expected)
    const missing = Readme.firstMissing(expected, stdout)
    assert.isUndefined(missing, `not printed: ${missing}\nprinted:\n${stdout}`)
  })
})
