// What Chainlit's page lacks for who hears it, or uses it by keyboard: names, landmarks, a skip link,
// a spoken answer, one tab stop for a group, and keys. Chainlit makes parts of its page anew, so all
// of it is looked at again after a change.
import { t } from "./language.js"

const NAMES = {
  "#new-chat-button": "page.new",
  "#upload-button, #upload-button-loading": "page.attach",
  "#chat-submit": "page.send",
  "#stop-button": "page.stop",
  "#chat-settings-open-modal": "page.settings",
  "#theme-toggle": "page.theme",
  "button:has(> svg.lucide-copy), .step button:has(> svg.lucide-check)": "page.copy",
  "button:has(> svg.lucide-arrow-down)": "page.down",
  "#attachments button:has(svg)": "page.remove",
  "#sidebar-trigger-button": "page.earlier",
  "#search-chats-button": "page.find",
  "#thread-options": "page.options",
  "#user-nav-button": "page.account",
  ".edit-message": "page.edit",
  ".positive-feedback-off, .positive-feedback-on": "page.helpful",
  ".negative-feedback-off, .negative-feedback-on": "page.not_helpful",
  "button:has(> svg.lucide-message-circle)": "page.reason",
  "button:has(> svg.lucide-refresh-cw)": "answer.again",
}
// Their buttons are one tab stop; the arrow keys go through them.
const GROUPS = '[data-testid="library"] > *, .cue-list, [data-roving]'
const ITEMS = "button:not(:disabled), a[href]"

const spoken = document.createElement("p")
spoken.className = "cue-hidden"
spoken.setAttribute("role", "status")
const skip = document.createElement("a")
skip.className = "cue-skip"
skip.href = "#chat-input"
skip.textContent = t("page.skip")
skip.addEventListener("click", (event) => {
  event.preventDefault()
  focusComposer()
})
document.body.prepend(skip, spoken)

function focusComposer() {
  const composer = document.getElementById("chat-input")
  if (composer) composer.focus()
}

function name() {
  for (const [which, key] of Object.entries(NAMES)) {
    for (const button of document.querySelectorAll(which)) {
      if (!button.hasAttribute("aria-label")) button.setAttribute("aria-label", t(key))
    }
  }
}

function mark() {
  const header = document.getElementById("header")
  const chat = document.querySelector("#root [role=presentation][tabindex]:not(button)")
  for (const options of document.querySelectorAll("#thread-options:not([role])")) {
    options.setAttribute("role", "button") // a menu's opener that is no button
    options.tabIndex = 0
  }
  // The list of conversations is no list: links stand between it and its items.
  for (const list of document.querySelectorAll('ul[data-sidebar="menu"]:not([role])')) list.setAttribute("role", "group")
  for (const item of document.querySelectorAll('ul[data-sidebar="menu"] li:not([role])')) item.setAttribute("role", "none")
  for (const drawer of document.querySelectorAll('[data-sidebar="sidebar"][role="dialog"]:not([aria-label])')) {
    drawer.removeAttribute("aria-labelledby") // of a title that is not there
    drawer.setAttribute("aria-label", t("page.earlier"))
  }
  const around = header && header.closest("main:not([role])")
  if (around) around.setAttribute("role", "none") // the header is no part of what is main
  const attach = document.querySelector("#upload-button[role], #upload-button-loading[role]")
  if (attach) attach.removeAttribute("role") // a button that calls itself decoration
  if (header && header.getAttribute("role") !== "banner") {
    const title = document.createElement("h1")
    title.className = "cue-hidden"
    title.textContent = document.title
    header.setAttribute("role", "banner")
    header.append(title)
  }
  if (chat) {
    chat.setAttribute("role", "main")
    chat.tabIndex = -1 // it only takes what is dropped
  }
}

function rove(group, chosen) {
  const items = [...group.querySelectorAll(ITEMS)]
  const current = chosen || items.find((one) => one.tabIndex === 0 && one.dataset.stop) || items[0]
  for (const one of items) {
    if (one.tabIndex !== (one === current ? 0 : -1)) one.tabIndex = one === current ? 0 : -1
    if (one === current) one.dataset.stop = "yes"
    else delete one.dataset.stop
  }
}

// Once an answer is finished, its first line is said.
let answering = false
let played = null // the evidence that was played since
function say() {
  const now = Boolean(document.getElementById("stop-button"))
  if (answering && !now) {
    const answer = [...document.querySelectorAll('[data-step-type="assistant_message"] .message-content')].pop()
    played = null
    const line = answer ? answer.innerText.trim().split("\n")[0] : ""
    spoken.textContent = line.replace(/^[\u2060\s·-]+|\s*\[\d+\]/g, "")
  } else if (now && !answering) {
    spoken.textContent = "" // so that the same line is said again
  }
  answering = now
}

function look() {
  waiting = false
  name()
  mark()
  say()
  for (const group of document.querySelectorAll(GROUPS)) rove(group)
}

let waiting = false
new MutationObserver(() => {
  if (!waiting) requestAnimationFrame(look)
  waiting = true
}).observe(document.body, { childList: true, subtree: true, attributeFilter: ["role", "id"] })
look()

// Behind an open menu or dialogue nothing is heard; nothing takes the focus there, either.
new MutationObserver((changes) => {
  for (const { target } of changes) target.inert = target.hasAttribute("data-aria-hidden")
}).observe(document.body, { subtree: true, attributeFilter: ["data-aria-hidden"] })

document.addEventListener("focusin", ({ target }) => {
  const group = target.closest(GROUPS)
  if (group && target.matches(ITEMS)) rove(group, target)
})

function walk(event) {
  const group = event.target.closest && event.target.closest(GROUPS)
  if (event.defaultPrevented || !group || !event.target.matches(ITEMS)) return
  const items = [...group.querySelectorAll(ITEMS)].filter((one) => one.offsetParent)
  const at = items.indexOf(event.target)
  const to = {
    ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: items.length - 1,
  }[event.key]
  if (to === undefined) return
  event.preventDefault()
  items[Math.min(Math.max(to, 0), items.length - 1)].focus()
}

document.addEventListener("play", ({ target }) => (played = target.closest('[data-testid="evidence"]')), true)
function evidence() {
  if (played && played.isConnected) return played
  return [...document.querySelectorAll('[data-testid="evidence"]')].pop()
}

function step(by) {
  const cards = evidence() ? [...evidence().querySelectorAll(".cue-card")] : []
  const at = cards.findIndex((card) => card.getAttribute("aria-pressed") === "true")
  const card = cards[at < 0 ? 0 : Math.min(Math.max(at + by, 0), cards.length - 1)]
  if (card) card.click()
}

function play() {
  const player = evidence() && evidence().querySelector("video")
  if (!player) return
  if (!player.currentSrc) step(1)
  else if (player.paused) player.play().catch(() => {})
  else player.pause()
}

const KEYS = {
  KeyN: () => document.getElementById("new-chat-button")?.click(),
  KeyP: play,
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
}
document.addEventListener("keydown", (event) => {
  const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey
  const act = plain && event.altKey && KEYS[event.code]
  const typing = event.target.matches("input, textarea, select, [contenteditable]")
  if (act) {
    event.preventDefault()
    act()
  } else if (plain && !event.altKey && event.key === "/" && !typing) {
    event.preventDefault()
    focusComposer()
  } else if (plain && !event.altKey) {
    walk(event)
  }
})
