/** Calls that are more than plain ones, and what is wanted of them, beside an earlier commit in the same run. */
import { isThen, type Name } from "./contenders.ts"
import { micros, ratio, type Results, shapeSizes, shapeTimes } from "./Results.ts"
import { names as shapeNames, type Shape, shapes } from "./shapes.ts"
import { change, type Figure } from "./Statistics.ts"
import { digits, draw, left, percent, right, times } from "./Table.ts"

/** Calls that are more than plain ones. */
export const markdown = (results: Results): string =>
  [
    ...(Object.keys(results.shapes).length === 0 ? [] : ["### Times a plain call", growth(results)]),
    ...leftOut(results),
    `### Beside ${results.against ?? "an earlier commit"}`,
    table(results)
  ].join("\n\n")

const growth = (results: Results): string => {
  const who = [
    ...(results.against === undefined ? [] : [[commitOf(results), "volleyThen"] as const]),
    ["now", "volley"] as const
  ]
  return draw(
    [
      left("calls"),
      ...who.flatMap(([when]) => shapeSizes.map((size) => right(`${when}, ${size.toLocaleString("en")}`))),
      right("±")
    ],
    shapeNames.filter((shape) => results.shapes[shape] !== undefined).map((shape) => [
      shapes[shape].title,
      ...who.flatMap(([, name]) => shapeSizes.map((size) => times(shapeTimes(results, shape, name, size)))),
      percent(results.shapes[shape]?.volley?.costs[1000]?.times.spread)
    ])
  )
}

/** What was too slow, crashed or is not there, at the earlier commit and now. */
const leftOut = (results: Results): ReadonlyArray<string> =>
  (["volleyThen", "volley"] as const).flatMap((name) => {
    const reasons = shapeNames.flatMap((shape) => {
      const why = results.shapes[shape]?.[name]?.stopped
      return why === undefined ? [] : [`- ${shapes[shape].title}, ${why}`]
    })
    const when = isThen(name) ? commitOf(results) : "now"
    return reasons.length === 0 ? [] : [`Left out ${when}:`, reasons.join("\n")]
  })

type Values = ReadonlyArray<number | undefined>

/** What is wanted, and of each value whether it is so. */
interface Wanted {
  readonly text: string
  readonly met: ReadonlyArray<boolean | undefined>
}

interface Goal {
  readonly what: string
  readonly show: (value: number | undefined) => string
  readonly before: Values
  readonly now: Values
  readonly must: Wanted
  readonly aim?: Wanted
}

/** The table: every figure in it is one of the results. */
const table = (results: Results): string =>
  draw(
    [left("measure"), right(commitOf(results)), right("now"), right("must"), right("aim"), left("holds")],
    goalsOf(results).map((goal) => [
      goal.what,
      goal.before.map(goal.show).join(" / "),
      goal.now.map(goal.show).join(" / "),
      goal.must.text,
      goal.aim?.text ?? "-",
      verdict(goal)
    ])
  )

/** What figures of the earlier commit are headed. */
export const commitOf = ({ against }: Results): string => against === undefined ? "before" : `at ${against}`

const verdict = ({ aim, must }: Goal): string => {
  if (must.met.includes(false)) return "no"
  if (must.met.includes(undefined)) return "not measured"
  return aim?.met.every((met) => met === true) === true ? "must and aim" : "must"
}

const goalsOf = (results: Results): ReadonlyArray<Goal> => [
  shapeGoal(results, "accesses", shapeSizes, 2, 1.3),
  ...(["writes", "exclusive", "limited", "distinct", "batches"] as const).map((shape) =>
    shapeGoal(results, shape, [10_000], 4, 2)
  ),
  ...(["shared", "told", "retried"] as const).map((shape) => shapeGoal(results, shape, shapeSizes, 1.3, 1.1)),
  {
    what: "memory a call in flight, with accesses",
    show: (value) => value === undefined ? "-" : `${digits(value)} KiB`,
    ...both((name) => [results.memory[name]], "volleyAccess", "volleyAccessThen"),
    must: atMost("3.5 KiB", 3.5, [results.memory.volleyAccess]),
    aim: atMost("2.5 KiB", 2.5, [results.memory.volleyAccess])
  },
  ...loops.flatMap((loop) => [loopGoal(results, loop, callsTo), loopGoal(results, loop, runsTo)]),
  plainGoal(results, "a plain call, tool an Effect", "volley"),
  {
    ...plainGoal(results, "a plain call, `Tool.fromFunction`", "volleyFunction"),
    aim: atMost("2 × the floor", 2, few.map((size) => ratio(results, "volleyFunction", "promise", size)))
  }
]

