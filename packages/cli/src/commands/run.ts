import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { report, UserError } from "../UserError.ts"
import * as Wires from "../Wires.ts"
import { approve, duration, mcp, openapi, provider, record, timeline, toggle, whole } from "./flags.ts"

const flags = {
  provider: provider.pipe(Flag.withDescription("The wire of the response")),
  toolkit: Flag.String("toolkit").pipe(
    Flag.optional,
    Flag.withMetavar("FILE"),
    Flag.withDescription("A module whose default export is a Toolkit, or { toolkit, layer }")
  ),
  mcp,
  ...openapi,
  concurrency: whole("concurrency", 1).pipe(Flag.optional, Flag.withDescription("Calls at a time; 10 by default")),
  timeout: duration("timeout").pipe(
    Flag.optional,
    Flag.withDescription("How long a call may take; 30 seconds by default")
  ),
  deadline: duration("deadline").pipe(
    Flag.optional,
    Flag.withDescription("How long all calls together may take; no limit by default")
  ),
  echo: toggle("echo", "Print the assistant turn before the results"),
  stream: toggle("stream", "Read a streamed response, and start read-only calls while it arrives"),
  approve,
  record,
  timeline
}

/** `volley run` */
export const run = Command.make(
  "run",
  flags,
  ({ approve, concurrency, deadline, echo, mcp, provider, record, stream, timeline, timeout, toolkit, ...openapi }) =>
    report(
      "volley run",
      Effect.gen(function*() {
        if (Option.isNone(toolkit) && Option.isNone(openapi.openapi) && mcp.length === 0) {
          const message = "there are no tools: give --toolkit FILE, --mcp COMMAND, --openapi FILE, or several of them"
          return yield* new UserError({ message, exitCode: 2 })
        }
        const { run } = yield* Effect.promise(() => import("../Run.ts"))
        return yield* run({
          wire: Wires.all.find(({ name }) => name === provider)!,
          file: Option.getOrUndefined(toolkit),
          mcp,
          openapi,
          echo,
          stream,
          approve: Option.getOrUndefined(approve),
          timeline: Option.getOrUndefined(timeline),
          record: Option.getOrUndefined(record),
          batch: {
            concurrency: Option.getOrUndefined(concurrency),
            timeout: Option.getOrUndefined(timeout),
            deadline: Option.getOrUndefined(deadline)
          }
        })
      })
    )
).pipe(
  Command.withDescription("Run the calls of a response on standard input, and print the result messages as JSON"),
  Command.withExamples([
    {
      command: "volley run --provider openai-chat --toolkit tools.ts < response.json",
      description: "Run its calls with the tools of a module"
    },
    {
      command:
        "volley run --provider anthropic --mcp \"npx -y @modelcontextprotocol/server-filesystem .\" < response.json",
      description: "Run them with the tools of an MCP server"
    }
  ])
)
