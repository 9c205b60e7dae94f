/**
 * Writes the reference of every package to `docs/api`, a page a module, from the docstrings:
 *
 *     npm run docs:api
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Reference from "./reference.ts"

const root = dirname(import.meta.dirname)
const folder = join(root, "docs/api")

rmSync(folder, { recursive: true, force: true })
for (const [path, text] of Reference.pagesOf(root)) {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
