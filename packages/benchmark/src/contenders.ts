/** Who takes part; each is loaded in a process of its own. */
import type { Contender } from "./Contender.ts"

/** Where each contender comes from: a module, and its name there. */
export const places = {
  floor: ["contenders/floor.ts", "floor"],
  floorTimer: ["contenders/floor.ts", "floorTimer"],
  volley: ["contenders/volley.ts", "volley"],
  volleyFunction: ["contenders/volley.ts", "volleyFunction"],
  volleyNoTimeout: ["contenders/volley.ts", "volleyNoTimeout"],
  volleyFunctionNoTimeout: ["contenders/volley.ts", "volleyFunctionNoTimeout"],
  volleySpans: ["contenders/volley.ts", "volleySpans"],
  volleyTelemetry: ["contenders/volleyTelemetry.ts", "volleyTelemetry"],
  volleyAccess: ["contenders/volley.ts", "volleyAccess"],
  volleyAgent: ["contenders/volleyAgents.ts", "volleyAgent"],
  volleyAnthropic: ["contenders/volleyAgents.ts", "volleyAnthropic"],
  volleyAnthropicFunction: ["contenders/volleyAgents.ts", "volleyAnthropicFunction"],
  volleyChat: ["contenders/volleyAgents.ts", "volleyChat"],
  volleyChatFunction: ["contenders/volleyAgents.ts", "volleyChatFunction"],
  volleyResponses: ["contenders/volleyAgents.ts", "volleyResponses"],
  volleyGoogle: ["contenders/volleyAgents.ts", "volleyGoogle"],
  anthropicRunner: ["contenders/sdks.ts", "anthropicRunner"],
  openAiRunTools: ["contenders/sdks.ts", "openAiRunTools"],
  langGraph: ["peers/langGraph.ts", "langGraph"],
  aiSdk: ["peers/aiSdk.ts", "aiSdk"],
  effectAi: ["contenders/effectAi.ts", "effectAi"],
  openAiAgents: ["peers/openAiAgents.ts", "openAiAgents"],
  mastra: ["peers/mastra.ts", "mastra"]
} as const satisfies Record<string, readonly [string, string]>

type Place = keyof typeof places

/** Those that run on the sources of an earlier commit as well, beside today's. */
const compared = [
  "volley",
  "volleyFunction",
  "volleyAccess",
  "volleyAnthropic",
  "volleyChat"
] as const satisfies ReadonlyArray<Place>

/** Who takes part; with `Then` at its end, on the sources of an earlier commit. */
export type Name = Place | `${(typeof compared)[number]}Then`

/** Everybody; who is compared comes twice. */
export const names = Object.keys(places).flatMap((place) =>
  compared.some((one) => one === place) ? [place, `${place}Then`] : [place]
) as ReadonlyArray<Name>

export const isThen = (name: Name): boolean => name.endsWith("Then")

/** The name of the same contender on today's sources. */
export const placeOf = (name: Name): string => name.replace(/Then$/, "")

/** Loads a contender by its place; rejects where a package of its is not installed. */
export const load = async (name: string): Promise<Contender> => {
  const place = Object.entries(places).find(([key]) => key === name)
  if (place === undefined) throw new Error(`No contender is called "${name}".`)
  const [, [file, key]] = place
  const module: Readonly<Record<string, Contender>> = await import(new URL(file, import.meta.url).href)
  const contender = module[key]
  if (contender === undefined) throw new Error(`${file} has no ${key}.`)
  return contender
}
