/**
 * How parameters are written: the table of styles in the specification, and what others make of it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Schema } from "effect"
import { call, documentOf, tools } from "./support.ts"

const array = ["blue", "black", "brown"]
const object = { R: 100, G: 200, B: 150 }

/** Style, explode, and what becomes of an empty text, a text, a list and an object, as the specification has it. */
const queries: ReadonlyArray<readonly [style: string, explode: boolean, text: string, list: string, object?: string]> =
  [
    ["form", false, "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"],
    ["form", true, "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"],
    ["spaceDelimited", false, "color=blue", "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"],
    ["pipeDelimited", false, "color=blue", "color=blue%7Cblack%7Cbrown", "color=R%7C100%7CG%7C200%7CB%7C150"],
    [
      "deepObject",
      true,
      "color=blue",
      "color%5B0%5D=blue&color%5B1%5D=black&color%5B2%5D=brown",
      "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"
    ]
  ]

const paths: ReadonlyArray<readonly [style: string, explode: boolean, text: string, list: string, object: string]> = [
  ["simple", false, "blue", "blue,black,brown", "R,100,G,200,B,150"],
  ["simple", true, "blue", "blue,black,brown", "R=100,G=200,B=150"],
  ["label", false, ".blue", ".blue,black,brown", ".R,100,G,200,B,150"],
  ["label", true, ".blue", ".blue.black.brown", ".R=100.G=200.B=150"],
  ["matrix", false, ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"],
  ["matrix", true, ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"]
]

const schema = { anyOf: [{ type: "string" }, { type: "array", items: {} }, { type: "object" }] }

/** What goes out for a parameter with a value. */
const sent = Effect.fnUntraced(function*(parameter: Readonly<Record<string, unknown>>, value: Schema.Json) {
  const path = parameter["in"] === "path" ? "/x/{color}" : "/x"
  const parameters = [{ name: "color", required: true, schema, ...parameter }]
  const { echo, leftOut, toolkit } = yield* tools(
    documentOf({ [path]: { get: { operationId: "ask", parameters, responses: {} } } })
  )
  assert.deepStrictEqual(leftOut, [])
  yield* call(toolkit, "ask", { color: value })
  return echo.seen[0]
})

describe("a parameter", () => {
  it.effect.each(queries)(
    "of a query, %s, explode: %s",
    ([style, explode, text, list, whole]) =>
      Effect.gen(function*() {
        for (const [value, wanted] of [["blue", text], [array, list], [object, whole]] as const) {
          assert.strictEqual((yield* sent({ in: "query", style, explode }, value))?.target, `/x?${wanted}`)
        }
      })
  )

  it.effect.each(paths)("of a path, %s, explode: %s", ([style, explode, text, list, whole]) =>
    Effect.gen(function*() {
      for (const [value, wanted] of [["blue", text], [array, list], [object, whole]] as const) {
        assert.strictEqual((yield* sent({ in: "path", style, explode }, value))?.target, `/x/${wanted}`)
      }
    }))

  it.effect("of a header is written without escapes, of a cookie as in a query", () =>
    Effect.gen(function*() {
      const header = (value: Schema.Json, explode = false) =>
        Effect.map(sent({ in: "header", explode }, value), (seen) => seen?.headers["color"])
      assert.strictEqual(yield* header("a b/c"), "a b/c")
      assert.strictEqual(yield* header(array), "blue,black,brown")
      assert.strictEqual(yield* header(object), "R,100,G,200,B,150")
      assert.strictEqual(yield* header(object, true), "R=100,G=200,B=150")
      const cookie = (value: Schema.Json, explode = false) =>
        Effect.map(sent({ in: "cookie", explode }, value), (seen) => seen?.headers.cookie)
      assert.strictEqual(yield* cookie("a b;c=d"), "color=a%20b%3Bc%3Dd")
      assert.strictEqual(yield* cookie(array), "color=blue,black,brown")
    }))

  it.effect("keeps to its place, whatever its text is", () =>
    Effect.gen(function*() {
      const text = "a/b?c#d&e=f+g%h;i,j:k@l[m]n 'o' \"p\" é😀\ud800"
      const whole = encodeURIComponent(text.replace("\ud800", "\ufffd")).replaceAll("'", "%27")
      assert.strictEqual((yield* sent({ in: "path" }, text))?.target, `/x/${whole}`)
      assert.strictEqual((yield* sent({ in: "query" }, text))?.target, `/x?color=${whole}`)
      const reserved =
        "/x?color=a/b?c%23d%26e=f%2Bg%25h;i,j:k@l%5Bm%5Dn%20%27o%27%20%22p%22%20%C3%A9%F0%9F%98%80%EF%BF%BD"
      assert.strictEqual((yield* sent({ in: "query", allowReserved: true }, text))?.target, reserved)
    }))

  it.effect("that is JSON is written as JSON in whatever place", () =>
    Effect.gen(function*() {
      const content = { schema: undefined, content: { "application/json": { schema } } }
      const json = encodeURIComponent(JSON.stringify(object))
      assert.strictEqual((yield* sent({ in: "query", ...content }, object))?.target, `/x?color=${json}`)
      assert.strictEqual((yield* sent({ in: "path", ...content }, object))?.target, `/x/${json}`)
      assert.strictEqual((yield* sent({ in: "header", ...content }, object))?.headers["color"], JSON.stringify(object))
    }))

  it.effect("of a path that would make another path of it is not sent", () =>
    Effect.gen(function*() {
      for (const value of ["", ".", "..", []]) assert.isUndefined(yield* sent({ in: "path" }, value))
      assert.isUndefined(yield* sent({ in: "path", style: "label" }, "."))
      assert.strictEqual((yield* sent({ in: "path" }, "..."))?.target, "/x/...")
    }))

  it.effect("of a header that no header can have is not sent", () =>
    Effect.gen(function*() {
      for (const value of ["a\r\nx-admin: 1", "a\0", "😀"]) assert.isUndefined(yield* sent({ in: "header" }, value))
    }))
})
