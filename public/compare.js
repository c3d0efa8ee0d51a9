// The same question to two videos, their answers side by side, each with the frames it rests on.
import { answered, made } from "./chat/dom.js"
import { clock, t } from "./chat/language.js"

const MANY = 1000 // videos of one reply
const page = document.getElementById("compare")
const address = new URL(location)
const wanted = (address.searchParams.get("video") || "").split(",").filter(Boolean)
const columns = [column(0), column(1)]
const form = made("form", "question")
const input = Object.assign(document.createElement("input"), { type: "text", maxLength: 4000, required: true, placeholder: t("compare.placeholder") })
input.setAttribute("aria-label", t("compare.placeholder"))
const send = Object.assign(made("button", "main", t("compare.ask")), { type: "submit" })
const grid = made("div", "columns")
form.append(input, send)
grid.append(...columns.map((one) => one.section))
page.append(form, grid)

function column(number) {
  const section = made("section", "column")
  const select = document.createElement("select")
  select.setAttribute("aria-label", t("compare.video", { n: number + 1 }))
  const said = made("div", "said")
  said.setAttribute("aria-live", "polite")
  section.append(select, said)
  const one = { section, select, said, thread: null, asked: [] }
  select.addEventListener("change", () => {
    one.thread = null
    said.replaceChildren()
    section.setAttribute("aria-label", select.selectedOptions[0].textContent)
    if (one.asked.length) ask(one, one.asked.at(-1))
    remember()
  })
  return one
}

function remember() {
  address.searchParams.set("video", columns.map((one) => one.select.value).join(","))
  history.replaceState(null, "", address)
}

async function fill() {
  const videos = []
  let told = []
  do {
    told = await (await answered(`/api/videos?start=${videos.length}&limit=${MANY}`)).json()
    videos.push(...told)
  } while (told.length === MANY)
  if (videos.length < 2) page.append(made("p", "state", t("compare.too_few")))
  columns.forEach((one, number) => {
    const options = videos.map(({ id, title }) => Object.assign(made("option", "", title), { value: id }))
    one.select.replaceChildren(...options)
    const known = videos.some(({ id }) => id === wanted[number])
    one.select.value = known ? wanted[number] : (videos.find(({ id }) => id !== wanted[0]) || videos[0] || {}).id
    one.section.setAttribute("aria-label", one.select.selectedOptions[0]?.textContent || "")
  })
  const question = address.searchParams.get("q")
  if (question) {
    input.value = question
    askBoth(question)
  } else input.focus()
}

// Text of an answer: bold type, lists and numbers that lead to their moments; the rest as it is.
function rich(text, evidence) {
  const parts = []
  for (const piece of text.split(/(\*\*.+?\*\*|\[\d+\])/)) {
    const number = piece.match(/^\[(\d+)\]$/)
    const cited = number && evidence.find((one) => one.handle === Number(number[1]))
    if (cited) parts.push(Object.assign(made("a", "number", number[1]), { href: moment(cited), title: cited.text }))
    else if (piece.startsWith("**") && piece.endsWith("**")) parts.push(made("strong", "", piece.slice(2, -2)))
    else parts.push(document.createTextNode(piece))
  }
  return parts
}

function moment({ video, start }) {
  return `/v/${video}?t=${start.toFixed(1)}`
}

function shown(answer) {
  const cited = answer.evidence.length ? answer.evidence : answer.nearest
  const block = made("article")
  block.append(made("h2", "", answer.question))
  let list = null
  for (const line of answer.answer.split("\n").filter((one) => one.trim())) {
    const item = line.match(/^[-*] (.*)$/)
    if (item && !list) block.append((list = made("ul")))
    if (!item) list = null
    const one = made(item ? "li" : "p")
    one.append(...rich(item ? item[1] : line, cited))
    ;(list || block).append(one)
  }
  const cards = made("div", "cards")
  for (const one of cited.slice(0, 6)) {
    const card = Object.assign(made("a", "card"), { href: moment(one) })
    if (one.image) card.append(Object.assign(made("img"), { src: one.image, alt: "", loading: "lazy" }))
    card.append(made("b", "", `${one.handle} · ${clock(one.start)}`), made("span", "", one.text))
    cards.append(card)
  }
  block.append(cards)
  return block
}

async function ask(one, question) {
  const waiting = made("p", "state", t("compare.looking"))
  one.asked.push(question)
  one.said.prepend(waiting)
  const video = one.select.value
  try {
    const body = { question, videos: [video], ...(one.thread ? { thread: one.thread } : {}) }
    const reply = await answered("/api/ask", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
    const told = await reply.json()
    if (video !== one.select.value) return waiting.remove()
    one.thread = told.thread
    waiting.replaceWith(shown(told))
  } catch (error) {
    waiting.replaceWith(made("p", "wrong", error.message))
  }
}

async function askBoth(question) {
  send.disabled = true
  await Promise.all(columns.map((one) => ask(one, question)))
  send.disabled = false
}

form.addEventListener("submit", (event) => {
  event.preventDefault()
  address.searchParams.set("q", input.value)
  history.replaceState(null, "", address)
  askBoth(input.value)
})
fill()
