import { assert, describe, expect, it } from "@effect/vitest"
import { Batch, CallError, Tool, Toolkit } from "@volley/core"
import { Cause, Effect, Schema } from "effect"
import { callsOf, recordingLogger } from "./support.ts"

const secret = "sk-secret"

const cause = Cause.die(new Error(`could not log in with ${secret}`))

class CityNotFound extends Schema.TaggedError<CityNotFound>()("CityNotFound", { city: Schema.String }) {
  override get message(): string {
    return `There is no city called ${this.city}.`
  }
}

class Closed extends Schema.TaggedError<Closed>()("Closed", { until: Schema.DateFromString }) {}

const reasonsOf = (harmless: boolean): Record<string, CallError.Reason> => ({
  "unknown tool": new CallError.UnknownTool({ available: ["get_weather", "get_population"] }),
  "unknown tool, of many": new CallError.UnknownTool({ available: ["get_weather"], count: 600 }),
  "unknown tool, none available": new CallError.UnknownTool({ available: [] }),
  "invalid arguments": new CallError.InvalidArguments({
    issues: [{ path: "", message: "Expected object" }, { path: "city.0", message: "Missing key" }]
  }),
  "truncated": new CallError.Truncated(),
  "limit exceeded": new CallError.LimitExceeded({ maxCalls: 64 }),
  "tools switched off": new CallError.LimitExceeded({ maxCalls: 0 }),
  "timeout": new CallError.Timeout({ limit: "timeout", millis: 30_000, started: true, harmless }),
  "deadline": new CallError.Timeout({ limit: "deadline", millis: 5000, started: true, harmless }),
  "deadline, never started": new CallError.Timeout({ limit: "deadline", millis: 5000, started: false, harmless }),
  "defect": new CallError.Defect({ harmless, cause }),
  "interrupted by itself": new CallError.Interrupted({ by: "tool", started: true, harmless }),
  "interrupted by failFast": new CallError.Interrupted({ by: "failFast", started: true, harmless }),
  "interrupted by failFast, never started": new CallError.Interrupted({ by: "failFast", started: false, harmless }),
  "interrupted by a restart": new CallError.Interrupted({ by: "restart", started: true, harmless }),
  "unencodable": new CallError.Unencodable({ issue: `Expected string, got ${secret}` }),
  "not begun in its time": new CallError.Timeout({ limit: "timeout", millis: 2000, started: false, harmless }),
  "uncertain": new CallError.Uncertain({ after: "call_7" }),
  "denied": new CallError.Denied({ why: undefined }),
  "denied for a reason": new CallError.Denied({ why: "over the limit" }),
  "undecided": new CallError.Undecided({ after: undefined }),
  "undecided, behind another": new CallError.Undecided({ after: "call_7" }),
  "dependency failed": new CallError.DependencyFailed({ root: "order", type: "NoOrder" })
})

const failure = (failure: unknown, encoded: Schema.Json, isRetryable = false, isPointless = false) =>
  new CallError.ToolFailure({ tool: "get_weather", failure, encoded, isRetryable, isPointless })

const failures = {
  "a tagged class": failure(new CityNotFound({ city: "Rom" }), { _tag: "CityNotFound", city: "Rom" }, true),
  "a tagged class without a message": failure(new Closed({ until: new Date(0) }), {
    _tag: "Closed",
    until: "1970-01-01T00:00:00.000Z"
  }),
  "a text": failure("no such city", "no such city"),
  "one that repeating does not mend": failure("no such city.", "no such city.", true, true),
  "a struct": failure({ code: 7, hint: "try Rome" }, { code: 7, hint: "try Rome" }),
  "a struct with a message": failure({ message: "try Rome" }, { message: "try Rome" }),
  "an error with its message": failure(new Error("no such city"), { _tag: "Gone", message: "no such city", code: 7 }),
  "an error with another message": failure(new Error("no such city"), { _tag: "Gone", message: "try Rome" }),
  "a list": failure([1, 2], [1, 2])
}

const modelOf = (reason: CallError.Reason) =>
  CallError.toModel(new CallError.CallError({ callId: "call_1", tool: "get_weather", reason })).error

const shownTo = (harmless: boolean) =>
  Object.fromEntries(Object.entries(reasonsOf(harmless)).map(([what, reason]) => [what, modelOf(reason)]))

