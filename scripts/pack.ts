/**
 * Packs the public packages as a registry would get them:
 *
 *     node scripts/pack.ts [folder]
 *
 * Builds them, stages a copy of each in `<folder>/<name>` whose manifest points at what was built, and leaves the
 * tarballs in the folder, which is `.release` when left out. Publish the tarballs, never a folder: `npm publish <folder>`
 * reads its manifest a second time.
 */
import * as Schema from "effect/Schema"
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { merge } from "./pack/merge.ts"
import { guides, packed, placeOf } from "./pack/pages.ts"

const Strings = Schema.Record(Schema.String, Schema.String)

const Manifest = Schema.Struct({
  name: Schema.String,
  version: Schema.String,
  private: Schema.optionalKey(Schema.Boolean),
  exports: Schema.Record(Schema.String, Schema.NullOr(Schema.String)),
  imports: Schema.optionalKey(Schema.Record(Schema.String, Strings)),
  bin: Schema.optionalKey(Strings),
  dependencies: Schema.optionalKey(Strings),
  peerDependencies: Schema.optionalKey(Strings)
})

const Json = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json))

/** A package of the workspace: where it is, what this script reads of its `package.json`, and all of that. */
interface Package {
  readonly folder: string
  readonly manifest: typeof Manifest.Type
  readonly json: Schema.JsonObject
}

const root = dirname(import.meta.dirname)
const release = resolve(process.argv[2] ?? join(root, ".release"))

const read = (file: string): Package => {
  const json = Schema.decodeSync(Json)(readFileSync(file, "utf8"))
  return { folder: dirname(file), manifest: Schema.decodeUnknownSync(Manifest)(json), json }
}

const packages = globSync(join(root, "packages/*/package.json")).sort().map(read)
  .filter(({ manifest }) => manifest.private !== true)

const versions = new Map(packages.map(({ manifest }) => [manifest.name, manifest.version]))

const built = (source: string) => source.replace("./src/", "./dist/").replace(/\.ts$/, ".js")

const isSource = (target: string) => target.startsWith("./src/")

/** Where users find what the package exports: the compiled files, and their types. */
const exportOf = (target: string | null) =>
  target === null || !isSource(target)
    ? target
    : { types: built(target).replace(/\.js$/, ".d.ts"), default: built(target) }

const mapValues = <A, B>(record: Readonly<Record<string, A>>, f: (value: A, key: string) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value, key)]))

const withVersions = (ranges: typeof Strings.Type) => mapValues(ranges, (range, name) => versions.get(name) ?? range)

/** What its users need of a package; `docs` is read by its code, and `AGENTS.md` by coding assistants. */
const contents = ["dist", "src", "docs", "AGENTS.md"]

/** What is made for the tarball alone. */
const made = ["guides"]

/** The manifest in the order in which its package writes it; siblings come in the version they have now. */
const published = ({ json, manifest }: Package, staged: string) => ({
  ...json,
  exports: mapValues(manifest.exports, exportOf),
  ...(manifest.imports && { imports: mapValues(manifest.imports, (targets) => mapValues(targets, built)) }),
  ...(manifest.bin && { bin: mapValues(manifest.bin, built) }),
  ...(manifest.dependencies && { dependencies: withVersions(manifest.dependencies) }),
  ...(manifest.peerDependencies && { peerDependencies: withVersions(manifest.peerDependencies) }),
  files: [...contents, ...made].filter((name) => existsSync(join(staged, name)))
})

const tsc = (...args: ReadonlyArray<string>) =>
  run(join(root, "node_modules/.bin/tsc"), ["-b", ...args, ...packages.map(({ folder }) => folder)])

/** Builds what changed, and all of it anew where a file is missing: `tsc -b` does not write one again that was deleted. */
const build = () => {
  tsc()
  if (!packages.every(isBuilt)) tsc("--force")
}

const isBuilt = ({ folder }: Package): boolean =>
  globSync("src/**/*.ts", { cwd: folder }).every((source) => existsSync(join(folder, built(`./${source}`))))

const isCore = ({ manifest }: Package) => manifest.name === "@volley/core"

/** Copies a package to its place; what was compiled from sources that are gone stays behind. */
const stage = (item: Package): string => {
  const staged = join(release, item.manifest.name.replace(/^@.*\//, ""))
  rmSync(staged, { recursive: true, force: true })
  mkdirSync(staged, { recursive: true })
  for (const name of contents.filter((name) => existsSync(join(item.folder, name)))) {
    cpSync(join(item.folder, name), join(staged, name), { recursive: true, filter: (file) => isCurrent(item, file) })
  }
  if (isCore(item)) merge(join(staged, "dist"))
  cpSync(join(root, "LICENSE"), join(staged, "LICENSE"))
  const own = globSync(["README.md", "docs/**/*.md"], { cwd: item.folder })
  for (const page of own) writePage(relative(root, join(item.folder, page)), join(staged, page))
  if (isCore(item)) { for (const page of guides()) writePage(page, join(dirname(staged), placeOf(page)!)) }
  writeFileSync(join(staged, "package.json"), `${JSON.stringify(published(item, staged), undefined, 2)}\n`)
  return staged
}

const writePage = (path: string, place: string) => {
  mkdirSync(dirname(place), { recursive: true })
  if (path.endsWith(".md")) writeFileSync(place, packed(readFileSync(join(root, path), "utf8"), path))
  else cpSync(join(root, path), place)
}

const isCurrent = ({ folder }: Package, file: string): boolean => {
  const compiled = /^dist\/(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(relative(folder, file))
  return compiled === null || existsSync(join(folder, "src", `${compiled[1]}.ts`))
}

const run = (command: string, args: ReadonlyArray<string>) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] })
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}`)
}

/** What is going on, since it takes a while. */
const tell = (what: string) => console.error(`${what} …`)

tell("building what has changed")
build()
tell(`packing ${packages.length} packages`)
for (const tarball of globSync(join(release, "volley-*.tgz"))) rmSync(tarball)
run("npm", ["pack", ...packages.map(stage), "--pack-destination", release, "--loglevel", "error"])
