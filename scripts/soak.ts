/**
 * Does very often what a service does, and fails where time, memory or handles grow with it:
 *
 *     npm run soak -- [--minutes 10] [--only calls,mcp]
 *
 * - `--minutes`: how long it takes, more or less; with fewer than ten there is less of everything, and no page is written
 * - `--only`: some of the soaks, and no page
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import type { Figure } from "./soak/figures.ts"
import { soaks } from "./soak/soaks.ts"

const root = dirname(import.meta.dirname)
const { values: { minutes = "10", only } } = parseArgs({
  options: { minutes: { type: "string" }, only: { type: "string" } }
})
const chosen = only === undefined ? soaks : soaks.filter((name) => only.split(",").includes(name))

const soak = async (name: string): Promise<ReadonlyArray<Figure>> => {
  const args = ["--expose-gc", join(root, "scripts/soak/worker.ts"), name, String(Number(minutes) / 10)]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] })
  const ended = once(child, "close")
  const began = Date.now()
  let figures: ReadonlyArray<Figure> | undefined
  for await (const line of createInterface(child.stdout)) {
    const told: { readonly done?: number; readonly figures?: ReadonlyArray<Figure> } = JSON.parse(line)
    if (told.done !== undefined) show(`${name}: ${Math.round(told.done * 100)} %`)
    figures = told.figures ?? figures
  }
  await ended
  show("")
  console.log(`${name}: ${Math.round((Date.now() - began) / 1000)} s`)
  const all = figures ?? [{ what: name, value: 1, most: 0, seen: "it crashed" }]
  for (const figure of all) console.log(`  ${lineOf(figure)}`)
  return all
}

const show = (text: string): void => {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`)
}

const isFine = ({ most, value }: Figure): boolean => value <= most

const lineOf = (figure: Figure): string =>
  `${isFine(figure) ? "ok   " : "FAILS"} ${figure.what}: ${
    figure.value.toFixed(2)
  }, at most ${figure.most} (${figure.seen})`

const pageOf = (figures: ReadonlyArray<Figure>, seconds: number): string =>
  [
    "# Soak",
    "",
    "What `npm run soak` measured, each soak in a process of its own. A ratio above its bound fails it. Written by the command.",
    "",
    `Node ${process.version}, ${process.platform} ${process.arch}, ${new Date().toISOString().slice(0, 10)}, ${
      Math.round(seconds / 60)
    } minutes.`,
    "",
    "| what | ratio | at most | seen |",
    "| --- | --- | --- | --- |",
    ...figures.map((one) =>
      `| ${one.what}${isFine(one) ? "" : " (**fails**)"} | ${one.value.toFixed(2)} | ${one.most} | ${one.seen} |`
    ),
    ""
  ].join("\n")

const began = Date.now()
const figures: Array<Figure> = []
for (const name of chosen) figures.push(...await soak(name))
if (Number(minutes) >= 10 && only === undefined) {
  writeFileSync(join(root, "packages/benchmark/soak.md"), pageOf(figures, (Date.now() - began) / 1000))
}
process.exitCode = figures.every(isFine) && figures.length > 0 ? 0 : 1
