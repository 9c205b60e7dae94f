/**
 * What `Transport` makes of requests, of answers and of addresses, without any SDK in between.
 */
import { assert, describe, it } from "@effect/vitest"
import { Transport } from "@volley/core"
import { Arbitrary, Clock, Effect, Exit, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"

const url = "https://api.test/v1"

/** A `fetch` that answers by `answer`, and what it was asked. */
const sending = (answer: (url: string, init: RequestInit) => Response | Promise<Response>) => {
  const asked: Array<readonly [url: string, init: RequestInit]> = []
  const send: Transport.Fetch = async (input, init = {}) => {
    asked.push([input instanceof Request ? input.url : String(input), init])
    return await answer(String(input), init)
  }
  return { send, asked }
}

const failing = (ask: () => Promise<unknown>) =>
  Effect.map(Effect.flip(Effect.tryPromise({ try: ask, catch: (error) => error })), Transport.failureIn)

const bodyOf = (pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>) =>
  new ReadableStream<Uint8Array<ArrayBuffer>>({ pull }, { highWaterMark: 0 })

describe("Transport.within", () => {
  it.effect("hands on what was sent and what came, whatever status it has", () =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({})
      const { asked, send } = sending(() =>
        new Response("fine", { status: 201, statusText: "Made", headers: { "x-of": "the server" } })
      )
      const init = { method: "POST", body: "{}", headers: { "x-of": "mine" } }
      const response = yield* Effect.promise(() => limited(send)(url, init))
      assert.deepStrictEqual([response.status, response.statusText, response.headers.get("x-of")], [
        201,
        "Made",
        "the server"
      ])
      assert.strictEqual(yield* Effect.promise(() => response.text()), "fine")
      assert.deepInclude(asked[0]?.[1], { ...init, redirect: "manual" })
      const empty = sending(() => new Response(null, { status: 204 })).send
      assert.strictEqual((yield* Effect.promise(() => limited(empty)(url))).status, 204)
      const odd = new Response("{}")
      Reflect.defineProperty(odd, "status", { value: 999 })
      assert.strictEqual((yield* Effect.promise(() => limited(sending(() => odd).send)(url))).status, 500)
    }))

  it.effect("passes on what was thrown, and aborts with the signal that was given", () =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({})
      const thrown = new TypeError("fetch failed")
      const error = yield* Effect.promise(() => limited(() => Promise.reject(thrown))(url).catch((error) => error))
      assert.strictEqual(error, thrown)
      assert.isUndefined(Transport.failureIn(error))
      const controller = new AbortController()
      const { send } = sending((_, { signal }) =>
        new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
      )
      const asked = limited(send)(url, { signal: controller.signal }).catch((error) => error)
      controller.abort("enough")
      assert.strictEqual(yield* Effect.promise(() => asked), "enough")
      const late = limited(async (_, init) => Response.json(init?.signal?.aborted))(url, { signal: controller.signal })
      assert.isTrue(yield* Effect.promise(async () => (await late).json()))
    }))

  it.effect("leaves nothing at a signal that outlives the request, however that ends", () =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({ maxBytes: 2 })
      const { signal } = new AbortController()
      const held = new Set<unknown>()
      signal.addEventListener = (_: string, listener: unknown) => void held.add(listener)
      signal.removeEventListener = (_: string, listener: unknown) => void held.delete(listener)
      const ways: ReadonlyArray<readonly [Transport.Fetch, (response: Response) => Promise<unknown> | undefined]> = [
        [async () => new Response("ok"), (response) => response.text()],
        [async () => new Response("four"), (response) => response.text()],
        [async () => new Response("ok"), (response) => response.body?.cancel()],
        [async () => new Response(null, { status: 204 }), async () => {}],
        [() => Promise.reject(new TypeError("fetch failed")), async () => {}]
      ]
      for (const [send, use] of ways) {
        const asked = limited(send)(url, { signal })
        assert.strictEqual(held.size, 1)
        yield* Effect.exit(Effect.tryPromise(async () => use(await asked)))
        assert.strictEqual(held.size, 0)
      }
    }))

  it.effect("does not count the time in which nobody reads", () =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({ idle: "1 second" })
      let chunks = 3
      const { send } = sending(() =>
        new Response(bodyOf((controller) => chunks-- > 0 ? controller.enqueue(new Uint8Array(1)) : controller.close()))
      )
      const response = yield* Effect.promise(() => limited(send)(url))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* Effect.promise(() => response.arrayBuffer())).byteLength, 3)
    }))

  it.effect("takes an answer for whole that dribbles in time, and lets its source go where nobody wants it", () =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({ idle: "1 second" })
      const left = Promise.withResolvers<unknown>()
      const body = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1)),
        cancel: left.resolve
      })
      const response = yield* Effect.promise(() => limited(sending(() => new Response(body)).send)(url))
      yield* Effect.promise(() => response.body?.cancel("enough") ?? Promise.resolve())
      assert.strictEqual(yield* Effect.promise(() => left.promise), "enough")
    }))

  it.effect("reads what has come of a refusal that dribbles, and lets go of it in time", () =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({ idle: "1 second" })
      const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>()
      const writer = writable.getWriter()
      const { asked, send } = sending(() => new Response(readable, { status: 400 }))
      const response = yield* Effect.promise(() => limited(send)(url))
      const text = yield* Effect.forkChild(Effect.promise(() => response.text()), { startImmediately: true })
      for (const letter of ["n", "o"]) {
        yield* TestClock.adjust("499 millis")
        yield* Effect.promise(() => writer.write(new TextEncoder().encode(letter)))
      }
      yield* TestClock.adjust("1 millis")
      assert.isUndefined(text.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(text), "no")
      assert.isTrue(asked[0]?.[1].signal?.aborted)
    }))

  it.effect("says where a redirect leads that it does not follow, in circles and out of the web too", () =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({})
      for (const [location, to] of [["/a", "https://api.test"], ["data:text/plain,{}", "data:"]] as const) {
        const { send } = sending(() => new Response(null, { status: 307, headers: { location } }))
        const failure = yield* failing(async () => (await limited(send)(url)).text())
        assert.deepStrictEqual(failure, new Transport.Redirected({ status: 307, to }))
      }
    }))

  it.effect("tells of what broke off in a body, and of which request", () =>
    Effect.gen(function*() {
      const told: Array<unknown> = []
      const limited = yield* Transport.within({ maxBytes: 2 }, ({ _tag }, { body }) => told.push([_tag, body]))
      const { send } = sending(() => new Response("four"))
      const failure = yield* failing(async () => (await limited(send)(url, { method: "POST", body: "{}" })).text())
      assert.deepStrictEqual(failure, new Transport.TooLarge({ maxBytes: 2 }))
      assert.deepStrictEqual(told, [["TooLarge", "{}"]])
    }))

  it.effect.each(
    [
      ["GET", 302, "/b", undefined, true],
      ["HEAD", 303, "https://api.test/b", undefined, true],
      ["POST", 307, "/b", "text", true],
      ["POST", 308, "b", "text", true],
      ["POST", 301, "/b", "text", false],
      ["GET", 302, "https://api.test:8443/b", undefined, false],
      ["GET", 302, "http://api.test/b", undefined, false],
      ["GET", 302, "https://me:secret@api.test/b", undefined, false],
      ["GET", 302, "https://", undefined, false],
      ["POST", 307, "/b", "stream", false]
    ] as const
  )(
    "at a %s, %s to %s with a body of %s: goes on %s",
    ([method, status, location, kind, goesOn]) =>
      Effect.gen(function*() {
        const limited = yield* Transport.within({})
        const { asked, send } = sending((_, init) =>
          asked.length > 1 ? new Response(`${init.method}`) : new Response(null, { status, headers: { location } })
        )
        const body = kind === "stream" ? bodyOf((controller) => controller.close()) : kind ?? null
        const ask = async () => (await limited(send)(url, { method, body })).text()
        if (goesOn) {
          assert.strictEqual(yield* Effect.promise(ask), method)
          assert.deepStrictEqual(asked.map(([url]) => url), [url, "https://api.test/b"])
        } else {
          assert.strictEqual((yield* failing(ask))?._tag, "Redirected")
          assert.strictEqual(asked.length, 1)
        }
      })
  )

  it.effect("follows no redirect of a request that is an object, whose body is gone", () =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({})
      const { asked, send } = sending(() => new Response(null, { status: 307, headers: { location: "/b" } }))
      const failure = yield* failing(async () => (await limited(send)(new Request(url))).text())
      assert.deepStrictEqual(failure, new Transport.Redirected({ status: 307, to: "https://api.test" }))
      assert.strictEqual(asked.length, 1)
    }))

  it.effect("takes a status of redirects for any other where it leads nowhere", () =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({})
      const { send } = sending(() => new Response("which?", { status: 302 }))
      assert.strictEqual((yield* Effect.promise(() => limited(send)(url))).status, 302)
    }))

  it.effect.each([{ firstByte: -1 }, { idle: "soon" }, { maxBytes: 0 }, { maxBytes: 1.5 }, { maxBytes: Number.NaN }])(
    "dies of what makes no sense: %o",
    (options) =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(Transport.within(Object.assign<object, object>({}, options)))
        assert.isTrue(Exit.hasDies(exit))
      })
  )

  it.effect("keeps a timer only while it waits, so that an answer which nobody reads holds no process", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let timers = 0
      const sleep: Clock.Clock["sleep"] = (duration) =>
        Effect.suspend(() => {
          timers++
          return Effect.ensuring(clock.sleep(duration), Effect.sync(() => timers--))
        })
      const counting = { ...clock, currentTimeMillisUnsafe: () => 0, monotonicTimeNanosUnsafe: () => 0n, sleep }
      const limited = yield* Effect.provideService(Transport.within({}), Clock.Clock, counting)
      const [answer, end] = [Promise.withResolvers<Response>(), Promise.withResolvers<void>()]
      const asked = limited(() => answer.promise)(url)
      assert.strictEqual(timers, 1)
      answer.resolve(new Response(bodyOf((controller) => end.promise.then(() => controller.close()))))
      const response = yield* Effect.promise(() => asked)
      assert.strictEqual(timers, 0)
      const text = response.text()
      assert.strictEqual(timers, 1)
      end.resolve()
      assert.strictEqual(yield* Effect.promise(() => text), "")
      assert.strictEqual(timers, 0)
    }))

  it.effect("keeps no timer, and waits, where there is no limit", () =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({ firstByte: "unbounded", idle: "unbounded", maxBytes: "unbounded" })
      const { send } = sending(() => new Promise(() => {}))
      const fiber = yield* Effect.forkChild(Effect.promise(() => limited(send)(url)), { startImmediately: true })
      yield* TestClock.adjust("365 days")
      assert.isUndefined(fiber.pollUnsafe())
      yield* Fiber.interrupt(fiber)
    }))
})