const sizesOf = (sizes: ReadonlyArray<number>): string => sizes.map((size) => size.toLocaleString("en")).join(" / ")

const atMost = (text: string, limit: number, values: Values): Wanted => ({
  text,
  met: values.map((value) => value === undefined ? undefined : value <= limit)
})

const both = (of: (name: Name) => Values, now: Name, before: Name) => ({ now: of(now), before: of(before) })

const shapeGoal = (
  results: Results,
  shape: Shape,
  sizes: ReadonlyArray<number>,
  must: number,
  aim: number
): Goal => {
  const values = both((name) => sizes.map((size) => shapeTimes(results, shape, name, size)), "volley", "volleyThen")
  return {
    what: `${shapes[shape].title}, to plain calls, at ${sizesOf(sizes)}`,
    show: times,
    ...values,
    must: atMost(`${must} ×`, must, values.now),
    aim: atMost(`${aim} ×`, aim, values.now)
  }
}

/** Numbers of calls as a model asks for them. */
const few = [10, 100, 1000]

/** An agent and the loop of an SDK, on one wire. */
interface Loop {
  readonly what: string
  readonly own: Name
  readonly before?: Name
  readonly peer: Name
}

const loops: ReadonlyArray<Loop> = [
  {
    what: "`Agent.run` on Anthropic to `toolRunner`",
    own: "volleyAnthropic",
    before: "volleyAnthropicThen",
    peer: "anthropicRunner"
  },
  {
    what: "the same, `Tool.fromFunction`",
    own: "volleyAnthropicFunction",
    peer: "anthropicRunner"
  },
  {
    what: "`Agent.run` on Chat Completions to `runTools`",
    own: "volleyChat",
    before: "volleyChatThen",
    peer: "openAiRunTools"
  },
  {
    what: "the same, `Tool.fromFunction`",
    own: "volleyChatFunction",
    peer: "openAiRunTools"
  }
]

/** What of two loops is compared. */
interface Compared {
  readonly what: string
  readonly of: (results: Results, name: Name, size: number, peer: Name) => number | undefined
}

const callsTo: Compared = {
  what: "a call",
  of: (results, name, size, peer) => ratio(results, name, "promise", size, peer)
}

const runsTo: Compared = {
  what: "a whole run",
  of: (results, name, size, peer) => {
    const [own, other] = [runOf(results, name, size), runOf(results, peer, size)]
    return own === undefined || other === undefined ? undefined : own.median / other.median
  }
}

const loopGoal = (results: Results, { before, own, peer, what }: Loop, compared: Compared): Goal => {
  const of = (name: Name) => few.map((size) => compared.of(results, name, size, peer))
  const now = of(own)
  return {
    what: `${what}, ${compared.what}, at ${sizesOf(few)}`,
    show: times,
    before: before === undefined ? [undefined] : of(before),
    now,
    must: atMost("1.5 ×", 1.5, now),
    aim: atMost("1.0 ×", 1, now)
  }
}

const plainGoal = (results: Results, what: string, own: "volley" | "volleyFunction"): Goal => ({
  what: `${what}, at ${sizesOf(few)}`,
  show: (value) => value === undefined ? "-" : `${digits(value)} µs`,
  ...both((name) => few.map((size) => micros(results, name, "promise", size)), own, `${own}Then`),
  must: {
    text: "no dearer, but for noise",
    met: few.map((size) => isNoDearer(callOf(results, `${own}Then`, size), callOf(results, own, size)))
  }
})

const callOf = ({ calls }: Results, name: Name, size: number): Figure | undefined => calls[name]?.promise?.[size]?.call

const runOf = ({ calls }: Results, name: Name, size: number): Figure | undefined => calls[name]?.promise?.[size]?.run

const isNoDearer = (before: Figure | undefined, now: Figure | undefined): boolean | undefined =>
  before === undefined || now === undefined ? undefined : (change(before, now) ?? 1) <= 1
