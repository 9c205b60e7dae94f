/** Timelines as a page: one file that needs no network. */
import { escape } from "./escape.ts"
import type { Interval, Row, Step, Timeline } from "./row.ts"
import { script, scriptHash } from "./script.ts"
import { style, styleHash } from "./style.ts"
import { table } from "./table.ts"
import { share, strip, track } from "./track.ts"
import { count, ending, number, taken, ticks, time, waited, why } from "./units.ts"

/** What a page has. */
export interface HtmlOptions {
  /** With the arguments of calls, their results and what the model said; false. */
  readonly results?: boolean | undefined
  /** Where a server has `liveScript`, for a page that follows its run; a page without a server when left out. */
  readonly live?: string | undefined
}

/** Writes a page. */
export const html = (timeline: Timeline, { live, results = false }: HtmlOptions): string => {
  const name = timeline.name === "" ? "Run" : escape(timeline.name)
  const may = live === undefined ? `script-src '${scriptHash}'` : `script-src 'self'; connect-src 'self'`
  const policy = `default-src 'none'; style-src '${styleHash}'; ${may}; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${name} · timeline</title>
<style>${style}</style>
</head>
<body>
<main class="page">
<div class="about">
${head(timeline, name)}
${path(timeline)}
</div>
${tools}
<div class="chart" role="region" aria-label="Timeline" tabindex="0">
${chart(timeline, results)}
</div>
${key}
${table(timeline)}
</main>
${live === undefined ? `<script>${script}</script>` : `<script src="${escape(live)}"></script>`}
</body>
</html>
`
}

const head = (timeline: Timeline, name: string): string => {
  const { at, calls, callsMs, end, message, serialMs } = timeline
  const gain = serialMs / callsMs
  const told = gain >= 1.05
    ? ` <span>instead of ${time(serialMs)}</span> <b>${gain.toFixed(1)}×</b>`
    : ""
  const date = new Date(at)
  const iso = Number.isNaN(date.getTime()) ? "" : date.toISOString()
  const broken = end === "failed"
    ? `<p class="e-failed"><span class="time">It failed: ${escape(message)}</span></p>`
    : ""
  const doing = calls === 0 ? "No calls" : `${count(calls, "call")} in ${time(callsMs)}`
  return `<header>
<h1>${name} <time class="when id" datetime="${iso}">${iso.slice(0, 19).replace("T", " ")}</time></h1>
<p class="headline">${doing}${told}</p>${broken}
<dl class="facts">${
    facts(timeline).map(([term, value, kind = ""]) => `<div class="${kind}"><dt>${term}</dt><dd>${value}</dd></div>`)
      .join("")
  }</dl>
</header>`
}

type Fact = readonly [term: string, value: string, kind?: string]

const facts = (timeline: Timeline): ReadonlyArray<Fact> => {
  const { cost, end, failed, length, modelMs, tokens, turns } = timeline
  const part = length === 0 ? 0 : Math.round(modelMs / length * 100)
  return [
    ["whole run", time(length)],
    ...(turns === 0
      ? []
      : [["turns", number(turns)], ["the model's own time", `${time(modelMs)} (${part} %)`]] as const),
    ...(failed === 0
      ? []
      : [[failed === 1 ? "call without a result" : "calls without a result", number(failed), "bad"]] as const),
    ...(tokens === undefined ? [] : [["tokens in, out", `${number(tokens.input)}, ${number(tokens.output)}`]] as const),
    ...(cost === undefined ? [] : [["cost", String(Number(cost.toPrecision(4)))]] as const),
    ...(end === "open" ? [["end", "goes on, or not recorded"]] as const : [])
  ]
}

/** Parts shorter than a thousandth of the run say nothing. */
const told = ({ length, path }: Timeline): ReadonlyArray<Step> =>
  path.filter(({ from, kind, to }) => kind !== "other" && to - from > length / 1000)

const path = (timeline: Timeline): string => {
  const steps = told(timeline)
  if (steps.length === 0) return ""
  const shown = steps.length > 18 ? [...steps.slice(0, 9), undefined, ...steps.slice(-8)] : steps
  const items = shown.map((step) => step === undefined ? `<li>… ${steps.length - 17} more …</li>` : stepOf(step))
  return `<section class="path" aria-labelledby="critical">
<h2 id="critical">What the run waited for: its critical path</h2>
${strip(timeline.path, timeline.length)}
<ol>${items.join("")}</ol>
</section>`
}

const stepOf = ({ from, id, kind, name, to }: Step): string => {
  const text = kind === "wait" ? `${name} waits` : name
  return `<li>${escape(text)} <small>${escape(id)} ${time(to - from)}</small></li>`
}

const zooms = [1, 4, 16, 64]

/** What is switched stands before the chart, so that the style alone can show it. */
const tools = `${
  zooms.map((zoom) =>
    `<input class="sr" type="radio" name="zoom" id="z${zoom}" aria-label="Zoom ${zoom}×"${
      zoom === 1 ? " checked" : ""
    }>`
  ).join("")
}<input class="sr" type="checkbox" id="only-path"><input class="sr" type="checkbox" id="only-bad">
<div class="tools">
<div><span>Zoom</span> ${zooms.map((zoom) => `<label for="z${zoom}">${zoom}×</label>`).join("")}</div>
<div><label for="only-path">critical path only</label><label for="only-bad">failures only</label></div>
<span class="hint"><kbd>↑</kbd> <kbd>↓</kbd> move, <kbd>Enter</kbd> opens, <kbd>+</kbd> <kbd>−</kbd> zoom</span>
</div>`

