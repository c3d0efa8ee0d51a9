// Dropping: feedback while something is dragged over the window, folders, and a start at once.
// The files themselves go the way of Chainlit's own upload.
import { t } from "./language.js"

const READABLE = /\.(mp4|m4v|mov|webm|mkv|avi|ts|mts|m2ts|mpe?g|flv|wmv|3gp|ogv|mp3|m4a|wav|flac|ogg|srt|vtt|ass|ssa|sbv|sub|smi|ttml|dfxp)$/i
const MOST = 100 // files at once, as in .chainlit/config.toml
const CALM = 250 // milliseconds without a move after which nothing is dragged any more
let veil = null
let hiding = 0

function show() {
  if (!veil) {
    veil = document.createElement("div")
    veil.id = "cue-drop"
    veil.setAttribute("aria-hidden", "true")
    const words = document.createElement("div")
    words.append(Object.assign(document.createElement("b"), { textContent: t("drop.here") }))
    words.append(Object.assign(document.createElement("span"), { textContent: t("drop.droppable") }))
    veil.append(words)
  }
  document.body.append(veil)
  clearTimeout(hiding)
  hiding = setTimeout(() => veil.remove(), CALM)
}

function say(text) {
  const note = Object.assign(document.createElement("div"), { id: "cue-drop-note", textContent: text })
  note.setAttribute("role", "status")
  document.getElementById("cue-drop-note")?.remove()
  document.body.append(note)
  setTimeout(() => note.remove(), 8000)
}

async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))]
  const reader = entry.createReader()
  const found = []
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed))
    if (!some.length) break
    for (const one of some) {
      if (one.isDirectory || READABLE.test(one.name)) found.push(...(await filesOf(one)))
      if (found.length > MOST) return found
    }
  }
  return found
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds))

async function attach(files) {
  let input = document.getElementById("upload-button-input")
  while (!input || document.getElementById("upload-button-loading")) {
    await pause(200) // an answer is being written
    input = document.getElementById("upload-button-input")
  }
  const carried = new DataTransfer()
  for (const file of files) carried.items.add(file)
  input.files = carried.files
  input.dispatchEvent(new Event("change", { bubbles: true }))
}

function written() {
  const field = document.getElementById("chat-input")
  return field ? (field.value || field.textContent || "").trim() : ""
}

async function sendOnceUploaded() {
  for (let looked = 0; looked < 20 || document.getElementById("attachments"); looked += 1) {
    await pause(200)
    const button = document.getElementById("chat-submit")
    if (!document.getElementById("attachments") || !button || button.disabled) continue
    if (!written()) button.click() // else whoever writes sends it with the question
    return
  }
}

function isOfFiles(event) {
  return event.dataTransfer && [...event.dataTransfer.types].includes("Files")
}

window.addEventListener("dragover", (event) => {
  if (!isOfFiles(event)) return
  event.preventDefault()
  event.dataTransfer.dropEffect = "copy"
  show()
}, true)

window.addEventListener("drop", async (event) => {
  if (!isOfFiles(event)) return
  event.preventDefault()
  event.stopPropagation()
  veil?.remove()
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean)
  let files = [...event.dataTransfer.files]
  if (entries.some((entry) => entry.isDirectory)) files = (await Promise.all(entries.map(filesOf))).flat()
  if (!files.length) return say(t("drop.nothing"))
  if (files.length > MOST) say(t("drop.many", { most: MOST }))
  files = files.slice(0, MOST)
  await attach(files)
  if (!files.some((file) => file.type.startsWith("image/"))) sendOnceUploaded()
}, true)