describe("An error of a call", () => {
  /** What errors are made with, each while it says so. */
  const stacks = (limit: PropertyDescriptor) => {
    const before = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")
    Object.defineProperty(Error, "stackTraceLimit", { ...limit, configurable: true })
    try {
      const made = [...Object.values(reasonsOf(true)), failure("no such city", "no such city"), callError()]
      return { frames: made.filter(({ stack }) => stack?.includes("\n    at ")).length, left: Error.stackTraceLimit }
    } finally {
      Object.defineProperty(Error, "stackTraceLimit", { ...before })
    }
  }
  const callError = () =>
    new CallError.CallError({ callId: "call_1", tool: "get_weather", reason: new CallError.Truncated() })

  it("has no stack: its frames would be the runner's, and cost more than all else of a failed call", () => {
    assert.deepStrictEqual(stacks({ value: 7, writable: true }), { frames: 0, left: 7 })
  })

  it("is made where a program keeps its own limit of frames", () => {
    assert.strictEqual(stacks({ value: 7, writable: false }).left, 7)
  })

  it("is told by its class and its tag, and written by its codec", () => {
    const error = callError()
    assert.instanceOf(error, CallError.CallError)
    assert.instanceOf(error, Error)
    assert.strictEqual(error.name, "CallError")
    assert.deepStrictEqual(Object.keys(error).sort(), ["_tag", "callId", "reason", "tool"])
    assert.strictEqual(error.stack, "CallError: get_weather (call_1): " + new CallError.Truncated().message)
  })
})

