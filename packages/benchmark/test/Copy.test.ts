import { assert, describe, it } from "@effect/vitest"
import { existsSync, realpathSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import * as Copy from "../src/Copy.ts"

const isClone = existsSync(join(import.meta.dirname, "../../../.git"))

describe.skipIf(!isClone)("Copy", () => {
  const resolve = (folder: string, name: string) => realpathSync(createRequire(join(folder, "worker.ts")).resolve(name))

  it("has packages of its own, and the repository's of others", () => {
    const copy = Copy.make("HEAD")
    try {
      const own = join(realpathSync(copy.sources), "../../core/src/Batch.ts")
      assert.strictEqual(resolve(copy.sources, "@volley/core/Batch"), own)
      assert.strictEqual(resolve(copy.sources, "effect"), resolve(import.meta.dirname, "effect"))
      assert.isTrue(existsSync(join(copy.sources, "worker.ts")))
    } finally {
      copy.remove()
    }
    assert.isFalse(existsSync(copy.sources))
  })

  it("is not made of a commit that is not there", () => {
    assert.throws(() => Copy.make("no-such-commit"), /git rev-parse/)
  })
})
