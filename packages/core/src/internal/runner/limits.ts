import * as Context from "effect/Context"
import type { Engine } from "./engine.ts"
import type { Job } from "./job.ts"
import type { Run } from "./run.ts"

/**
 * What limits are counted in. Every batch counts anew, unless its program has this service, and every runner of `Batch.make`,
 * unless the program has it as that is made.
 */
export class Limits extends Context.Service<Limits, Engine<Job, Run<Job>>>()("@volley/core/Limits") {}
