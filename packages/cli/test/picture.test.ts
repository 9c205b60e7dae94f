/**
 * What a person sees of a demo: one screen, and the picture of the front page, which is drawn of the same runs.
 */
import { assert, describe, expect, it } from "@effect/vitest"
import * as Scenarios from "@volley/simulator/Scenarios"
import * as Timeline from "@volley/telemetry/Timeline"
import * as Picture from "../src/Picture.ts"
import type { Plays } from "../src/Report.ts"
import * as Wires from "../src/Wires.ts"
import { playVirtually } from "./support/playVirtually.ts"

const scenario = Scenarios.byName("customer")!

const playsOf = async (): Promise<ReadonlyArray<Plays>> => {
  const wire = Wires.all[0]!
  const [serial, parallel] = await Promise.all(
    [true, false].map((serial) => playVirtually(scenario, wire, { serial, latency: 1000 }))
  )
  const plays = { scenario: scenario.name, wire: wire.name, serial: serial?.played, parallel: parallel?.played }
  return Wires.all.map(({ hasParallelSwitch, name }) => ({
    ...plays,
    wire: name,
    serial: hasParallelSwitch ? plays.serial : undefined
  }))
}

describe("Picture.draw", () => {
  it("fits the screens that there are", async () => {
    const plays = await playsOf()
    for (const columns of [40, 60, 80, 120]) {
      const lines = Picture.draw(plays, { columns, rows: 24 }).split("\n")
      assert.isAtMost(lines.length, 24)
      assert.isAtMost(Math.max(...lines.map(({ length }) => length)), columns)
    }
    await expect(Picture.draw(plays, { columns: 80, rows: 24 })).toMatchFileSnapshot("pictures/demo.txt")
  })

  it("has colours where the screen does alone", async () => {
    const plays = await playsOf()
    assert.notInclude(Picture.draw(plays, {}), "\u001b")
    assert.include(Picture.draw(plays, { colour: true }), "\u001b[32m█")
  })
})

describe("the picture of the front page", () => {
  it("is that of the demo", async () => {
    const [first] = await playsOf()
    const runs = [first?.serial, first?.parallel].flatMap((play) => play === undefined ? [] : [play.run])
    await expect(Timeline.svg(runs)).toMatchFileSnapshot("../../../docs/pictures/demo.svg")
  })
})
