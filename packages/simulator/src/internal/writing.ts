/**
 * Which tools seem to change something, by what is said of them.
 */
import type { Offered } from "../Script.ts"

const reading = new Set(
  "calculate check count describe fetch find get is list look query read search show view".split(" ")
)

const writing = new Set(
  ("append apply approve assign book buy cancel change charge clear close commit copy create deactivate delete deploy "
    + "disable drop edit enable erase execute import insert install invite kill lock merge modify move patch pay post "
    + "publish purchase push put refund reject remove rename replace reserve reset restart restore revoke rotate run save "
    + "schedule send set start stop store submit terminate transfer trigger unlock update upload upsert wipe write")
    .split(" ")
)

/** Says why a tool is not called: the first verb of its name, or the first word of its description, changes things. */
export const whyLeft = ({ description = "", name }: Offered): string | undefined => {
  const words = wordsOf(name)
  const at = words.findIndex((word) => reading.has(word) || changes(word, words))
  const verb = words[at]
  if (verb !== undefined) return reading.has(verb) ? undefined : left(name, `its name says "${verb}"`)
  const first = wordsOf(description)[0] ?? ""
  return isThirdPerson(first) ? left(name, `its description begins with "${first}"`) : undefined
}

const left = (name: string, why: string): string => `I did not call ${name}, which may change something: ${why}.`

/** Numbers are added as well; what is added to something is named. */
const changes = (word: string, words: ReadonlyArray<string>): boolean =>
  writing.has(word) || (word === "add" && words.at(-1) !== word)

const wordsOf = (text: string): ReadonlyArray<string> =>
  text.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z0-9]+/).filter((word) => word !== "")

/** True for a verb and its third person. */
const isThirdPerson = (word: string): boolean =>
  [word, word.replace(/s$/, ""), word.replace(/es$/, ""), word.replace(/ies$/, "y")].some((form) => writing.has(form))
