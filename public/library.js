// The library's page: finds, names, collects and removes videos. All that the server sends is text.
import { answered, made } from "./chat/dom.js"
import { t } from "./chat/language.js"
import { save } from "./chat/taking.js"

const SORTS = ["title", "newest", "longest"]
const WAIT = 200 // milliseconds after the last key before the list is asked for
const page = document.getElementById("library")
const asked = { query: "", sort: "title", collection: new URL(location).searchParams.get("collection") || "" }
const chosen = new Map() // titles of the videos with a tick, by id
let collections = []
let shown = []
let found = 0
let timer = 0

const search = control("input", { type: "search", placeholder: t("videos.search") }, t("videos.search"))
const sort = control("select", {}, t("videos.sort"))
for (const name of SORTS) sort.append(Object.assign(made("option", "", t(`videos.by_${name}`)), { value: name }))
const shelf = made("nav", "shelf")
shelf.setAttribute("aria-label", t("videos.collections"))
const tools = Object.assign(made("section", "tools"), { hidden: true })
tools.setAttribute("aria-label", t("videos.selection"))
const grid = made("ul", "grid")
const more = button(t("videos.more"), () => load(shown.length))
const state = made("p", "state")
state.setAttribute("role", "status")
const dialog = made("dialog")
const bar = made("div", "bar")
bar.append(search, sort)
page.append(bar, shelf, tools, state, grid, more, dialog)

function control(tag, values, name) {
  const one = Object.assign(document.createElement(tag), values)
  one.setAttribute("aria-label", name)
  return one
}

function button(text, act, name = "") {
  const one = Object.assign(made("button", "", text), { type: "button" })
  if (name) one.setAttribute("aria-label", name)
  one.addEventListener("click", act)
  return one
}

async function send(path, body, form) {
  const headers = form ? {} : { "content-type": "application/json" }
  const reply = await answered(`/library/${path}`, { method: "POST", headers, body: form || JSON.stringify(body || {}) })
  return reply.status === 204 ? null : reply.json()
}

// Do something with the server; what it says against it stands where it was done.
async function tried(act, where = state) {
  try {
    where.textContent = ""
    await act()
    return true
  } catch (error) {
    where.textContent = error.message
    return false
  }
}

// False of a reply to what was asked for before.
function isAsked(query) {
  return Object.entries(asked).every(([name, value]) => query.get(name) === value)
}

async function load(start = 0) {
  const query = new URLSearchParams({ ...asked, start })
  let told = null
  try {
    told = await (await answered(`/library/videos?${query}`)).json()
  } catch (error) {
    if (isAsked(query)) state.textContent = error.message
    return
  }
  if (!isAsked(query)) return
  collections = told.collections
  found = told.found
  shown = start ? [...shown, ...told.videos] : told.videos
  grid.replaceChildren(...shown.map(card))
  more.hidden = shown.length >= found
  state.textContent = told.total ? t("videos.found", { n: found }) : t("videos.empty")
  drawShelf()
  drawTools()
}

function drawShelf() {
  const all = button(t("videos.all"), () => open(""))
  all.setAttribute("aria-pressed", String(!asked.collection))
  shelf.replaceChildren(all)
  for (const { name, videos } of collections) {
    const one = button(`${name} (${videos})`, () => open(name))
    one.setAttribute("aria-pressed", String(asked.collection === name))
    shelf.append(one)
  }
  if (asked.collection) {
    shelf.append(button(t("videos.rename"), renameCollection, t("videos.rename_of", { title: asked.collection })))
    shelf.append(button(t("videos.forget"), forgetCollection, t("videos.forget_of", { title: asked.collection })))
  }
}

function open(collection) {
  asked.collection = collection
  history.replaceState(null, "", collection ? `?${new URLSearchParams({ collection })}` : location.pathname)
  load()
}

function drawTools() {
  tools.hidden = !chosen.size
  const ids = [...chosen.keys()]
  const ask = Object.assign(made("a", "main", t("videos.ask_these", { n: ids.length })), { href: address(ids) })
  const parts = [ask]
  if (ids.length === 2) parts.push(Object.assign(made("a", "", t("videos.compare")), { href: `/library/compare?${new URLSearchParams({ video: ids.join(",") })}` }))
  parts.push(button(t("videos.collect"), collect))
  if (asked.collection) parts.push(button(t("videos.take_out"), () => tried(() => send("collections/take-out", { name: asked.collection, videos: ids }).then(clear))))
  parts.push(button(t("videos.remove"), () => remove(ids)), button(t("videos.none"), clear))
  tools.replaceChildren(...parts)
}

function clear() {
  chosen.clear()
  return load()
}

function address(ids) {
  return `/?${new URLSearchParams({ video: ids.join(",") })}`
}

function card(video) {
  const item = made("li", "video")
  const box = control("input", { type: "checkbox", checked: chosen.has(video.id) }, t("videos.choose", { title: video.title }))
  box.addEventListener("change", () => {
    if (box.checked) chosen.set(video.id, video.title)
    else chosen.delete(video.id)
    drawTools()
  })
  const watch = Object.assign(made("a", "thumb"), { href: `/v/${video.id}` })
  watch.setAttribute("aria-label", t("library.watch", { title: video.title }))
  if (video.image) watch.append(Object.assign(made("img"), { src: video.image, alt: "", loading: "lazy" }))
  watch.append(made("span", "", video.time))
  const menu = made("details", "menu")
  const opener = made("summary", "", "…")
  opener.setAttribute("aria-label", t("videos.menu", { title: video.title }))
  const ask = Object.assign(made("a", "", t("videos.ask")), { href: address([video.id]) })
  const acts = [ask, button(t("videos.rename"), () => rename(video)), button(t("videos.speakers"), () => tried(() => speakers(video.id))), button(t("videos.subtitles"), () => subtitles(video))]
  if (video.unfinished) acts.push(button(t("videos.finish"), () => tried(async () => {
    await send(`videos/${video.id}/finish`)
    await load()
    state.textContent = t("videos.finishing", { title: video.title })
  })))
  acts.push(button(t("take.name"), () => takeAway(video)), button(t("videos.remove"), () => remove([video.id])))
  const list = made("div", "acts")
  list.append(...acts)
  list.addEventListener("click", () => (menu.open = false))
  menu.append(opener, list)
  const line = made("p", "line")
  line.append(made("span", "", [video.state, ...video.notes].filter(Boolean).join(" · ")))
  item.append(watch, box, Object.assign(made("h2", "", video.title), { title: video.title }), line, menu)
  return item
}

