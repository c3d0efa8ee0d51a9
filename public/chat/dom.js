import { t } from "./language.js"

// Small helpers for elements made by hand. Everything that comes from a video is set as text.
export function made(tag, className, text) {
  const one = document.createElement(tag)
  if (className) one.className = className
  if (text !== undefined) one.textContent = text
  return one
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds + 1e-3))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = (number) => String(number).padStart(2, "0")
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

// Place a floating box beside a rectangle, inside the window.
export function placed(box, { left, top, bottom, width = 0 }) {
  box.hidden = false
  const [wide, high] = [box.offsetWidth, box.offsetHeight]
  const x = Math.min(Math.max(left + width / 2 - wide / 2, 8), innerWidth - wide - 8)
  const y = top - high - 8 >= 8 ? top - high - 8 : Math.min(bottom + 8, innerHeight - high - 8)
  box.style.left = `${Math.round(x)}px`
  box.style.top = `${Math.round(y)}px`
}

// A reply, or an error whose message is the server's sentence.
export async function answered(address, options) {
  const reply = await fetch(address, options)
  if (reply.ok) return reply
  const told = await reply.json().catch(() => ({}))
  throw new Error(typeof told.detail === "string" ? told.detail : t("videos.failed"))
}

export async function fetched(address) {
  const reply = await fetch(address)
  if (!reply.ok) throw new Error(String(reply.status))
  return reply.json()
}
