// The bar above the composer: which videos a question goes to, and check-boxes that set it.
import { t } from "./language.js"

const MANY = 8 // videos from which on there is a field to search in
const KEPT = "cue-scope" // the choice of this tab, which outlives a reload

let scope = null // { chosen, titles, total, act } as the chat's element handed it over
const bar = make("section", { id: "cue-scope" })
bar.setAttribute("aria-label", t("scope.label"))
const name = make("strong")
const opener = make("button", { type: "button", className: "cue-scope-open" })
opener.setAttribute("aria-expanded", "false")
opener.setAttribute("aria-controls", "cue-scope-list")
opener.append(make("span", { textContent: `${t("scope.label")} ` }), name)
const list = make("div", { id: "cue-scope-list", hidden: true })
list.setAttribute("role", "group")
list.setAttribute("aria-label", t("scope.choose"))
const search = make("input", { type: "search", placeholder: t("scope.search") })
search.setAttribute("aria-label", t("scope.search"))
const everything = make("input", { type: "checkbox" })
const rows = make("ul")
const note = make("p", { className: "cue-scope-note" })
note.setAttribute("role", "status")
const sets = make("div", { className: "cue-scope-sets" })
list.append(search, labelled(everything, t("scope.everything")), sets, rows)
bar.append(list, opener, note)

function make(tag, values = {}) {
  return Object.assign(document.createElement(tag), values)
}

function labelled(box, ...rest) {
  const label = make("label")
  label.append(box, ...rest)
  return label
}

function summary({ chosen, titles, total }) {
  if (chosen.length === 1) return titles[0]
  if (chosen.length) return t("scope.some", { n: chosen.length, of: total })
  return t("scope.all", { n: total })
}

function show() {
  name.textContent = summary(scope)
  opener.title = scope.chosen.length > 1 ? scope.titles.join(", ") : ""
  opener.disabled = scope.total < 2
  search.hidden = scope.total < MANY
  everything.checked = !scope.chosen.length
  for (const box of rows.querySelectorAll("input")) box.checked = scope.chosen.includes(box.value)
}

async function set(videos) {
  const { gone } = await scope.act("scope", { videos })
  note.textContent = gone ? t("scope.gone") : ""
}

async function fill() {
  const asked = search.value
  const { collections, videos, more } = await scope.act("scope_list", { query: asked })
  if (asked !== search.value) return
  sets.replaceChildren(...collections.map(collection))
  rows.replaceChildren(...videos.map(row))
  if (more) rows.append(make("li", { textContent: t("scope.more", { n: more }) }))
  if (!videos.length) rows.append(make("li", { textContent: t("scope.nothing") }))
  show()
}

function collection({ name, videos }) {
  const chip = make("button", { type: "button", className: "cue-ask", textContent: `${name} · ${videos.length}` })
  chip.setAttribute("aria-label", t("scope.collection", { name }))
  chip.addEventListener("click", () => set(videos))
  return chip
}

function row(video) {
  const box = make("input", { type: "checkbox", value: video.id })
  const picture = make("img", { src: video.image || "/public/favicon.svg", alt: "", loading: "lazy" })
  const time = make("span", { textContent: video.time, className: "cue-scope-time" })
  const item = make("li")
  item.append(labelled(box, picture, make("span", { textContent: video.title }), time))
  return item
}

function open(wanted) {
  if (wanted === !list.hidden) return
  list.hidden = !wanted
  opener.setAttribute("aria-expanded", String(wanted))
  if (!wanted) return
  search.value = ""
  fill().then(() => (search.hidden ? everything : search).focus())
}

opener.addEventListener("click", () => open(list.hidden))
search.addEventListener("input", fill)
everything.addEventListener("change", () => (everything.checked ? set([]) : show()))
rows.addEventListener("change", ({ target }) => {
  const others = scope.chosen.filter((id) => id !== target.value)
  set(target.checked ? [...others, target.value] : others)
})
bar.addEventListener("keydown", (event) => {
  const boxes = [...list.querySelectorAll("input:not([hidden])")]
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  const at = boxes.indexOf(document.activeElement)
  if (event.key === "Escape" && !list.hidden) {
    open(false)
    opener.focus()
  } else if (step && at >= 0) {
    boxes[Math.min(Math.max(at + step, 0), boxes.length - 1)].focus()
    event.preventDefault()
  }
})
document.addEventListener("pointerdown", ({ target }) => bar.contains(target) || open(false))
bar.addEventListener("focusout", ({ relatedTarget }) => {
  if (relatedTarget && !bar.contains(relatedTarget)) open(false)
})

// A link of a moment names its video; a reload begins a new session with the choice of this tab.
function wanted() {
  const address = new URL(location)
  const named = address.searchParams.get("video")
  if (!named) return JSON.parse(sessionStorage.getItem(KEPT) || "[]")
  address.searchParams.delete("video")
  address.searchParams.delete("prompt") // Chainlit's: it stands in the composer by now
  history.replaceState(history.state, "", address)
  return named.split(",")
}

function take() {
  if (!window.cueScope) {
    open(false)
    opener.disabled = true
    return
  }
  scope = window.cueScope
  show()
  place()
  if (scope.fresh) {
    const videos = wanted()
    if (videos.join() !== scope.chosen.join() && videos.length) set(videos)
  } else {
    sessionStorage.setItem(KEPT, JSON.stringify(scope.chosen))
  }
}

// Chainlit makes its composer anew now and then.
function place() {
  const composer = document.getElementById("message-composer")
  if (scope && scope.total && composer && composer.previousSibling !== bar) composer.before(bar)
}

window.addEventListener("cue-scope", take)
new MutationObserver(place).observe(document.body, { childList: true, subtree: true })
if (window.cueScope) take()
