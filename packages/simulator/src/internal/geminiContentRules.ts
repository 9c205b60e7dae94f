import type { Fault, Rule } from "../Wire.ts"
import {
  allResponses,
  callsOf,
  type Content,
  type FunctionCall,
  type Request,
  responsesOf,
  signsCalls
} from "./geminiRequest.ts"
import { isForged } from "./geminiSignature.ts"
import { firstDefined, firstDuplicate } from "./json.ts"

const eachContent =
  (check: (content: Content, at: number, all: ReadonlyArray<Content>) => Fault | undefined) =>
  (request: Request): Fault | undefined =>
    firstDefined(request.contents, (content, at) => check(content, at, request.contents))

/** Looks at each turn with calls, and at the results right behind it. */
const eachTurn = (
  check: (calls: ReadonlyArray<FunctionCall>, at: number, all: ReadonlyArray<Content>) => Fault | undefined
) =>
  eachContent((content, at, all) => {
    const calls = callsOf(content)
    return calls.length === 0 ? undefined : check(calls, at, all)
  })

/** Rules about contents one by one. */
export const shapeRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "G11",
    verified: true,
    check: ({ contents }) =>
      contents.length === 0
        ? { message: "* GenerateContentRequest.contents: contents is not specified" }
        : undefined
  },
  {
    row: "G11",
    verified: true,
    check: eachContent(({ parts }, at) =>
      parts.length > 0
        ? undefined
        : { message: `* GenerateContentRequest.contents[${at}].parts: contents.parts must not be empty.` }
    )
  },
  {
    row: "G10",
    verified: true,
    check: eachContent(({ role = "user" }) =>
      role === "user" || role === "model" ? undefined : { message: "Please use a valid role: user, model." }
    )
  }
]

/** Rules about the calls of a turn and their results. */
export const pairingRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "G3",
    verified: true,
    check: eachTurn((_, at, all) => {
      const before = all[at - 1]
      return all[at]?.role === "model" && before !== undefined && before.role !== "model" ? undefined : {
        message: "Please ensure that function call turn comes immediately after a user turn or after a function "
          + "response turn."
      }
    })
  },
  {
    row: "G1",
    verified: true,
    check: eachTurn((calls, at, all) =>
      responsesOf(all[at + 1]).length === calls.length ? undefined : {
        message: "Please ensure that the number of function response parts is equal to the number of function call "
          + "parts of the function call turn."
      }
    )
  },
  {
    row: "G2",
    verified: true,
    check: eachContent((content, at, all) =>
      allResponses(content).length === 0 || (content.role !== "model" && callsOf(all[at - 1]).length > 0)
        ? undefined
        : { message: "Please ensure that function response turn comes immediately after a function call turn." }
    )
  },
  {
    // Ids are unique and must come back, or none of a turn; what the API does where only some do is unknown.
    row: "4c",
    verified: false,
    check: eachTurn((calls, at, all) => {
      const answered = responsesOf(all[at + 1])
      const twice = firstDuplicate(calls.filter(({ id }) => id !== undefined), ({ id = "" }) => id)
      const hasIds = answered.some(({ id }) => id !== undefined)
      const wrong = twice ?? calls.find((call, place) =>
        call.id === undefined || !hasIds
          ? answered[place]?.id !== undefined || answered[place]?.name !== call.name
          : answered.filter(({ id, name }) => id === call.id && name === call.name).length !== 1
      )
      return wrong && {
        message: `contents[${at + 1}]: the function call ${wrong.id ?? wrong.name} needs one function response.`
      }
    })
  }
]

const taken: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/webp",
  "application/pdf",
  "text/plain"
])

/** Rules about images and documents in results. */
export const mediaRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "4c",
    verified: true,
    check: (request) =>
      signsCalls(request) ?
        undefined :
        eachContent((content) =>
          allResponses(content).some(({ parts = [] }) => parts.length > 0)
            ? {
              message: "Unable to submit request because `function_response.parts` is not supported for this model. "
                + "Learn more: https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling"
            }
            : undefined
        )(request)
  },
  {
    row: "4c",
    verified: false,
    check: eachContent((content) => {
      const types = allResponses(content).flatMap(({ parts = [] }) =>
        parts.map(({ inlineData }) => inlineData.mimeType)
      )
      const unknown = types.find((type) => !taken.has(type))
      return unknown === undefined ? undefined : { message: `Unsupported MIME type: ${unknown}` }
    })
  }
]

/** Rules about the signatures of calls; the strictest reading, which looks at older turns as well. */
export const signatureRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "G4",
    verified: true,
    check: (request) =>
      !signsCalls(request) ? undefined : eachContent((content, at) => {
        const first = content.parts.find(({ functionCall }) => functionCall !== undefined)
        return first?.functionCall === undefined || first.thoughtSignature ? undefined : {
          message: "Function call is missing a thought_signature in functionCall parts. This is required for tools to "
            + "work correctly, and missing thought_signature may lead to degraded model performance. Additional data, "
            + `function call \`default_api:${first.functionCall.name}\` , position ${at + 1}. Please refer to `
            + "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
        }
      })(request)
  },
  {
    row: "G12",
    verified: true,
    check: eachContent(({ parts }) => parts.some(isForged) ? { message: "Corrupted thought signature." } : undefined)
  }
]