describe("CallError.toModel", () => {
  it("says what happened and what the model can do about it, the same for every wire", () => {
    const careful = shownTo(false)
    const errors = {
      ...careful,
      ...Object.fromEntries(
        Object.entries(shownTo(true))
          .filter(([what, error]) => JSON.stringify(error) !== JSON.stringify(careful[what]))
          .map(([what, error]) => [`${what}, harmless`, error])
      ),
      ...Object.fromEntries(
        Object.entries(failures).map(([what, error]) => [`failure: ${what}`, CallError.toModel(error).error])
      )
    }
    const text = Object.entries(errors).map(([what, error]) => `${what}\n  ${JSON.stringify(error)}`).join("\n")
    expect(text).toMatchInlineSnapshot(`
      "unknown tool
        {"type":"UnknownTool","message":"There is no tool of this name. \`available\` names those that there are.","safeToRepeat":false,"data":{"available":["get_weather","get_population"]}}
      unknown tool, of many
        {"type":"UnknownTool","message":"There is no tool of this name. \`available\` names the 1 most like it, of 600.","safeToRepeat":false,"data":{"available":["get_weather"]}}
      unknown tool, none available
        {"type":"UnknownTool","message":"There is no tool of this name, and none is available.","safeToRepeat":false,"data":{"available":[]}}
      invalid arguments
        {"type":"InvalidArguments","message":"The arguments do not fit the tool's parameters; it did not run. Expected object; city.0: Missing key.","safeToRepeat":true,"data":{"issues":[{"path":"","message":"Expected object"},{"path":"city.0","message":"Missing key"}]}}
      truncated
        {"type":"Truncated","message":"The turn was cut off before it was complete; this call did not run. Ask again, with fewer or shorter calls.","safeToRepeat":true,"data":{}}
      limit exceeded
        {"type":"LimitExceeded","message":"Only the first 64 calls of a turn run; this one did not. Ask for it in the next turn, if tools are still on then.","safeToRepeat":true,"data":{"maxCalls":64}}
      tools switched off
        {"type":"LimitExceeded","message":"Tools are switched off; this call did not run.","safeToRepeat":false,"data":{"maxCalls":0}}
      timeout
        {"type":"Timeout","message":"No answer within 30000 ms (timeout). The outcome is unknown: it may have taken effect, or still do. Check before asking for it again.","safeToRepeat":false,"data":{"limit":"timeout","millis":30000,"started":true}}
      deadline
        {"type":"Timeout","message":"No answer within 5000 ms (deadline). The outcome is unknown: it may have taken effect, or still do. Check before asking for it again.","safeToRepeat":false,"data":{"limit":"deadline","millis":5000,"started":true}}
      deadline, never started
        {"type":"Timeout","message":"The batch met its deadline of 5000 ms before this call began; it did not run.","safeToRepeat":true,"data":{"limit":"deadline","millis":5000,"started":false}}
      defect
        {"type":"Defect","message":"The tool crashed. The outcome is unknown: it may have taken effect, or still do. Check before asking for it again.","safeToRepeat":false,"data":{}}
      interrupted by itself
        {"type":"Interrupted","message":"The call was interrupted. The outcome is unknown: it may have taken effect, or still do. Check before asking for it again.","safeToRepeat":false,"data":{"by":"tool","started":true}}
      interrupted by failFast
        {"type":"Interrupted","message":"Another call of the turn failed, which stopped this one. The outcome is unknown: it may have taken effect, or still do. Check before asking for it again.","safeToRepeat":false,"data":{"by":"failFast","started":true}}
      interrupted by failFast, never started
        {"type":"Interrupted","message":"Another call of the turn failed before this one began; it did not run.","safeToRepeat":true,"data":{"by":"failFast","started":false}}
      interrupted by a restart
        {"type":"Interrupted","message":"The program stopped while the call ran. The outcome is unknown: it may have taken effect, or still do. Check before asking for it again.","safeToRepeat":false,"data":{"by":"restart","started":true}}
      unencodable
        {"type":"Unencodable","message":"The tool ran, but its result could not be given back: it is not what the tool promises.","safeToRepeat":false,"data":{}}
      not begun in its time
        {"type":"Timeout","message":"The call could not begin within 2000 ms; it did not run.","safeToRepeat":true,"data":{"limit":"timeout","millis":2000,"started":false}}
      uncertain
        {"type":"Uncertain","message":"The outcome of call_7 is unknown, and this call touches the same; it did not run. Check, then ask again.","safeToRepeat":true,"data":{"after":"call_7"}}
      denied
        {"type":"Denied","message":"The call was not allowed; it did not run. Do not ask for the same again.","safeToRepeat":false,"data":{}}
      denied for a reason
        {"type":"Denied","message":"The call was not allowed; it did not run. Do not ask for the same again. Why: over the limit","safeToRepeat":false,"data":{}}
      undecided
        {"type":"Undecided","message":"It is not yet decided whether this call may run; it did not run.","safeToRepeat":true,"data":{}}
      undecided, behind another
        {"type":"Undecided","message":"It is not yet decided whether call_7 may run, and this call touches the same; it did not run.","safeToRepeat":true,"data":{"after":"call_7"}}
      dependency failed
        {"type":"DependencyFailed","message":"It needs the result of order, which failed with NoOrder; it did not run.","safeToRepeat":true,"data":{"root":"order","type":"NoOrder"}}
      timeout, harmless
        {"type":"Timeout","message":"No answer within 30000 ms (timeout). It may be asked for again.","safeToRepeat":true,"data":{"limit":"timeout","millis":30000,"started":true}}
      deadline, harmless
        {"type":"Timeout","message":"No answer within 5000 ms (deadline). It may be asked for again.","safeToRepeat":true,"data":{"limit":"deadline","millis":5000,"started":true}}
      defect, harmless
        {"type":"Defect","message":"The tool crashed.","safeToRepeat":true,"data":{}}
      interrupted by itself, harmless
        {"type":"Interrupted","message":"The call was interrupted.","safeToRepeat":true,"data":{"by":"tool","started":true}}
      interrupted by failFast, harmless
        {"type":"Interrupted","message":"Another call of the turn failed, which stopped this one.","safeToRepeat":true,"data":{"by":"failFast","started":true}}
      interrupted by a restart, harmless
        {"type":"Interrupted","message":"The program stopped while the call ran.","safeToRepeat":true,"data":{"by":"restart","started":true}}
      failure: a tagged class
        {"type":"CityNotFound","message":"There is no city called Rom.","safeToRepeat":true,"data":{"city":"Rom"}}
      failure: a tagged class without a message
        {"type":"Closed","message":"The tool failed with Closed.","safeToRepeat":false,"data":{"until":"1970-01-01T00:00:00.000Z"}}
      failure: a text
        {"type":"ToolFailure","message":"no such city","safeToRepeat":false,"data":"no such city"}
      failure: one that repeating does not mend
        {"type":"ToolFailure","message":"no such city. The same call would come to the same: do not repeat it.","safeToRepeat":true,"data":"no such city."}
      failure: a struct
        {"type":"ToolFailure","message":"The tool failed.","safeToRepeat":false,"data":{"code":7,"hint":"try Rome"}}
      failure: a struct with a message
        {"type":"ToolFailure","message":"try Rome","safeToRepeat":false,"data":{}}
      failure: an error with its message
        {"type":"Gone","message":"no such city","safeToRepeat":false,"data":{"code":7}}
      failure: an error with another message
        {"type":"Gone","message":"no such city","safeToRepeat":false,"data":{"message":"try Rome"}}
      failure: a list
        {"type":"ToolFailure","message":"The tool failed.","safeToRepeat":false,"data":[1,2]}"
    `)
  })

  it("is safe to repeat only where the call did not run or a second attempt is harmless", () => {
    const safe = (harmless: boolean) =>
      Object.entries(shownTo(harmless)).filter((entry) => entry[1].safeToRepeat).map(([what]) => what)
    const neverRan = [
      "invalid arguments",
      "truncated",
      "limit exceeded",
      "deadline, never started",
      "interrupted by failFast, never started",
      "not begun in its time",
      "uncertain",
      "undecided",
      "undecided, behind another",
      "dependency failed"
    ]
    assert.sameMembers(safe(false), neverRan)
    assert.sameMembers(safe(true), [
      ...neverRan,
      "timeout",
      "deadline",
      "defect",
      "interrupted by itself",
      "interrupted by failFast",
      "interrupted by a restart"
    ])
  })

  it("has no stack, no cause and no secret in it", () => {
    const everything = JSON.stringify([shownTo(true), shownTo(false)])
    assert.notInclude(everything, secret)
    assert.notMatch(everything, /stack|cause|\.ts:|node_modules/)
  })

  it.effect("shows no field that the failure's schema leaves out", () =>
    Effect.gen(function*() {
      const tool = Tool.make("login", {
        description: "Logs in.",
        parameters: Schema.Struct({}),
        success: Schema.String,
        failure: Schema.Struct({ code: Schema.Int }),
        execute: () => {
          const rejected = { code: 7, password: secret }
          return Effect.fail(rejected)
        }
      })
      const { outcomes } = yield* Batch.run(Toolkit.make(tool), callsOf("login"))
      assert.deepStrictEqual(JSON.parse(outcomes[0]!.encoded), {
        error: { type: "ToolFailure", message: "The tool failed.", safeToRepeat: false, data: { code: 7 } }
      })
    }))

  it.effect("shows no secret of a crash, a rejected promise or a result that does not fit", () =>
    Effect.gen(function*() {
      const odd = (name: string, execute: () => Effect.Effect<string>) =>
        Tool.make(name, {
          description: name,
          parameters: Schema.Struct({}),
          success: Schema.String.check(Schema.isMaxLength(3)),
          execute
        })
      const toolkit = Toolkit.make(
        odd("dies", () => Effect.die(new Error(secret, { cause: new Error(secret) }))),
        odd("dies_of_text", () => Effect.die(secret)),
        odd("rejects", () => Effect.promise(() => Promise.reject(new Error(secret)))),
        odd("too_long", () => Effect.succeed(secret))
      )
      const { outcomes } = yield* Batch.run(toolkit, callsOf("dies", "dies_of_text", "rejects", "too_long"))
      assert.notInclude(outcomes.map(({ encoded }) => encoded).join(), secret)
    }).pipe(Effect.provide(recordingLogger().layer)))
})

