// Plays one moment: the page behind the links that answers share.
const player = document.getElementById("player")
const state = document.getElementById("state")
const { id, direct } = player.dataset
const duration = Number(player.dataset.duration)
let span = [0, Infinity]
let wanted = Number(player.dataset.start)

function load(at) {
  wanted = at
  if (direct === "yes") {
    player.src = `/media/${id}/file`
    return
  }
  const from = duration <= 60 ? 0 : Math.max(0, Math.floor((at - 10) / 10) * 10)
  span = [from, duration <= 60 ? Math.ceil(duration) : Math.min(from + 60, Math.ceil(duration))]
  state.textContent = "Preparing this moment for your browser …"
  player.src = `/media/${id}/play?from=${span[0]}&to=${span[1]}`
}

player.addEventListener("loadedmetadata", () => {
  state.textContent = ""
  player.currentTime = wanted
  wanted = null
  player.play().catch(() => {}) // browsers may ask for a click first
})
player.addEventListener("error", () => {
  state.textContent = "This can't be played here: the file is missing or damaged."
})
for (const event of ["timeupdate", "seeking"]) {
  player.addEventListener(event, () => {
    const at = player.currentTime
    const outside = at < span[0] - 0.05 || (at >= span[1] - 0.05 && span[1] < duration)
    if (wanted === null && direct !== "yes" && outside) load(at)
  })
}
load(wanted)