const chart = (timeline: Timeline, results: boolean): string => {
  const { length, path, rows } = timeline
  if (rows.length === 0) return `<p class="empty">Nothing happened yet.</p>`
  const threads = new Map<string, Array<Interval>>()
  for (const step of path) threads.set(step.key, [...threads.get(step.key) ?? [], step])
  const drawn = rows.map((row) => rowOf(row, threads.get(row.key) ?? [], length, results))
  const marks = zooms.map((zoom) => [zoom, ticks(length, 4 + 4 * zoom)] as const)
  return `<div class="rows">
<div class="axis" aria-hidden="true">${marks.map(([zoom, all]) => scale(zoom, all, length, label)).join("")}</div>
<div class="grid" aria-hidden="true">${marks.map(([zoom, all]) => scale(zoom, all, length, rule)).join("")}</div>
${parts(drawn)}
</div>`
}

/** Rows in parts of 25, which is what the style keeps room for: a browser lays out those near the ones in sight alone. */
const parts = (rows: ReadonlyArray<string>): string =>
  Array.from(
    { length: Math.ceil(rows.length / 25) },
    (_, nth) => `<div class="part">${rows.slice(nth * 25, nth * 25 + 25).join("\n")}</div>`
  ).join("\n")

const scale = (
  zoom: number,
  marks: ReadonlyArray<number>,
  length: number,
  draw: (ms: number, length: number, nth: number) => string
): string => `<svg class="scale z${zoom}">${marks.map((ms, nth) => draw(ms, length, nth)).join("")}</svg>`

const label = (ms: number, length: number, nth: number): string => {
  const anchor = nth === 0 ? "start" : ms > length * 0.97 ? "end" : "middle"
  return `<text class="${nth % 2 === 1 ? "odd" : ""}" x="${share(ms, length)}" y="20" text-anchor="${anchor}">${
    ms === 0 ? "0" : time(ms)
  }</text>`
}

const rule = (ms: number, length: number): string =>
  `<line x1="${share(ms, length)}" x2="${share(ms, length)}" y1="0" y2="100%"/>`

const rowOf = (row: Row, thread: ReadonlyArray<Interval>, length: number, results: boolean): string => {
  const { critical, depth, end, id, kind, name } = row
  const how = [end === "refused" ? "" : time(taken(row)), escape(ending(row))].filter((it) => it !== "").join(" · ")
  const title = kind === "turn"
    ? `${escape(id)} <span class="id">${escape(name)}</span>`
    : `${escape(name)} <span class="id">${escape(id)}</span>`
  const kinds = `row ${kind} d${Math.min(depth, 5)} e-${end}${critical ? " on" : ""}`
  return `<details class="${kinds}" data-key="${
    escape(row.key)
  }"><summary><span class="name"><span class="label">${title}</span><span class="time">${how}</span></span><span class="sr">${
    sentence(row)
  }</span>${track(row, thread, length)}</summary><div class="more"><dl>${
    more(row, results).map(([term, value]) => `<dt>${term}</dt><dd>${value}</dd>`).join("")
  }</dl></div></details>`
}

const sentence = (row: Row): string =>
  [
    `from ${time(row.from)} to ${time(row.to)}`,
    ...(waited(row) > 0 ? [`waited ${time(waited(row))}`] : []),
    ...(row.critical ? ["on the critical path"] : [])
  ].join(", ")

const more = (row: Row, results: boolean): ReadonlyArray<readonly [string, string]> => {
  const { arguments: args, progress, spans, text, tokens } = row
  return [
    ["from, to", `${time(row.from)}, ${time(row.to)}`],
    ...spans.map((span): readonly [string, string] => {
      const took = time(span.to - span.from)
      if (span.kind === "wait") return ["waited", `${took} ${escape(why(span))}`]
      if (span.kind === "hedge") return ["second attempt", `${took}, beside the first`]
      return [
        span.kind === "model" ? "asked" : "ran",
        `${took}${span.kind === "run" && row.attempts > 1 ? `, attempt ${span.attempt}` : ""}`
      ]
    }),
    ...(progress.length === 0 ? [] : [["progress", `told ${count(progress.length, "time")}`]] as const),
    ["end", endOf(row)],
    ...(row.critical ? [["critical path", "the run waited for it"]] as const : []),
    ...(tokens === undefined ? [] : [["tokens in, out", `${number(tokens.input)}, ${number(tokens.output)}`]] as const),
    ...(results && args !== undefined ? [["arguments", `<pre>${escape(JSON.stringify(args))}</pre>`]] as const : []),
    ...(results && text !== ""
      ? [[row.kind === "turn" ? "said" : "result", `<pre>${text.split("\n").map(escape).join("\n")}</pre>`]] as const
      : [])
  ]
}

const endOf = (row: Row): string => {
  if (row.end === "open") return "goes on, or not recorded"
  return row.kind === "turn" ? "said" : escape(ending(row)) || "answered"
}

const key = `<ul class="key">${
  [
    ["m", "model", 1, 12],
    ["r", "ran, answered", 1, 12],
    ["x", "failed", 1, 12],
    ["a", "an attempt before another", 1, 12],
    ["l", "timed out", 1, 12],
    ["w", "waited", 6, 2],
    ["h", "second attempt beside the first", 6, 2],
    ["c", "plan or agent", 4, 6],
    ["t", "on the critical path", 6, 2]
  ].map(([kind, what, y, height]) =>
    `<li><svg aria-hidden="true"><rect class="${kind}" x="0" width="100%" y="${y}" height="${height}"/></svg>${what}</li>`
  ).join("")
}</ul>`
