/**
 * Has other copies of the SDKs stand beside the installed ones, the oldest and the newest of each range, as a module and as
 * CommonJS: what their clients throw comes to the same reasons, and programs that use them compile. Other versions of the
 * compiler find what the packages give as easy to check and to name as the installed one.
 *
 *     npm run test:sdks -- [--keep]
 *
 * - `--keep`: leaves the folder with the copies there, and says where
 */
import * as Schema from "effect/Schema"
import { spawnSync, type SpawnSyncOptions } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"

const root = dirname(import.meta.dirname)
const packages = {
  openai: "openai",
  anthropic: "@anthropic-ai/sdk",
  google: "@google/genai",
  mcp: "@modelcontextprotocol/client"
}

/** Another library of tools, which test/consumer.test.ts compares the compiler's work with. */
const peer = ["ai@7.0.173", "zod@4.6.7"]

const { values: { keep = false } } = parseArgs({ options: { keep: { type: "boolean" } } })

const folder = realpathSync(mkdtempSync(join(tmpdir(), "volley-sdks-")))
const bin = (name: string) => join(root, "node_modules/.bin", name)

const succeeds = (command: string, args: ReadonlyArray<string>, options: SpawnSyncOptions = {}): boolean => {
  console.log(`\n${command} ${args.join(" ")}`)
  return spawnSync(command, args, { stdio: "inherit", ...options }).status === 0
}

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const Manifest = Schema.fromJsonString(
  Schema.Struct({ peerDependencies: Schema.Record(Schema.String, Schema.String) })
)

/** The oldest version that a package of ours takes of its SDK, which its range begins with. */
const oldestOf = (name: string, sdk: string): string => {
  const text = readFileSync(join(root, "packages", name, "package.json"), "utf8")
  const [numbers = "latest"] = /\d[\d.]*/.exec(Schema.decodeSync(Manifest)(text).peerDependencies[sdk] ?? "") ?? []
  return numbers.split(".").length === 2 ? `${numbers}.0` : numbers
}

const aliasOf = (sdk: string, word: string): string => `${sdk.replace(/^@/, "").replace("/", "-")}-${word}`

const install = (): boolean =>
  succeeds("npm", [
    "install",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "typescript-5.9@npm:typescript@5.9",
    "typescript-6@npm:typescript@6",
    ...peer,
    ...Object.entries(packages).flatMap(([name, sdk]) => [
      `${aliasOf(sdk, "oldest")}@npm:${sdk}@${oldestOf(name, sdk)}`,
      `${aliasOf(sdk, "newest")}@npm:${sdk}@${/\d+/.exec(oldestOf(name, sdk))?.[0] ?? "latest"}`
    ])
  ], { cwd: folder })

const addLoader = (): void => {
  write("node_modules/load/package.json", `{ "name": "load" }`)
  write("node_modules/load/module.mjs", "export const load = (name) => import(name)\n")
  write("node_modules/load/common.cjs", "exports.load = (name) => require(name)\n")
}

const throwsAlike = (): boolean =>
  succeeds(bin("vitest"), [
    "run",
    ...Object.keys(packages).map((name) => `packages/${name}/test/thrown.test.ts`),
    "test/consumer.test.ts"
  ], { cwd: root, env: { ...process.env, VOLLEY_SDKS: folder } })

/** A program for each copy, of both kinds of modules. */
const writePrograms = (): void => {
  for (const [name, sdk] of Object.entries(packages).filter(([name]) => name !== "mcp")) {
    const program = readFileSync(join(root, "test/fixtures/sdks", `${name}.ts`), "utf8")
    for (const word of ["oldest", "newest"]) {
      const own = program.replace(`from "${sdk}"`, `from "${aliasOf(sdk, word)}"`)
      for (const kind of ["mts", "cts"]) write(`${name}-${word}.${kind}`, own)
    }
  }
  write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: {
        module: "NodeNext",
        target: "ES2023",
        lib: ["ES2024", "DOM", "DOM.Iterable", "DOM.AsyncIterable", "ESNext.Disposable"],
        types: ["node"],
        typeRoots: [join(root, "node_modules/@types")],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: true,
        noEmit: true,
        allowImportingTsExtensions: true
      },
      include: ["*.mts", "*.cts"]
    })
  )
}

const compile = (): boolean => {
  mkdirSync(join(folder, "node_modules"), { recursive: true })
  for (const name of ["@volley", "effect"]) {
    rmSync(join(folder, "node_modules", name), { recursive: true, force: true })
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name))
  }
  writePrograms()
  return succeeds(bin("tsc"), ["-p", folder])
}

write("package.json", `{ "private": true }\n`)
const isInstalled = install()
if (isInstalled) addLoader()
const isGreen = isInstalled && succeeds(bin("tsc"), ["-b", join(root, "packages/core")]) && compile() && throwsAlike()

if (keep) console.log(`\nThe copies are in ${folder}`)
else rmSync(folder, { recursive: true, force: true })
console.log(isGreen ? "\nEvery copy is alike." : "\nThe copies differ.")
process.exitCode = isGreen ? 0 : 1
