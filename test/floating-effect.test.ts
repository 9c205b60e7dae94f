import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { dirname, join } from "node:path"

const root = dirname(import.meta.dirname)

const check = (...projects: ReadonlyArray<string>) => {
  const args = [join(root, "scripts/effects.ts"), ...projects.map((name) => join("test/fixtures", name))]
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" })
  return { status, output: stdout + stderr }
}

describe("scripts/effects.ts", () => {
  it("fails when one of several projects has a finding, and names the place of an effect that is not run", () => {
    const { output, status } = check("yielded-effect", "floating-effect")
    assert.strictEqual(status, 1, output)
    assert.include(output, "test/fixtures/floating-effect/main.ts:6:3 error floatingEffect")
  })

  it("passes once the effect is yielded", () => {
    const { output, status } = check("yielded-effect")
    assert.strictEqual(status, 0, output)
    assert.include(output, "0 findings")
  })

  it("fails when a project has no diagnostics configured, and so no file is checked", () => {
    const { output, status } = check("unconfigured")
    assert.strictEqual(status, 1, output)
    assert.include(output, "0 files were checked")
  })

  it("fails when a project does not exist", () => {
    assert.strictEqual(check("nowhere").status, 1)
  })
})
