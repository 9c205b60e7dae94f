/**
 * Reads what a Markdown page promises: the examples it shows and the commands it names.
 */

/** A fenced block of a page. */
export interface Fence {
  readonly language: string
  /** The words behind the language on its first line. */
  readonly info: string
  readonly code: string
  /** The line of the page on which the block opens, from 1. */
  readonly line: number
}

/** Returns the fenced blocks in the order of the page, indented ones too. */
export const fences = (page: string): ReadonlyArray<Fence> =>
  Array.from(page.matchAll(/^( *)```(\w+)([^\n]*)\n(.*?)^\1```$/gms), (found) => ({
    language: found[2]!,
    info: found[3]!.trim(),
    code: found[4]!,
    line: page.slice(0, found.index).split("\n").length
  }))

/** Returns the lines that an example says it prints: what follows each `// =>`. */
export const expectedLines = (code: string): ReadonlyArray<string> =>
  Array.from(code.matchAll(/\/\/ => ?(.*)$/gm), (found) => found[1]!.trim())

/**
 * Finds the first expected line that the output lacks; undefined where it has all of them.
 *
 * - shape: expected lines are whole lines, in their order; the output may have others in between
 */
export const firstMissing = (expected: ReadonlyArray<string>, output: string): string | undefined => {
  const printed = output.split("\n").map((line) => line.trim())
  let from = 0
  return expected.find((line) => {
    const at = printed.indexOf(line, from)
    from = at + 1
    return at === -1
  })
}

/** Returns the commands of a shell block: its lines without comments, blanks and prompts. */
export const commands = (code: string): ReadonlyArray<string> =>
  code.split("\n").map((line) => line.replace(/(^|\s)#.*$/, "").replace(/^\$ /, "").trim()).filter((line) =>
    line !== ""
  )

/** Returns the npm scripts that commands name with `npm run`. */
export const npmScripts = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.flatMap((line) => Array.from(line.matchAll(/\bnpm run ([\w:-]+)/g), (found) => found[1]!))

/** Returns the files that commands run with `node`, options left out. */
export const nodeFiles = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.flatMap((line) => Array.from(line.matchAll(/\bnode (?:-\S+ )*([^-\s]\S*)/g), (found) => found[1]!))

/** Returns where the links of a page lead, as written; those in code are none. */
export const links = (page: string): ReadonlyArray<string> => {
  const text = page.replace(/^( *)```.*?^\1```$/gms, "").replace(/`[^`\n]*`/g, "")
  return Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), (found) => found[1]!)
}

/** Returns the anchors that the headings of a page have, as GitHub makes them. */
export const anchors = (page: string): ReadonlyArray<string> =>
  Array.from(
    page.replace(/^( *)```.*?^\1```$/gms, "").matchAll(/^#+ (.*)$/gm),
    (found) => found[1]!.trim().toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, "").replace(/ /g, "-")
  )

/**
 * Returns the headings, paragraphs and list items of a page, each as one line of words.
 *
 * - left out: blocks of code, tables, pictures, comments and where links lead; code in a line counts as one word
 */
export const prose = (page: string): ReadonlyArray<string> =>
  page.replace(/^( *)```.*?^\1```$/gms, "\n").replace(/<!--.*?-->/gs, "")
    .replace(/^ *(?:\||\[[^\]]+\]: ).*$/gm, "").replace(/`[^`]+`/g, "`code`")
    .replace(/!\[[^\]]*\]\([^)]*\)/g, "").replace(/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, "$1")
    .split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )/).map((text) => text.replace(/\s+/g, " ").trim())
    .filter((text) => text !== "")

/** Returns the sentences of a text in prose. */
export const sentences = (text: string): ReadonlyArray<string> => text.split(/(?<=[.!?][)"*]*) (?=[\p{Lu}\d`"(*_])/u)

/** Returns how many words a text has. */
export const words = (text: string): number => text.match(/\S*[\p{L}\p{N}]\S*/gu)?.length ?? 0
