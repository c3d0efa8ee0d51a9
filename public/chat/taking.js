// Files to take away: clips that are cut first, and documents. Errors are sentences of the server.
// Elements call window.cueTake: they import nothing.
import { answered } from "./dom.js"

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

window.cueTake = { cut, save, moments }
