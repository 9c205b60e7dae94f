/**
 * Holds the laws of the runner against many more random cases than the tests do, one file of laws after the other:
 *
 *     npm run laws -- [--cases 10000] [--test limits]...
 *
 * - `--cases`: how many cases each law is held against
 * - `--test`: only files whose path has this text in it
 */
import { spawnSync } from "node:child_process"
import { globSync } from "node:fs"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"

const root = dirname(import.meta.dirname)
const { values: { cases = "10000", test: texts = [""] } } = parseArgs({
  options: { cases: { type: "string" }, test: { type: "string", multiple: true } }
})

const files = globSync("packages/core/test/{oracle,laws,order,told}/*.test.ts", { cwd: root }).sort()
  .filter((file) => texts.some((text) => file.includes(text)))

/** True where all laws of a file hold. */
const holds = (file: string, index: number): boolean => {
  console.log(`\n${index + 1} of ${files.length}: ${file}, with ${cases} cases a law`)
  const args = ["run", "--reporter", "verbose", "--testTimeout", "3600000", file]
  const env = { ...process.env, LAWS_CASES: cases }
  return spawnSync(join(root, "node_modules/.bin/vitest"), args, { cwd: root, env, stdio: "inherit" }).status === 0
}

const broken = files.filter((file, index) => !holds(file, index))
console.log(broken.length === 0 ? "\nAll laws hold." : `\nNot all laws hold:\n${broken.join("\n")}`)
process.exitCode = broken.length === 0 && files.length > 0 ? 0 : 1