describe("Transport.failureIn", () => {
  it.effect("finds what was thrown here underneath what a client made of it, and nothing else", () =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({ maxBytes: 1 })
      const response = yield* Effect.promise(() => limited(sending(() => new Response("two")).send)(url))
      const cause = yield* Effect.promise(() => response.text().catch((error) => error))
      const failure = new Transport.TooLarge({ maxBytes: 1 })
      assert.deepStrictEqual(
        Transport.failureIn(new Error("Connection error.", { cause: new Error("x", { cause }) })),
        failure
      )
      const circle = new Error("circle")
      circle.cause = circle
      for (const other of [undefined, "text", {}, circle, failure]) assert.isUndefined(Transport.failureIn(other))
    }))
})

describe("Transport.problemOf", () => {
  it.each([
    ["https://api.test/v1", undefined],
    ["http://127.0.0.1:8080", undefined],
    ["nowhere", "it is no URL"],
    ["", "it is no URL"],
    ["ftp://api.test", "it does not begin with http:// or https://"],
    [
      "https://ann@api.test",
      "it has a user or a password, which no request can have in its address: give them as headers"
    ]
  ])("says what `fetch` cannot ask: %s", (address, problem) => {
    assert.strictEqual(Transport.problemOf(address, "it"), problem)
  })

  it("leaves what it is to a fetch of one's own, as long as it is a URL", () => {
    assert.isUndefined(Transport.problemOf("unix://ann:pass@socket", "it", globalThis.fetch))
    assert.strictEqual(Transport.problemOf("nowhere", "it", globalThis.fetch), "it is no URL")
  })
})

