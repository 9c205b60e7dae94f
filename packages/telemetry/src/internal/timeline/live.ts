import { script } from "./script.ts"

/** Has a page follow its run: its server says when there is more, and the page takes it over without moving what is open. */
export const liveScript = `${script}
const take = (page, name) => {
  const [old, now] = [document.querySelector(name), page.querySelector(name)]
  if (old !== null && now !== null) old.replaceChildren(...now.childNodes)
}
const keyOf = (element) => element?.closest?.("[data-key]")?.dataset.key
const byKey = (key) => Array.from(chart.querySelectorAll("[data-key]")).find((row) => row.dataset.key === key)
const refresh = async () => {
  const answer = await fetch("/")
  if (!answer.ok) return
  const page = new DOMParser().parseFromString(await answer.text(), "text/html")
  const open = Array.from(chart.querySelectorAll(".row[open]"), keyOf)
  const focused = chart.contains(document.activeElement) ? keyOf(document.activeElement) : undefined
  const { scrollLeft, scrollTop } = chart
  for (const name of [".about", ".chart", ".table tbody"]) take(page, name)
  for (const key of open) byKey(key)?.setAttribute("open", "")
  chart.scrollLeft = scrollLeft
  chart.scrollTop = scrollTop
  if (focused !== undefined) byKey(focused)?.querySelector("summary").focus({ preventScroll: true })
}
let going = Promise.resolve()
const changes = new EventSource("/changes")
changes.addEventListener("changed", () => { going = going.then(refresh, refresh) })
changes.addEventListener("over", () => changes.close())
`
