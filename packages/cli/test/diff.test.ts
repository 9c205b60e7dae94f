import { assert, describe, it } from "@effect/vitest"
import { Run } from "@volley/telemetry"
import { Result } from "effect"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bundleOf } from "../../../test/bundles.ts"
import { dialects, type Wanted } from "./support/dialects.ts"
import { volley } from "./support/spawn.ts"

const { message, name: provider } = dialects[0]!

/** A folder for the files of a test, which is gone afterwards. */
const inFolder = async (use: (cwd: string) => Promise<void>) => {
  const cwd = mkdtempSync(join(tmpdir(), "volley-diff-"))
  try {
    await use(cwd)
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

/** Has the calls of a turn run and recorded. */
const record = async (cwd: string, file: string, calls: ReadonlyArray<Wanted>) => {
  const args = ["run", "--provider", provider, "--toolkit", bundleOf("toolkit"), "--record", file]
  const { code, stderr } = await volley(args, { cwd, input: JSON.stringify(message(calls)) })
  assert.strictEqual(code, 0, stderr)
  return Result.getOrThrow(Run.decode(readFileSync(join(cwd, file), "utf8")))
}

/** Writes a run of such calls, each with its outcome. */
const write = (cwd: string, file: string, ...texts: ReadonlyArray<string>) => {
  const events = texts.map((text, n) => ({
    _tag: "CallSettled" as const,
    at: 20,
    call: { id: `call_${n}`, name: "double", arguments: { n: text.length } },
    isError: false,
    text,
    attempts: 1,
    startedAt: 10
  }))
  writeFileSync(join(cwd, file), Run.encode({ head: { volley: "run", version: 1, at: 0 }, events }))
}

const double = (id: string, n: number): Wanted => ({ id, name: "double", input: { n } })

describe.concurrent("volley diff", () => {
  it("says that two runs of the same calls are the same, and ends with 0", () =>
    inFolder(async (cwd) => {
      const run = await record(cwd, "a.jsonl", [double("a", 1), double("b", 2)])
      assert.deepStrictEqual(run.events.map(({ _tag }) => _tag).toSorted(), [
        "CallSettled",
        "CallSettled",
        "CallStarted",
        "CallStarted"
      ])
      await record(cwd, "b.jsonl", [double("c", 2), double("d", 1)])
      const { code, stdout } = await volley(["diff", "a.jsonl", "b.jsonl"], { cwd })
      assert.match(stdout, /^The runs are the same: 2 calls with the same outcomes\.\n/)
      assert.strictEqual(code, 0)
    }))

  it("says which calls differ, ends with 1, and says the same as JSON", () =>
    inFolder(async (cwd) => {
      write(cwd, "a.jsonl", "1", "22", "333")
      write(cwd, "b.jsonl", "1", "33", "4444")
      const { code, stdout } = await volley(["diff", "a.jsonl", "b.jsonl"], { cwd })
      assert.match(stdout, /^The runs differ: 1 call the same, 1 with another outcome, 1 in A alone, 1 in B alone\.\n/)
      assert.match(stdout, /double \{"n":3\}\n {2}A {2}succeeded in 10 ms: 333\n {2}B {2}did not call it\n/)
      assert.strictEqual(code, 1)
      const json = await volley(["diff", "a.jsonl", "b.jsonl", "--json"], { cwd })
      assert.strictEqual(json.code, 1)
      const said = JSON.parse(json.stdout)
      assert.deepStrictEqual([said.isSame, said.calls.length, said.isCut], [false, 4, { a: false, b: false }])
    }))

  it("compares what there is of a run that was cut off, and says so", () =>
    inFolder(async (cwd) => {
      write(cwd, "a.jsonl", "1")
      const text = readFileSync(join(cwd, "a.jsonl"), "utf8")
      writeFileSync(join(cwd, "b.jsonl"), text.slice(0, -5))
      const { code, stdout } = await volley(["diff", "a.jsonl", "b.jsonl"], { cwd })
      assert.include(stdout, "The last line of b.jsonl was cut off and is left out.")
      assert.strictEqual(code, 1)
    }))

  it("ends with 2 where a file is no run, with its line", () =>
    inFolder(async (cwd) => {
      write(cwd, "a.jsonl", "1")
      const text = readFileSync(join(cwd, "a.jsonl"), "utf8")
      writeFileSync(join(cwd, "b.jsonl"), `${text.split("\n")[0]}\n{"_tag":"Nothing"}\n`)
      const { code, stderr, stdout } = await volley(["diff", "a.jsonl", "b.jsonl"], { cwd })
      assert.match(stderr, /^volley diff: b\.jsonl:2 is not of a recorded run: /)
      assert.deepStrictEqual([code, stdout], [2, ""])
    }))
})

describe.concurrent("volley demo --record", () => {
  it("has each agent in a file of its own", () =>
    inFolder(async (cwd) => {
      const args = ["demo", "--provider", provider, "--latency", "0 millis", "--record", "run.jsonl"]
      assert.strictEqual((await volley(args, { cwd })).code, 0)
      const files = readdirSync(cwd).toSorted()
      assert.deepStrictEqual(files, [`run.${provider}.parallel.jsonl`, `run.${provider}.serial.jsonl`])
      const diff = await volley(["diff", ...files], { cwd })
      assert.match(diff.stdout, /^The runs are the same: 3 calls/)
    }))
})