const secret = "s3cr3t-value"

describe("an address without its secrets", () => {
  it.each([
    ["https://api.test/v1/@me", "https://api.test/v1/@me"],
    ["https://api.test", "https://api.test"],
    ["nowhere", "nowhere"],
    [`https://${secret}@api.test/v1`, "https://api.test/v1"],
    [`https://ann:${secret}@api.test:8443/v1?key=${secret}#${secret}`, "https://api.test:8443/v1"],
    [`https://ann:p@${secret}@api.test/v1`, "https://api.test/v1"],
    [`https://api.test?key=${secret}`, "https://api.test"],
    [`https://api.test/v1?`, "https://api.test/v1?"],
    [`https://ann:${secret}/x@api.test/v1`, "https://api.test/v1"],
    [`https://ann:${secret}?x@api.test/v1`, "https://api.test/v1"],
    [`https://ann:${secret}@api.test:99999/v1?key=${secret}`, "https://api.test:99999/v1"],
    [`https:ann:${secret}@api.test`, "api.test"],
    [`ann:${secret}@api.test`, "api.test"],
    [`api.test?key=${secret}`, "api.test"],
    [`postgres://ann:${secret}@db.test/shop`, "postgres://db.test/shop"]
  ])("is what is left: %s", (address, bare) => {
    assert.strictEqual(Transport.withoutSecrets(address), bare)
  })

  it.effect.prop("shows none of them, and neither does a text that has it, in whatever form", {
    parts: Arbitrary.schema(Schema.Struct({ user: Schema.String, password: Schema.String, query: Schema.String })),
    place: Arbitrary.schema(Schema.Literals(["api.test", "api.test:8080", "[::1]:1", "api.test:x", ""]))
  }, ({ parts, place }) =>
    Effect.sync(() => {
      const of = (text: string) => `${secret}${encodeURIComponent(text.toWellFormed())}`
      const address = `https://${of(parts.user)}:${of(parts.password)}@${place}/v1?key=${of(parts.query)}&${of("")}`
      const texts = [
        Transport.withoutSecrets(address),
        Transport.quoted(`cannot reach ${address}, "${address}" or <${address}>: try again`),
        Transport.quoted(decodeURIComponent(address), Transport.secretsOf(address)),
        Transport.quoted(
          `no key=${of(parts.query)} for ${parts.user} ${of(parts.password)}`,
          Transport.secretsOf(address)
        )
      ]
      for (const text of texts) assert.notInclude(text, secret)
      assert.include(texts[1], "try again")
    }), { arbitrary: { runs: 200 } })
})

