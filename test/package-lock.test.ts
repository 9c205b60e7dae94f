import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"

interface Entry {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const { packages }: { readonly packages: Readonly<Record<string, Entry>> } = JSON.parse(
  readFileSync(join(dirname(import.meta.dirname), "package-lock.json"), "utf8")
)

describe("package-lock.json", () => {
  // npm drops an optional package that the registry in use does not have, and then `npm ci` refuses the file.
  it("has an entry for every optional dependency, whatever platform it was written on", () => {
    const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) =>
        !(`${place}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages)
      )
    )
    assert.deepStrictEqual(missing, [])
  })
})
