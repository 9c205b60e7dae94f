/** What keys do in a page: all else works without it. A page may run no other script, by its hash. */
export const script = `
const chart = document.querySelector(".chart")
const zooms = Array.from(document.querySelectorAll("input[name=zoom]"))
let middle = 0
const keep = () => { middle = (chart.scrollLeft + chart.clientWidth / 2) / chart.scrollWidth }
const put = () => { chart.scrollLeft = middle * chart.scrollWidth - chart.clientWidth / 2 }
for (const zoom of zooms) zoom.addEventListener("change", put)
chart.addEventListener("scroll", keep, { passive: true })
keep()
const zoomBy = (by) => {
  const next = zooms[zooms.findIndex(({ checked }) => checked) + by]
  if (next === undefined) return
  keep()
  next.checked = true
  put()
}
const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -Infinity, End: Infinity }
const step = (event, by) => {
  const rows = Array.from(chart.querySelectorAll(".row > summary")).filter((row) => row.parentElement.checkVisibility())
  const at = rows.indexOf(document.activeElement)
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
  next.scrollIntoView({ block: "nearest", inline: "nearest" })
}
const follow = (row) => {
  const bar = row.querySelector(".track > *")
  if (bar === null || chart.scrollWidth <= chart.clientWidth) return
  const [view, at] = [chart.getBoundingClientRect(), bar.getBoundingClientRect()]
  const left = view.left + (row.querySelector(".name").offsetWidth % chart.clientWidth)
  if (at.left < left || at.left > view.right - 40) chart.scrollLeft += at.left - left - 40
}
chart.addEventListener("focusin", (event) => event.target.matches(".row > summary") && follow(event.target))
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === "+" || event.key === "=") return zoomBy(1)
  if (event.key === "-") return zoomBy(-1)
  if (chart.contains(document.activeElement) && event.key in moves) step(event, moves[event.key])
})
`

/** The hash that the page's policy names; a test holds it against the script. */
export const scriptHash = "sha256-WuSaaaRzSnrshMkCHghycQQVHy7nXnfUUTiS6rg2y/4="