describe("Transport.quoted", () => {
  it("leaves words as they are, and cuts them at 4 KiB", () => {
    const text = "The model \"x\" is unknown: see https://docs.test/models, or a://b."
    assert.strictEqual(Transport.quoted(text), text)
    const long = "é".repeat(3000)
    assert.match(Transport.quoted(long), /^é{2048}… \[cut: the first 4096 of 6000 bytes\]$/)
  })

  it.each([
    ["one,https://ann:s3cr3t@a.test/b,https://ann:s3cr3t@b.test/c?s3cr3t", "one,https://a.test/b,https://b.test/c"],
    ["https://a.test/?next=https://s3cr3t.test/ (a.test)", "https://a.test/ (a.test)"],
    ["{\"at\":\"https://a.test?s3cr3t\"}", "{\"at\":\"https://a.test\"}"],
    ["://s3cr3t@a://b@c", "://a://c"]
  ])("takes the secrets out of each address of a text: %s", (text, bare) => {
    assert.strictEqual(Transport.quoted(text), bare)
  })

  it("hides the longest of several texts first", () => {
    assert.strictEqual(Transport.quoted("abcdefgh abcdef", ["abcdef", "abcdefgh"]), "<hidden> <hidden>")
  })

  it("hides no words of a few letters", () => {
    assert.deepStrictEqual(Transport.secretsOf("https://ann:pw@api.test/v1?a=b&stream=true"), ["stream=true"])
  })
})

