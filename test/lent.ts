/**
 * Packages of others in an empty project, as the repository has them: npm unpacks our tarballs there and not once more what
 * they need.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"

const root = dirname(import.meta.dirname)

/** What this reads of a `package.json`. */
interface Manifest {
  readonly dependencies?: object
  readonly peerDependencies?: object
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

const manifestOf = (place: string): Manifest => JSON.parse(readFileSync(join(place, "package.json"), "utf8"))

/** Where Node finds a package, from a folder of the repository upwards. */
const foundFrom = (from: string, name: string): string | undefined => {
  const place = join(from, "node_modules", name)
  if (existsSync(place)) return place
  return from === root ? undefined : foundFrom(dirname(from), name)
}

/** Gives a folder a second name without what is installed in it; copies it where the file system cannot. */
const linked = (from: string, to: string): void => {
  mkdirSync(to, { recursive: true })
  for (const item of readdirSync(from, { withFileTypes: true })) {
    const [one, other] = [join(from, item.name), join(to, item.name)]
    if (item.isDirectory() && item.name !== "node_modules") linked(one, other)
    else if (item.isFile()) put(one, other)
  }
}

const put = (from: string, to: string): void => {
  try {
    linkSync(from, to)
  } catch {
    copyFileSync(from, to)
  }
}

const isOurs = (name: string): boolean => name.startsWith("@volley/")

/**
 * Puts what some packages of the repository declare, and what that needs in turn, into the `node_modules` of a project.
 *
 * - the files are the repository's under a second name, with a `package.json` of their own that has no `bin`: npm unpacks a
 *   package once more whose commands it misses
 * - npm looks at each as at what it has installed: it fetches what is in no range, and takes out what nothing asks for
 */
export const lend = (folder: string, packages: ReadonlyArray<string>): void => {
  const lendOne = (from: string, name: string): void => {
    const place = foundFrom(from, name)
    const to = place?.replace(root, folder)
    if (place === undefined || to === undefined || existsSync(to)) return
    const manifest = manifestOf(place)
    linked(place, to)
    rmSync(join(to, "package.json"))
    writeFileSync(join(to, "package.json"), JSON.stringify({ ...manifest, bin: undefined }))
    for (const other of neededBy(manifest)) lendOne(place, other)
  }
  for (const item of packages) {
    const { dependencies, peerDependencies } = manifestOf(item)
    for (const name of Object.keys({ ...dependencies, ...peerDependencies })) if (!isOurs(name)) lendOne(item, name)
  }
}

const neededBy = ({ dependencies, peerDependencies = {}, peerDependenciesMeta }: Manifest): ReadonlyArray<string> => [
  ...Object.keys(dependencies ?? {}),
  ...Object.keys(peerDependencies).filter((name) => peerDependenciesMeta?.[name]?.optional !== true)
]
