import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Agent, Tool, Toolkit } from "@volley/core"
import { Run } from "@volley/telemetry"
import { ScriptedModel } from "@volley/testing"
import { Effect, FileSystem, Result, Schema } from "effect"

/** A tool that sees nothing at night; what it sees is its answer. */
export const looking = (seen: string) =>
  Tool.make("look", {
    description: "Looks.",
    parameters: Schema.Struct({ at: Schema.String }),
    success: Schema.String,
    failure: Schema.String,
    readOnly: true,
    execute: ({ at }) => at === "night" ? Effect.fail("dark") : Effect.succeed(`${seen} ${at}`)
  })

export const toolkit = Toolkit.make(looking("blue"))

export const asks = ScriptedModel.calls(
  { name: "look", arguments: { at: "sky" } },
  { name: "look", arguments: { at: "night" } }
)

/** Runs what records to a file of a folder that is gone afterwards, and gives what is in the folder then. */
export const recording = <A, E, R>(
  use: (file: string) => Effect.Effect<A, E, R>
) =>
  Effect.scoped(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped()
    const exit = yield* Effect.exit(use(`${folder}/run.jsonl`))
    const names = (yield* fs.readDirectory(folder)).toSorted()
    const texts = yield* Effect.forEach(names, (name) => fs.readFileString(`${folder}/${name}`))
    return { exit, names, texts }
  })).pipe(Effect.provide(NodeFileSystem.layer))

/** The run of an agent with these tools and this model, as its file keeps it. */
export const runOf = (
  { model, tools = toolkit }: { readonly model: ScriptedModel.ScriptedModel; readonly tools?: typeof toolkit }
) =>
  Effect.map(
    recording((file) =>
      Agent.run({ toolkit: tools, prompt: "Look." }).pipe(Effect.provide([model.layer, Run.layer({ file })]))
    ),
    ({ texts }) => read(texts[0])
  )

export const read = (text: string | undefined): Run.Decoded => Result.getOrThrow(Run.decode(text ?? ""))