// One dialog with fields, and what is done with them; Escape and Cancel leave all as it was.
// A dialog that asks, or, without `act`, only tells.
function ask(heading, parts, label, act) {
  const form = made("form")
  const wrong = made("p", "wrong")
  wrong.setAttribute("role", "alert")
  const yes = Object.assign(made("button", "main", label), { type: "submit" })
  const row = made("div", "row")
  row.append(...(act ? [button(t("videos.cancel"), () => dialog.close()), yes] : [button(label, () => dialog.close())]))
  form.append(made("h2", "", heading), ...parts, wrong, row)
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    yes.disabled = true
    if (await tried(act, wrong)) dialog.close()
    yes.disabled = false
  })
  dialog.setAttribute("aria-label", heading)
  dialog.replaceChildren(form)
  dialog.showModal()
}

function field(name, value) {
  const label = made("label", "field", name)
  const input = Object.assign(document.createElement("input"), { type: "text", value, maxLength: 200 })
  label.append(input)
  return [label, input]
}

function rename(video) {
  const [label, input] = field(t("videos.title"), video.title)
  ask(t("videos.rename_of", { title: video.title }), [label], t("videos.save"), () => send(`videos/${video.id}/title`, { title: input.value }).then(() => load()))
}

async function speakers(id) {
  const known = await (await answered(`/library/videos/${id}`)).json()
  const fields = known.speakers.map(({ label, name }) => [label, name, ...field(label, name)])
  const heading = t("videos.speakers_of", { title: known.title })
  if (!fields.length) return ask(heading, [made("p", "", t("videos.nobody"))], t("videos.close"), null)
  ask(heading, fields.map((one) => one[2]), t("videos.save"), async () => {
    for (const [label, name, , input] of fields) {
      if (input.value !== name) await send(`videos/${id}/speaker`, { label, name: input.value })
    }
  })
}

function takeAway(video) {
  const forms = ["srt", "vtt", "txt", "chapters", "webvtt-chapters", "ffmetadata"]
  const select = control("select", {}, t("take.form"))
  select.append(...forms.map((form) => Object.assign(made("option", "", t(`take.${form}`)), { value: form })))
  ask(t("take.of", { title: video.title }), [select], t("take.save"), () => save(`/media/${video.id}/export/${select.value}`))
}

function subtitles(video) {
  const input = Object.assign(document.createElement("input"), { type: "file", accept: ".srt,.vtt,.ass,.ssa" })
  input.addEventListener("change", () => tried(async () => {
    const form = new FormData()
    form.append("file", input.files[0])
    await send(`videos/${video.id}/subtitles`, null, form)
    state.textContent = t("videos.finishing", { title: video.title })
  }))
  input.click()
}

function collect() {
  const [label, input] = field(t("videos.collection"), "")
  const names = made("datalist")
  names.id = "names"
  names.append(...collections.map(({ name }) => Object.assign(made("option"), { value: name })))
  input.setAttribute("list", "names")
  const ids = [...chosen.keys()]
  ask(t("videos.collect"), [label, names], t("videos.save"), () => send("collections/add", { name: input.value, videos: ids }).then(clear))
}

function renameCollection() {
  const [label, input] = field(t("videos.collection"), asked.collection)
  ask(t("videos.rename_of", { title: asked.collection }), [label], t("videos.save"), () => send("collections/rename", { name: asked.collection, title: input.value }).then(({ name }) => open(name)))
}

function forgetCollection() {
  ask(t("videos.forget_of", { title: asked.collection }), [made("p", "", t("videos.forgets"))], t("videos.forget"), () => send("collections/remove", { name: asked.collection }).then(() => open("")))
}

async function remove(ids) {
  await tried(async () => {
    const size = await send("size", { videos: ids })
    const told = [made("p", "", t("videos.frees", { size: size.text }))]
    if (size.linked) told.push(made("p", "", t("videos.linked", { n: size.linked })))
    const titles = ids.map((id) => chosen.get(id) || shown.find((video) => video.id === id)?.title || id)
    const list = made("ul")
    list.append(...titles.map((title) => made("li", "", title)))
    ask(t("videos.remove_of", { n: ids.length }), [list, ...told], t("videos.remove"), async () => {
      await send("remove", { videos: ids })
      for (const id of ids) chosen.delete(id)
      await load()
    })
  })
}

search.addEventListener("input", () => {
  clearTimeout(timer)
  timer = setTimeout(() => {
    asked.query = search.value
    load()
  }, WAIT)
})
sort.addEventListener("change", () => {
  asked.sort = sort.value
  load()
})
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(target)) menu.open = false
})
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(".menu[open]")
  if (!menu) return
  menu.open = false
  menu.querySelector("summary").focus()
})
const named = new URL(location).searchParams.get("speakers") // the way here from a transcript
load().then(() => named && tried(() => speakers(named)))
