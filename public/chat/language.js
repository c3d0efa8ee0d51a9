// Texts in the language of the browser, by key. Elements call window.cueText: they import nothing.
import TEXTS from "./texts.js" // written by ui/chat/mount.py from ui/languages/

const wanted = navigator.languages.map((one) => one.toLowerCase().split("-")[0])
export const language = wanted.find((one) => one in TEXTS) || "en"
document.documentElement.lang = language

export function t(key, values = {}) {
  const known = TEXTS[language]
  const form = known[key] || known[`${key}.${values.n === 1 ? "one" : "other"}`] || key
  return form.replace(/\{(\w+)\}/g, (_, name) => values[name])
}

// Seconds as people say them: 0:42, 1:02:03.
export function clock(seconds) {
  const whole = Math.floor(Math.max(seconds, 0) + 1e-6)
  const two = (number) => String(number).padStart(2, "0")
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return (hours ? `${hours}:${two(minutes)}` : minutes) + `:${two(whole % 60)}`
}

window.cueText = t
