import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { report, UserError } from "../UserError.ts"
import { openapi, toggle, whole } from "./flags.ts"

const flags = {
  toolkit: Flag.String("toolkit").pipe(
    Flag.optional,
    Flag.withMetavar("FILE"),
    Flag.withDescription("A module whose default export is a Toolkit, or { toolkit, layer }")
  ),
  ...openapi,
  http: whole("http", 0, 65_535).pipe(
    Flag.optional,
    Flag.withMetavar("PORT"),
    Flag.withDescription(
      "Serve over HTTP, to this machine alone; 0 takes a free port. Without it, serve over standard input and output"
    )
  ),
  tokenEnv: Flag.String("token-env").pipe(
    Flag.optional,
    Flag.withMetavar("NAME"),
    Flag.withDescription("The environment variable with the token that requests must carry; needs --http")
  ),
  elicit: toggle("elicit", "Ask the person at the client about calls that need approval; without it they do not run")
}

/** `volley serve` */
export const serve = Command.make("serve", flags, ({ elicit, http, tokenEnv, toolkit, ...openapi }) =>
  report(
    "volley serve",
    Effect.gen(function*() {
      if (Option.isNone(toolkit) && Option.isNone(openapi.openapi)) {
        const message = "there are no tools: give --toolkit FILE, --openapi FILE, or both"
        return yield* new UserError({ message, exitCode: 2 })
      }
      const Serve = yield* Effect.promise(() => import("../Serve.ts"))
      return yield* Serve.run({
        file: Option.getOrUndefined(toolkit),
        openapi,
        port: Option.getOrUndefined(http),
        tokenEnv: Option.getOrUndefined(tokenEnv),
        elicit
      })
    })
  )).pipe(
    Command.withDescription("Serve a toolkit to MCP clients"),
    Command.withExamples([
      {
        command: "volley serve --toolkit tools.ts",
        description: "Serve the tools of a module over standard input and output"
      },
      {
        command: "volley serve --openapi petstore.yaml --http 8080",
        description: "Serve the operations of a document over HTTP"
      }
    ])
  )
