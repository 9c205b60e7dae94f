import {
  type CallToolRequestParams,
  type ClientCapabilities,
  createRequestStateCodec,
  inputRequired,
  type InputRequiredResult,
  inputResponse,
  type RequestStateCodec,
  type ServerContext
} from "@modelcontextprotocol/server"
import type { Decision } from "@volley/core/Approver"
import * as Json from "@volley/core/Json"
import * as Base64Url from "effect/encoding/Base64Url"
import { randomId } from "../randomId.ts"

/** What a question was about, as it goes to the client and comes back with its signature. */
export interface Question {
  readonly nonce: string
  readonly digest: string
}

/**
 * Asks the person at the client whether a call may run.
 *
 * - an answer counts once, within ten minutes, and for the tool and the arguments that were asked about alone
 */
export class Elicitation {
  readonly codec: RequestStateCodec<Question> = createRequestStateCodec<Question>({
    key: crypto.getRandomValues(new Uint8Array(32)),
    ttlSeconds
  })
  readonly #spent = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** True where the client can ask a person. */
  static canAsk(capabilities: ClientCapabilities | undefined): boolean {
    const { form, url } = capabilities?.elicitation ?? { url: {} }
    return form !== undefined || url === undefined
  }

  /** The question as the answer to a request, which the client repeats with what was said. */
  async ask(params: CallToolRequestParams, context: ServerContext): Promise<InputRequiredResult> {
    const { arguments: args = {}, name } = params
    const digest = await digestOf(params)
    return inputRequired({
      inputRequests: {
        [key]: inputRequired.elicit({
          message: `May ${name} run with ${shown(JSON.stringify(args))}?`,
          requestedSchema: {
            type: "object",
            properties: { allow: { type: "boolean", title: "Allow", description: "Whether it may run, this once." } },
            required: ["allow"]
          }
        })
      },
      requestState: await this.codec.mint({ nonce: randomId(), digest }, context)
    })
  }

  /** The decision on this very call; undefined where no one was asked about it, or it was used already. */
  async verdictOn(params: CallToolRequestParams, { mcpReq }: ServerContext): Promise<Decision | undefined> {
    const question = mcpReq.requestState<Question>()
    const said = inputResponse(mcpReq.inputResponses, key)
    if (question === undefined || said.kind !== "elicit") return undefined
    if (question.digest !== await digestOf(params) || !this.#spend(question.nonce)) return undefined
    if (said.action === "cancel") return "undecided"
    return said.action === "accept" && said.content?.["allow"] === true ? "allowed" : declined
  }

  /** False where it was spent before. */
  #spend(nonce: string): boolean {
    const now = this.#now()
    for (const [old, until] of this.#spent) {
      if (until > now) break
      this.#spent.delete(old)
    }
    if (this.#spent.has(nonce)) return false
    this.#spent.set(nonce, now + ttlSeconds * 1000)
    return true
  }
}

const key = "approve"

const ttlSeconds = 600

const declined: Decision = { denied: "The person at the client said no." }

const mostShown = 4000

/** Who decides has to see what they decide on, or that they do not. */
const shown = (text: string): string =>
  text.length <= mostShown ? text : `${text.slice(0, mostShown)} … and ${text.length - mostShown} characters more`

/** Two calls have the same digest where they have the same name and the same arguments, in whatever order of keys. */
const digestOf = async ({ arguments: args = {}, name }: CallToolRequestParams): Promise<string> => {
  const text = new TextEncoder().encode(JSON.stringify([name, args], sorted))
  return Base64Url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", text)))
}

const sorted = (_key: string, value: unknown): unknown =>
  Json.isObject(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1)) : value
