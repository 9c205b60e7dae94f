/** The names most like one, nearest first; all of them in their order where they are few. */
export const nearest = (name: string, names: ReadonlyArray<string>, most = 8): ReadonlyArray<string> => {
  if (names.length <= most) return names
  const asked = plain(name)
  return names
    .map((other) => ({ other, distance: between(asked, plain(other)) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ other }) => other)
}

/** A tool's name is compared by its first 64 characters, however it is spelled. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, "_").slice(0, 64)

/** A name inside another is as near as one letter: models leave prefixes out, or add some. */
const between = (a: string, b: string): number =>
  a !== "" && a !== b && (a.includes(b) || b.includes(a)) ? 1 : distanceOf(a, b)

/** How many letters have to be put in, left out or changed to make one text of another (Levenshtein, 1966). */
export const distanceOf = (from: string, to: string): number => {
  let row = Array.from(to, (_, at) => at + 1)
  for (const [above, letter] of Array.from(from).entries()) {
    let left = above + 1
    row = row.map((up, at) => {
      const corner = at === 0 ? above : row[at - 1]!
      left = Math.min(up + 1, left + 1, corner + (letter === to[at] ? 0 : 1))
      return left
    })
  }
  return row.at(-1) ?? from.length
}
