// The link to the library's page in the header. Chainlit's own header links are links inside of buttons,
// which screen readers and keyboards meet twice.
import { t } from "./language.js"

const link = document.createElement("a")
link.id = "cue-library"
link.href = "/library"
link.title = t("videos.open")
link.setAttribute("aria-label", t("videos.open"))
const icon = Object.assign(document.createElement("img"), { src: "/public/library.svg", alt: "", width: 22, height: 22 })
link.append(icon)

// Chainlit makes its header anew now and then.
function place() {
  const help = document.getElementById("readme-button")
  if (help && link.previousElementSibling !== help) help.after(link)
}

new MutationObserver(place).observe(document.body, { childList: true, subtree: true })
place()
