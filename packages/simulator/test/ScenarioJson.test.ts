import { assert, describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as ScenarioJson from "../src/ScenarioJson.ts"
import * as Script from "../src/Script.ts"

const call = (city: string) => ({ name: "weather", arguments: { city } })

const scenario = {
  prompt: "Weather?",
  turns: [{ calls: [call("Oslo"), call("Rome")] }, { calls: [{ name: "now" }] }, { calls: [call("Oslo")] }],
  answer: "Cold."
}

/** Plays a script to its end against tools that all answer `3`: the names of each turn's calls, and the answer. */
const played = (script: Script.Script, parallel = true): ReadonlyArray<unknown> => {
  const turns: Array<unknown> = []
  const calls: Array<Script.SeenCall> = []
  for (;;) {
    const reply = Script.reply(script, {
      model: "any",
      prompt: "Weather?",
      users: ["Weather?"],
      tools: ["weather", "now"],
      offered: [],
      format: undefined,
      toolsOff: false,
      parallel,
      calls
    })
    if (reply._tag === "Answer") return [...turns, reply.text]
    turns.push(reply.calls.map(({ name }) => name))
    calls.push(...reply.calls.map((call) => ({ ...call, id: "", result: "3" })))
  }
}

const read = (text: string) => Result.getOrThrow(ScenarioJson.parse(text))

describe("ScenarioJson.parse", () => {
  it("plays turn by turn, each when all calls before it have results, and the same call twice", () => {
    const [part] = read(JSON.stringify(scenario))
    assert.strictEqual(part?.prompt, "Weather?")
    assert.deepStrictEqual(part && played(part.script), [["weather", "weather"], ["now"], ["weather"], "Cold."])
    assert.deepStrictEqual(part && played(part.script, false), [
      ["weather"],
      ["weather"],
      ["now"],
      ["weather"],
      "Cold."
    ])
  })

  it("takes a list, of which a prompt finds its own, and any other prompt the one without", () => {
    const parts = read(JSON.stringify([{ answer: "Any." }, scenario]))
    assert.deepStrictEqual(["Weather?", "Else?"].map((prompt) => Script.pick(parts, prompt)?.answer([])), [
      "Cold.",
      "Any."
    ])
    assert.isUndefined(Script.pick(parts.slice(1), "Else?"))
  })

  it("knows a call whose client writes its arguments in another order", () => {
    const [part] = read(`{ "turns": [{ "calls": [{ "name": "a", "arguments": { "x": 1, "y": 2 } }] }], "answer": "" }`)
    const seen = [{ id: "", name: "a", arguments: { y: 2, x: 1 }, result: "" }]
    assert.deepStrictEqual(part?.script.wants(seen).length, 1)
    assert.strictEqual(
      part && Script.reply(part.script, {
        model: "",
        prompt: "",
        users: [],
        tools: [],
        offered: [],
        format: undefined,
        toolsOff: false,
        parallel: true,
        calls: seen
      })._tag,
      "Answer"
    )
  })

  it.each([
    ["{\n  \"answer\": \"a\",\n}", 3, "Unexpected token"],
    ["{\n  \"turns\": []\n}", 1, "\"answer\" is missing"],
    [
      "{\n  \"answer\": \"a\",\n  \"promt\": \"b\"\n}",
      3,
      "\"promt\" means nothing here; there may be $schema, prompt, turns, answer"
    ],
    ["{\n  \"answer\": 3\n}", 2, "answer: "],
    [
      "{\n \"answer\": \"a\",\n \"turns\": [\n  { \"calls\": [\n   { \"name\": \"n\", \"args\": {} }\n ] } ]\n}",
      5,
      "\"args\" means nothing here; there may be name, arguments, malformed"
    ],
    ["[\n {\"answer\": \"a\"},\n {\"answer\": \"a\",\n  \"turns\": [{ \"calls\": [] }]}\n]", 4, "1.turns.0.calls: "],
    ["3", 1, "it has to be an object with an answer"],
    ["[]", 1, "it has to be an object with an answer, or a list of such objects"]
  ])("names the line of what is wrong with %j", (text, line, message) => {
    const problem = Result.getOrThrow(Result.flip(ScenarioJson.parse(text)))
    assert.strictEqual(problem.line, line, problem.message)
    assert.include(problem.message, message)
  })
})

it("docs/scenario.schema.json is the schema of what is read", async () => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(ScenarioJson.File, { onExcessProperty: "error" })
  const document = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A scenario, or a list of scenarios, for `volley simulate --scenario`",
    ...schema,
    ...(Object.keys(definitions).length > 0 && { $defs: definitions })
  }
  await expect(`${JSON.stringify(document, undefined, 2)}\n`).toMatchFileSnapshot("../docs/scenario.schema.json")
})
