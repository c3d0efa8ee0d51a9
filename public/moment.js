// Plays one moment: the page behind the links that answers share.
import { clock, t } from "./chat/language.js"
import { shared } from "./chat/taking.js"

const player = document.getElementById("player")
const state = document.getElementById("state")
const ask = document.getElementById("ask")
const copy = document.getElementById("copy")
const { id, direct, captions, link: signature } = player.dataset
const duration = Number(player.dataset.duration)
let span = [0, Infinity]
let wanted = Number(player.dataset.start)

// An address with the signature that this page was opened by, where it was.
function signed(address) {
  return signature ? `${address}${address.includes("?") ? "&" : "?"}${signature}` : address
}

function load(at) {
  wanted = at
  if (direct === "yes") {
    player.src = signed(`/media/${id}/file`)
    return
  }
  const from = duration <= 60 ? 0 : Math.max(0, Math.floor((at - 10) / 10) * 10)
  span = [from, duration <= 60 ? Math.ceil(duration) : Math.min(from + 60, Math.ceil(duration))]
  state.textContent = t("moment.preparing")
  player.src = signed(`/media/${id}/play?from=${span[0]}&to=${span[1]}`)
}

function now() {
  return wanted === null ? player.currentTime : wanted
}

function link() {
  return signed(`${location.origin}/v/${id}?t=${Number(now().toFixed(1))}`)
}

function show() {
  const time = clock(now())
  if (copy.dataset.time === time) return
  copy.dataset.time = time
  document.getElementById("time").textContent = time
  copy.textContent = t("moment.copy", { time })
  const question = t("moment.question", { time })
  ask.href = `/?${new URLSearchParams({ video: id, prompt: question })}`
}

player.addEventListener("loadedmetadata", () => {
  if (direct !== "yes") state.textContent = ""
  player.currentTime = wanted
  wanted = null
  player.play().catch(() => {}) // browsers may ask for a click first
})
player.addEventListener("error", () => {
  state.textContent = t("moment.unplayable")
})
for (const event of ["timeupdate", "seeking"]) {
  player.addEventListener(event, () => {
    const at = player.currentTime
    const outside = at < span[0] - 0.05 || (at >= span[1] - 0.05 && span[1] < duration)
    if (wanted === null && direct !== "yes" && outside) load(at)
    show()
  })
}
copy.addEventListener("click", async () => {
  const made = link()
  try {
    await navigator.clipboard.writeText(made)
    state.textContent = t("moment.copied")
  } catch {
    state.textContent = t("moment.not_copied", { link: made })
  }
  history.replaceState(null, "", made)
})
document.getElementById("share").addEventListener("click", async () => {
  state.textContent = await shared(`/v/${id}?t=${Number(now().toFixed(1))}`)
})
document.getElementById("frame").addEventListener("click", () => {
  if (player.readyState < 2 || !player.videoWidth) {
    state.textContent = t("moment.no_frame")
    return
  }
  const canvas = document.createElement("canvas")
  canvas.width = player.videoWidth
  canvas.height = player.videoHeight
  canvas.getContext("2d").drawImage(player, 0, 0)
  canvas.toBlob((blob) => {
    const saved = document.createElement("a")
    saved.href = URL.createObjectURL(blob)
    saved.download = `${player.ariaLabel} ${clock(now()).replaceAll(":", ".")}.jpg`
    saved.click()
    URL.revokeObjectURL(saved.href)
  }, "image/jpeg", 0.92)
})
if (captions) {
  const track = document.createElement("track")
  Object.assign(track, { kind: "captions", label: captions, src: signed(`/media/${id}/captions.vtt`) })
  player.append(track)
}
load(wanted)
show()
