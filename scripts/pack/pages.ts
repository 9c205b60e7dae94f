/**
 * The pages that go into the tarballs, and where their links lead there.
 */
import { existsSync, globSync } from "node:fs"
import { dirname, join, posix } from "node:path"

const root = dirname(dirname(import.meta.dirname))

/**
 * Where a file of the repository is once packages are installed side by side, from the folder of their scope; undefined where
 * no tarball has it.
 *
 * - the guides and the programs of the scratchpad come with the core; the reference does not, since the types say the same
 */
export const placeOf = (path: string): string | undefined => {
  const [place, name, ...rest] = path.split("/")
  if (place === "docs" && name === "api") return undefined
  if (place === "docs") return ["core/guides", name, ...rest].filter(Boolean).join("/")
  if (place === "scratchpad") return ["core/guides/programs", name, ...rest].filter(Boolean).join("/")
  if (place !== "packages" || name === undefined || name === "benchmark") return undefined
  return rest.length === 0 || ["README.md", "AGENTS.md", "docs", "src"].includes(rest[0]!)
    ? [name, ...rest].join("/")
    : undefined
}

/** A page as a tarball has it: links lead to what is installed, and one that leads nowhere is its words alone. */
export const packed = (text: string, path: string): string => {
  const from = placeOf(path) ?? path
  const linked = (whole: string, image: string, words: string, link: string): string => {
    if (/^([a-z]+:|#)/.test(link)) return whole
    const [target = "", anchor] = link.split("#")
    const place = placeOf(posix.normalize(posix.join(posix.dirname(path), target)).replace(/\/$/, ""))
    if (place === undefined) return words
    const to = posix.relative(posix.dirname(from), place)
    return `${image}[${words}](${to}${anchor === undefined ? "" : `#${anchor}`})`
  }
  return text.split(/(^ *```.*?^ *```$)/ms).map((part, index) =>
    index % 2 === 1 ? part : part.replace(/(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g, linked)
  ).join("")
}

/** The pages and programs that come with the core, from the root of the repository. */
export const guides = (): ReadonlyArray<string> =>
  globSync(["docs/**/*.md", "docs/**/*.svg", "scratchpad/**/*.{ts,md}"], { cwd: root }).filter((path) =>
    existsSync(join(root, path)) && !path.includes("node_modules") && placeOf(path) !== undefined
  ).sort()