describe("Transport.changeEvents", () => {
  const same = (event: Transport.ServerEvent) => event
  const bytesOf = (text: string) => new TextEncoder().encode(text)

  /** The text that comes of a body in pieces. */
  const changed = (
    pieces: ReadonlyArray<Uint8Array<ArrayBuffer>>,
    change: (event: Transport.ServerEvent) => Transport.ServerEvent | undefined = same
  ): Promise<string> => {
    const left = [...pieces]
    const body = bodyOf((controller) => {
      const piece = left.shift()
      if (piece === undefined) controller.close()
      else controller.enqueue(piece)
    })
    return new Response(Transport.changeEvents(new Response(body), change).body).text()
  }

  const cut = (bytes: Uint8Array<ArrayBuffer>, sizes: ReadonlyArray<number>) => {
    const pieces: Array<Uint8Array<ArrayBuffer>> = []
    for (let at = 0; at < bytes.length;) {
      const size = sizes[pieces.length % sizes.length] ?? 1
      pieces.push(bytes.subarray(at, at + size))
      at += size
    }
    return pieces
  }

  const plain = "event: a\ndata: {\"ä\":\"𝄞\"}\n\ndata: [1, 2]\n\ndata: [DONE]\n\n"
  const wild =
    "\ufeff: alive\nid: 7\ndata:{\"ä\":\"𝄞\"}\nevent:a\nretry: 3\n\nevent: alive\n\ndata\n\ndata:\ndata: [1,\ndata: 2]\n\n"
    + ": alive\n\nevent:\ndata: [DONE]\n\n"

  it.effect.prop("writes them plainly, whatever their lines end in, wherever they are cut", {
    end: Schema.Literals(["\n", "\r", "\r\n"]),
    sizes: Schema.NonEmptyArray(Schema.Literals([1, 2, 3, 5, 8, 1000]))
  }, ({ end, sizes }) =>
    Effect.gen(function*() {
      const pieces = cut(bytesOf(wild.replaceAll("\n", end)), sizes)
      assert.strictEqual(yield* Effect.promise(() => changed(pieces)), plain)
    }))

  it.each([
    [
      "whole JSON is an event without an empty line",
      "data: {}\n\ndata: {\"a\":1}",
      "data: {}\n\ndata: {\"a\":1}\n\n",
      0
    ],
    ["[DONE] is one too", "data: {}\n\ndata: [DONE]\n", "data: {}\n\ndata: [DONE]\n\n", 0],
    ["what is cut off stays so", "data: {}\n\ndata: {\"a\":", "data: {}\n\ndata: {\"a\":", 1],
    ["what is cut off before its data is none", "data: {}\n\nevent: a\ndat", "data: {}\n\n", 0],
    ["an error that is JSON is an event", " {\n  \"error\": {}\n}\n", "data: {   \"error\": {} }\n\n", 0],
    ["one in a list is one too", "[{\"error\": {}}]", "data: [{\"error\": {}}]\n\n", 0],
    ["other JSON is none", "{\"choices\": []}\n", "", 0],
    ["an error that is cut off stays so", "{\n\n\"error\":", "data: {  \"error\":", 1],
    ["a page is none", "<html>\n\n</html>", "", 0]
  ])("at the end, %s", async (_, text, expected, cuts) => {
    for (const size of [1, 1000]) {
      let cutOff = 0
      const count = (event: Transport.ServerEvent) => {
        if (event.isCut) cutOff++
        return event
      }
      assert.strictEqual(await changed(cut(bytesOf(text), [size]), count), expected)
      assert.strictEqual(cutOff, cuts)
    }
  })

  it("puts another event in the place of one, or none", async () => {
    const change = (event: Transport.ServerEvent) => event.isDone ? undefined : { ...event, name: "b", data: "{}" }
    assert.strictEqual(await changed([bytesOf(plain)], change), "event: b\ndata: {}\n\nevent: b\ndata: {}\n\n")
  })

  it("reads a body as it is read itself, hands on what breaks it, and lets go of it", async () => {
    let asked = 0
    const broken = new Error("broken")
    const body = bodyOf((controller) => {
      if (++asked === 1) controller.enqueue(bytesOf("data: 1\n\n"))
      else controller.error(broken)
    })
    const reader = Transport.changeEvents(new Response(body), same).body?.getReader()
    assert.strictEqual(asked, 0)
    assert.strictEqual(new TextDecoder().decode((await reader?.read())?.value), "data: 1\n\n")
    assert.strictEqual(await reader?.read().catch((error: unknown) => error), broken)

    let cancelled: unknown
    const open = new ReadableStream<Uint8Array<ArrayBuffer>>({ cancel: (reason) => void (cancelled = reason) })
    await Transport.changeEvents(new Response(open), same).body?.cancel("enough")
    assert.strictEqual(cancelled, "enough")
  })

  it("leaves a response as it is that has no body, or was read", async () => {
    const read = new Response("data: 1\n\n")
    await read.text()
    assert.isNull(Transport.changeEvents(new Response(null), same).body)
    assert.isTrue(Transport.changeEvents(read, same).bodyUsed)
  })
})
