/**
 * What publint and attw have against tarballs, in one process, since each of them takes longer to load than to judge one:
 *
 *     node test/tarballs.ts <file> ...
 *
 * Prints a JSON object with the objections to each file, by its name.
 */
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core"
import { readFile } from "node:fs/promises"
import { basename } from "node:path"
import { publint } from "publint"

/** What has to be resolved: the packages are ES modules alone. */
const isOurs = (resolution: string): boolean => resolution !== "node10" && resolution !== "node16-cjs"

const linted = async (data: ArrayBuffer): Promise<ReadonlyArray<object>> =>
  (await publint({ strict: true, pack: { tarball: data } })).messages

const typed = async (data: ArrayBuffer): Promise<ReadonlyArray<object>> => {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(data)))
  if (analysis.types === false) return [{ kind: "NoTypes" }]
  return analysis.problems.filter((problem) => !("resolutionKind" in problem) || isOurs(problem.resolutionKind))
}

const judged = async (file: string) => {
  const data = new Uint8Array(await readFile(file)).buffer
  return [basename(file), { publint: await linted(data), attw: await typed(data) }] as const
}

const found = []
for (const file of process.argv.slice(2)) found.push(await judged(file))
console.log(JSON.stringify(Object.fromEntries(found)))
