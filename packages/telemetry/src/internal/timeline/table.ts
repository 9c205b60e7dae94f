/** The same as a table, for those who read or hear it rather than look at it. */
import { escape } from "./escape.ts"
import type { Row, Timeline } from "./row.ts"
import { ending, taken, time, waited } from "./units.ts"

const columns = ["turn or call", "id", "begins", "waited", "behind", "took", "attempts", "end", "critical"]

export const table = ({ rows }: Timeline): string =>
  `<details class="table"><summary>As a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Timeline as a table"><table>
<caption>Times are counted from the beginning of the run.</caption>
<thead><tr>${columns.map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>
<tbody>
${rows.map(line).join("\n")}
</tbody></table></div></details>`

const line = (row: Row): string => {
  const behind = row.spans.flatMap((span) => span.kind === "wait" && span.behind !== undefined ? [span.behind] : [])
  const cells = [
    ["", escape(row.id)],
    ["n", time(row.from)],
    ["n", waited(row) > 0 ? time(waited(row)) : ""],
    ["", escape(behind.join(", "))],
    ["n", time(taken(row))],
    ["n", String(row.attempts)],
    ["", escape(ending(row)) || "well"],
    ["", row.critical ? "yes" : ""]
  ]
  return `<tr><th scope="row">${escape(row.name)}</th>${
    cells.map(([kind, text]) => `<td${kind === "" ? "" : ` class="${kind}"`}>${text}</td>`).join("")
  }</tr>`
}
