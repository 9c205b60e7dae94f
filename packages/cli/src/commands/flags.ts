import * as Scenarios from "@volley/simulator/Scenarios"
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Wires from "../Wires.ts"

const parsed = <A>(name: string, what: string, parse: (text: string) => Option.Option<A>) =>
  Flag.String(name).pipe(
    Flag.mapTryCatch((text) => Option.getOrThrow(parse(text)), () => what)
  )

/** A duration in Effect's words, such as "2 seconds". */
export const duration = (name: string) =>
  parsed(
    name,
    "a duration such as \"2 seconds\" or \"500 millis\"",
    (text) =>
      Option.filter(Schema.decodeUnknownOption(Schema.DurationFromString)(text), (it) => !Duration.isNegative(it))
  ).pipe(
    Flag.withMetavar("DURATION")
  )

/** A whole number from `least` to `most`. */
export const whole = (name: string, least: number, most = Infinity) =>
  parsed(
    name,
    most === Infinity ? `a whole number from ${least} on` : `a whole number from ${least} to ${most}`,
    (text) =>
      Option.filter(
        Option.some(Number(text)),
        (n) => text.trim() !== "" && Number.isInteger(n) && n >= least && n <= most
      )
  ).pipe(
    Flag.withMetavar("NUMBER")
  )

export const scenario = Flag.String("scenario").pipe(
  Flag.withMetavar("NAME"),
  Flag.withDescription(Scenarios.all.map(({ name }) => name).join(", "))
)

export const provider = Flag.Literals("provider", Wires.all.map(({ name }) => name))

export const latency = (standard: Duration.Input) =>
  duration("latency").pipe(
    Flag.withDefault(Duration.fromInputUnsafe(standard)),
    Flag.withDescription("How long the simulated model takes for a turn, such as \"1 second\"")
  )

export const mcp = Flag.String("mcp").pipe(
  Flag.withMetavar("COMMAND"),
  Flag.withDescription(
    "Add the tools of an MCP server: the command that starts it, or its URL; may be given several times"
  ),
  Flag.atLeast(0)
)

export const openapi = {
  openapi: Flag.String("openapi").pipe(
    Flag.optional,
    Flag.withMetavar("FILE"),
    Flag.withDescription("Add the operations of an OpenAPI document as tools: its file or its URL")
  ),
  include: Flag.String("include").pipe(
    Flag.withMetavar("NAMES"),
    Flag.withDescription(
      "Which operations of --openapi: names, or \"GET /path\", with \"*\" for anything, and commas between; may be given several times"
    ),
    Flag.atLeast(0)
  ),
  apiUrl: Flag.String("api-url").pipe(
    Flag.optional,
    Flag.withMetavar("URL"),
    Flag.withDescription("Where the requests of --openapi go, in place of the server that the document names")
  ),
  auth: Flag.String("auth").pipe(
    Flag.withMetavar("SCHEME=NAME"),
    Flag.withDescription(
      "A security scheme of --openapi, and the environment variable with its key; may be given several times"
    ),
    Flag.atLeast(0)
  )
}

export const toggle = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDefault(false), Flag.withDescription(description))

export const record = Flag.String("record").pipe(
  Flag.optional,
  Flag.withMetavar("FILE"),
  Flag.withDescription("Record what happens to FILE, as JSON Lines: arguments, results and texts as they are")
)

export const approve = Flag.Literals("approve", ["all", "ask"]).pipe(
  Flag.optional,
  Flag.withDescription(
    "Whether calls run that need approval, and calls of MCP servers and documents that are no reads: all of them, or ask you about each; without it they are denied"
  )
)

export const timeline = Flag.String("timeline").pipe(
  Flag.optional,
  Flag.withMetavar("FILE"),
  Flag.withDescription("Draw what happened into FILE.html, .svg, .txt, or .json for trace viewers")
)
