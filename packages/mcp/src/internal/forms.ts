/**
 * Forms that a server wants to have filled in while it is asked something: questions to the program's `Approver`.
 */
import { type Client, type ElicitResult, specTypeSchemas } from "@modelcontextprotocol/client"
import { Approver, type Decision, type Question } from "@volley/core/Approver"
import * as Json from "@volley/core/Json"
import * as ToolCall from "@volley/core/ToolCall"
import * as Checks from "@volley/json-schema/Checks"
import type { Check } from "@volley/json-schema/Checks"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { randomId } from "./randomId.ts"
import { short } from "./short.ts"
import { visible } from "./visible.ts"

/** Requests in flight that have one approver, or have none. */
interface Asking {
  readonly decide: ((question: Question) => Effect.Effect<Decision>) | undefined
  readonly run: <A>(effect: Effect.Effect<A>, options: { readonly signal: AbortSignal }) => Promise<A>
  readonly ended: AbortController
  requests: number
}

/** Questions about forms go by the name that the protocol has for them, which no tool has. */
const method = "elicitation/create"

type Approves = (typeof Approver)["Service"]

/** The forms of one server. */
export class Forms {
  readonly #server: string
  readonly #asking = new Map<Approves | undefined, Asking>()

  constructor(server: string) {
    this.#server = server
  }

  /** Has a client answer the server's forms. */
  answerBy(client: Client): void {
    client.setRequestHandler(
      method,
      ({ params }, { mcpReq }) =>
        "requestedSchema" in params ? this.#fill(params.message, params.requestedSchema, mcpReq.signal) : declined
    )
  }

  /** The same effect, which asks a server: as long as it runs, forms are questions to the approver that it has. */
  during<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.map(Effect.context<never>(), (context) => this.#begin(context)),
      () => effect,
      (approver) => Effect.sync(() => this.#end(approver))
    )
  }

  #begin(context: Context.Context<never>): Approves | undefined {
    const approver = Context.getOrUndefined(context, Approver)
    const asking = this.#asking.get(approver) ?? {
      decide: approver?.decide,
      run: Effect.runPromiseWith(context),
      ended: new AbortController(),
      requests: 0
    }
    asking.requests++
    this.#asking.set(approver, asking)
    return approver
  }

  /** What is asked ends with the last request that it may be about. */
  #end(approver: Approves | undefined): void {
    const asking = this.#asking.get(approver)
    if (asking === undefined || --asking.requests > 0) return
    this.#asking.delete(approver)
    asking.ended.abort()
  }

  /** Where requests of several approvers are in flight, it cannot be known whose question it is. */
  async #fill(message: string, schema: unknown, signal: AbortSignal): Promise<ElicitResult> {
    const [asking, ...others] = this.#asking.values()
    if (asking?.decide === undefined || others.length > 0) return declined
    const filled = fill(asking.decide, { server: this.#server, message, schema })
    // An aborted question needs no answer.
    return asking.run(filled, { signal: AbortSignal.any([signal, asking.ended.signal]) }).catch(() => cancelled)
  }
}

const declined: ElicitResult = { action: "decline" }

const cancelled: ElicitResult = { action: "cancel" }

/** A form as a server sent it. */
interface Form {
  readonly server: string
  readonly message: string
  readonly schema: unknown
}

/** Asks for a form to be filled in; what cannot be shown, or not checked, is declined. */
const fill = Effect.fnUntraced(function*(decide: Approves["decide"], form: Form): Effect.fn.Return<ElicitResult> {
  const { server } = form
  const asked = askedOf(form)
  if (typeof asked === "string") {
    yield* Effect.logWarning("A form that a server wants to have filled in is declined", {
      server,
      issue: short(asked)
    })
    return declined
  }
  const decision = yield* Effect.catchCause(
    Effect.suspend(() => decide(asked.question)),
    (cause) => Effect.as(Effect.logError("An approver crashed", cause), "undecided" as const)
  )
  const said = saidBy(decision, asked)
  if (typeof said !== "string") return said
  yield* Effect.logError("An approver allowed a form with what does not fit", { server, issue: short(said) })
  return cancelled
})

/** A question about a form, what its fields are where nothing is said, and what may be said. */
interface Asked {
  readonly question: Question
  readonly defaults: Schema.Json
  readonly check: Check
}

const mostShown = 65_536

/** Or why it is not asked. */
const askedOf = ({ message, schema, server }: Form): Asked | string => {
  const problem = Json.problemOf(schema)
  if (problem !== undefined) return problem
  if (!isSchema(schema)) return "its schema is no object"
  if (message.length + JSON.stringify(schema).length > mostShown) return `it has more than ${mostShown} characters`
  try {
    return {
      question: questionOf(visible({ server, message, requestedSchema: schema })),
      defaults: defaultsOf(schema),
      check: Checks.make().of(schema)
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const questionOf = (form: Schema.Json): Question => {
  const id = `form_${randomId()}`
  return { tool: method, parameters: form, key: id, call: ToolCall.make({ id, name: method, arguments: form }) }
}

const defaultsOf = ({ properties }: Schema.JsonObject): Schema.Json =>
  Object.fromEntries(
    Object.entries(isSchema(properties) ? properties : {}).flatMap(([name, field]) =>
      isSchema(field) && field["default"] !== undefined ? [[name, field["default"]]] : []
    )
  )

/** What the server is told, or why what is allowed cannot be. */
const saidBy = (decision: Decision, { check, defaults }: Asked): ElicitResult | string => {
  if (decision === "undecided") return cancelled
  if (decision === "denied" || (typeof decision === "object" && "denied" in decision)) return declined
  const content = decision === "allowed" ? defaults : decision.allowed
  const issue = check(content)
  if (issue !== undefined) return issue
  const said = specTypeSchemas.ElicitResult["~standard"].validate({ action: "accept", content })
  return said.issues === undefined ? said.value : "a form has texts, numbers, truths and lists of texts"
}

const isSchema = Schema.is(Schema.Record(Schema.String, Schema.Json))
