// The numbers in an answer: a click plays the moment in the answer's own player, and the pointer or
// the focus shows its picture. Without this script they are links to the page of the moment.
import { made, placed } from "./dom.js"

const LINK = '.prose a[href^="/v/"], .prose a[href="#unconfirmed"], .cue-job a[href^="/v/"]'
const preview = made("div", "cue-preview")
preview.setAttribute("role", "tooltip")
preview.id = "cue-preview"
preview.hidden = true
document.body.append(preview)

const handleOf = (link) => (link.hash.match(/^#(?:unconfirmed-)?(\d+)$/) || [])[1]

// The same number may stand below several answers: the nearest card behind the link, else before.
function cardOf(link) {
  const handle = handleOf(link)
  if (!handle) return null
  const cards = [...document.querySelectorAll(`.cue-card[data-handle="${handle}"]`)]
  const follows = (card) => link.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING
  return cards.find(follows) || cards.at(-1) || null
}

function show(link) {
  const card = cardOf(link)
  const doubt = link.hash.startsWith("#unconfirmed")
  if (!card && !doubt) return
  preview.replaceChildren()
  if (doubt) {
    // In its place: two tooltips would lie on each other.
    link.dataset.why ||= link.title
    link.removeAttribute("title")
    preview.append(made("p", "cue-preview-doubt", link.dataset.why))
  } else {
    const picture = card.querySelector("img")
    if (picture) {
      const frame = made("img", card.dataset.strip ? "cue-preview-strip" : "")
      frame.src = picture.src
      frame.alt = ""
      preview.append(frame)
    }
    preview.append(made("p", "cue-preview-when", card.dataset.when))
    preview.append(made("p", "cue-preview-text", card.querySelector(".cue-quote").textContent))
  }
  link.setAttribute("aria-describedby", preview.id)
  placed(preview, link.getClientRects()[0] || link.getBoundingClientRect())
}

function hide() {
  preview.hidden = true
}

document.addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest(LINK)
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  const card = cardOf(link)
  if (!card && link.hash !== "#unconfirmed") return // its page opens
  event.preventDefault()
  hide()
  if (!card) return
  const detail = { handle: Number(card.dataset.handle) }
  card.closest(".cue-evidence").dispatchEvent(new CustomEvent("cue-play", { detail }))
})

for (const name of ["mouseover", "focusin"]) {
  document.addEventListener(name, (event) => {
    const link = event.target.closest && event.target.closest(LINK)
    if (link) show(link)
  })
}
for (const name of ["mouseout", "focusout"]) {
  document.addEventListener(name, (event) => {
    if (event.target.closest && event.target.closest(LINK)) hide()
  })
}
document.addEventListener("keydown", (event) => event.key === "Escape" && hide())
addEventListener("scroll", hide, true)