describe("CallError", () => {
  it("names tool and call in its message, for the host", () => {
    const error = new CallError.CallError({ callId: "call_1", tool: "get_weather", reason: new CallError.Truncated() })
    assert.match(error.message, /^get_weather \(call_1\): The turn was cut off/)
    assert.isTrue(error.isRetryable)
  })

  it.effect("is caught by its reason", () =>
    Effect.gen(function*() {
      const reason = new CallError.LimitExceeded({ maxCalls: 3 })
      const caught = yield* Effect.fail(new CallError.CallError({ callId: "1", tool: "t", reason })).pipe(
        Effect.catchReason("CallError", "LimitExceeded", ({ maxCalls }) => Effect.succeed(maxCalls))
      )
      assert.strictEqual(caught, 3)
    }))

  it.effect.each(Object.entries(reasonsOf(true)))("of %s survives JSON", ([, reason]) =>
    Effect.gen(function*() {
      const codec = Schema.toCodecJson(CallError.Codec)
      const error = new CallError.CallError({ callId: "1", tool: "t", reason })
      const json = JSON.parse(JSON.stringify(yield* Schema.encodeEffect(codec)(error)))
      const back = yield* Schema.decodeEffect(codec)(json)
      assert.instanceOf(back, CallError.CallError)
      assert.deepStrictEqual(CallError.toModel(back), CallError.toModel(error))
    }))
})

describe("ToolFailure", () => {
  it("carries the failure itself, not a copy", () => {
    const notFound = new CityNotFound({ city: "Rom" })
    const wrapped = failure(notFound, { _tag: "CityNotFound", city: "Rom" })
    assert.strictEqual(wrapped.failure, notFound)
    assert.strictEqual(wrapped.message, "get_weather: There is no city called Rom.")
  })
})
