// Files to take away: clips that are cut first, and documents. Errors are sentences of the server.
// Elements call window.cueTake: they import nothing.
import { answered, clock, made } from "./dom.js"
import { t } from "./language.js"

function keep(href, name) {
  const link = Object.assign(document.createElement("a"), { href, download: name })
  document.body.append(link)
  link.click()
  link.remove()
}

export async function cut(video, from, to) {
  const span = new URLSearchParams({ from: from.toFixed(3), to: to.toFixed(3) })
  const made = await (await answered(`/media/${video}/clip?${span}`, { method: "POST" })).json()
  keep(`${made.address}?download=true`, made.name)
}

// A button that cuts a span of a video as a clip, and tells in its place what goes wrong.
export function cutButton(video, from, to) {
  const button = made("button", "cue-cut", t("take.clip_of", { from: clock(from), to: clock(to) }))
  button.type = "button"
  button.addEventListener("pointerdown", (event) => event.preventDefault()) // the selection stays
  button.addEventListener("click", async (event) => {
    event.stopPropagation()
    button.disabled = true
    button.textContent = t("take.cutting")
    try {
      await cut(video, from, to)
      button.remove()
    } catch (error) {
      button.textContent = error.message
      button.disabled = false
    }
  })
  return button
}

export async function save(address) {
  const reply = await answered(address)
  const named = /filename\*=utf-8''([^;]+)/i.exec(reply.headers.get("content-disposition") || "")
  const href = URL.createObjectURL(await reply.blob())
  keep(href, named ? decodeURIComponent(named[1]) : "")
  setTimeout(() => URL.revokeObjectURL(href), 1000)
}

export function moments(form, cards, title) {
  const query = new URLSearchParams({ title })
  for (const card of cards) {
    query.append("id", card.id)
    query.append("handle", card.handle)
  }
  return `/export/${form}?${query}`
}

// Copy a link to a moment that opens without signing in, for a while; returns what to tell.
export async function shared(href) {
  const { pathname, search } = new URL(href, location.origin)
  let link = ""
  try {
    const { address, until } = await (await answered(`${pathname}/share${search}`, { method: "POST" })).json()
    link = location.origin + address
    await navigator.clipboard.writeText(link)
    return t("moment.shared", { date: new Date(1000 * until).toLocaleDateString(document.documentElement.lang, { dateStyle: "long" }) })
  } catch (error) {
    return link ? t("moment.not_copied", { link }) : error.message
  }
}

window.cueTake = { cut, save, moments, shared }
