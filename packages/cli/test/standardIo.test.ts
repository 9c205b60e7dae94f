import { assert, describe, it } from "@effect/vitest"
import { stream } from "../src/StandardIo.ts"

/** Parts of a mebibyte, and how many of them were asked for. */
const parts = (count: number) => {
  const part = new Uint8Array(1024 * 1024)
  let given = 0
  const input = (async function*() {
    for (; given < count; given++) yield part
  })()
  return { input, given: () => given }
}

describe("StandardIo.stream", () => {
  it("reads no more than whoever takes it does", async () => {
    const { given, input } = parts(10)
    const reader = stream(input).body.getReader()
    await new Promise((resolve) => setImmediate(resolve))
    assert.strictEqual(given(), 0)
    await reader.read()
    await reader.read()
    await new Promise((resolve) => setImmediate(resolve))
    assert.strictEqual(given(), 1)
  })

  it("ends with the input, which may have 64 MiB", async () => {
    const { body, problem } = stream(parts(64).input)
    let bytes = 0
    await body.pipeTo(new WritableStream({ write: (chunk) => void (bytes += chunk.length) }))
    assert.strictEqual(bytes, 64 * 1024 * 1024)
    assert.isUndefined(problem())
  })

  it("fails at the part that is too much, and reads nothing behind it", async () => {
    const { given, input } = parts(1000)
    const { body, problem } = stream(input)
    const failed = await body.pipeTo(new WritableStream()).then(() => undefined, (error: unknown) => error)
    assert.instanceOf(failed, Error)
    assert.strictEqual(problem()?.message, "standard input has more than 67108864 bytes")
    assert.strictEqual(given(), 64)
  })
})
