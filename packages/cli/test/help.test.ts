/**
 * What `--help` says, beside what the page of the package says.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import type { HelpDoc } from "effect/cli/HelpDoc"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { readFileSync } from "node:fs"
import { volley } from "../src/Program.ts"
import { Screen, take } from "../src/Screen.ts"

const page = readFileSync(`${import.meta.dirname}/../README.md`, "utf8")

/** Each command, and the flags in its usage lines on the page. */
const usages = Object.entries(
  Object.groupBy(page.matchAll(/^(?:```text\n|- `)volley (\w+)([^`]*)`/gm), ([, name = ""]) => name)
).map(([name, lines = []]) =>
  [name, lines.flatMap(([, , rest = ""]) => Array.from(rest.matchAll(/--([\w-]+)/g), ([, flag = ""]) => flag))] as const
)

/** Flags that go with `--openapi`, which the page explains below for all commands. */
const ofOpenApi = ["include", "api-url", "auth"]

const helpOf = (name: string): Promise<HelpDoc> =>
  new Promise((resolve, reject) => {
    const present = (event: CliOutput.Presenter.Event) =>
      Effect.sync(() => event._tag === "Help" ? resolve(event.helpDoc) : reject(new Error(event._tag)))
    const layer = Layer.mergeAll(
      NodeServices.layer,
      Layer.succeed(CliOutput.Presenter, { present }),
      Layer.effect(Screen, take)
    )
    Effect.runFork(Effect.provide(Command.runWith(volley, { version: "0" })([name, "--help"]), layer))
  })

describe("volley --help", () => {
  it("is there for each command of the page", async () => {
    const { subcommands = [] } = await helpOf("")
    const names = subcommands.flatMap(({ commands }) => commands.map(({ name }) => name))
    assert.sameMembers(usages.map(([name]) => name), names)
  })

  it.each(usages)("has the flags of the page, and examples: %s", async (name, flags) => {
    const { examples = [], flags: shown, usage } = await helpOf(name)
    assert.include(usage, `volley ${name}`)
    assert.sameMembers([...flags], shown.map(({ name }) => name).filter((flag) => !ofOpenApi.includes(flag)))
    assert.isNotEmpty(examples)
    for (const { command } of examples) assert.include(command, `volley ${name}`)
  })
})
