// The list of tasks above the composer: what is on its way, with its buttons, after a reload too.
// It is the server's list; everything in it is shown as text.
import { t } from "./language.js"

const SOON = 700 // milliseconds between two looks while something is on its way
const LATER = 4000 // and while nothing is
let list = null
let timer = 0
let shown = ""

function element(name, attributes, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

function row(task) {
  const buttons = task.actions.map((action) => {
    const button = element("button", { type: "button", class: "cue-task-button", "data-action": action.name, "aria-label": `${action.label}: ${task.title}` }, action.label)
    button.addEventListener("click", () => act(task.id, action.name, button))
    return button
  })
  const bar = element("div", { class: "cue-task-bar" })
  if (task.percent !== null) {
    for (const [key, value] of [["role", "progressbar"], ["aria-label", task.title], ["aria-valuemin", 0], ["aria-valuemax", 100], ["aria-valuenow", task.percent]]) bar.setAttribute(key, value)
    const filled = element("div", {})
    filled.style.width = `${task.percent}%`
    bar.append(filled)
  }
  const words = task.percent === null ? task.text : `${task.percent} % · ${task.text}`
  const text = element("div", { class: "cue-task-text" }, element("b", {}, task.title), element("span", {}, words))
  return element("li", { "data-id": task.id, class: task.over ? "cue-task cue-task-over" : "cue-task" }, text, element("div", { class: "cue-task-buttons" }, ...buttons), bar)
}

function draw(tasks) {
  const composer = document.getElementById("message-composer")
  if (!list) list = element("ul", { id: "cue-tasks", "aria-label": t("tasks.list") })
  const scope = document.getElementById("cue-scope") // stands between: what moves loses its focus
  const below = scope && composer && scope.nextElementSibling === composer ? scope : composer
  if (below && list.nextElementSibling !== below) below.before(list)
  list.hidden = tasks.length === 0
  const text = JSON.stringify(tasks)
  if (text === shown) return
  shown = text
  const focused = document.activeElement && list.contains(document.activeElement) ? document.activeElement : null
  const at = focused ? [focused.closest("li").dataset.id, focused.dataset.action] : null
  list.replaceChildren(...tasks.map(row))
  if (at) [...list.querySelectorAll("button")].find((one) => one.closest("li").dataset.id === at[0] && one.dataset.action === at[1])?.focus()
}

async function act(id, action, button) {
  button.disabled = true
  try {
    await fetch(`/tasks/${id}/${action}`, { method: "POST" })
  } catch {
    button.disabled = false
  }
  look()
}

async function look() {
  clearTimeout(timer)
  if (location.pathname.startsWith("/login")) {
    timer = setTimeout(look, LATER) // nobody has signed in
    return
  }
  let tasks = []
  try {
    const reply = await fetch("/tasks")
    if (reply.ok) tasks = (await reply.json()).tasks
    draw(tasks)
  } catch {
    // The server is stopping or gone: Chainlit says so.
  }
  const wait = tasks.some((task) => !task.over) ? SOON : LATER
  timer = setTimeout(look, document.hidden ? LATER : wait)
}

// What was just sent may be on its way: look at once, and again when the page is seen.
document.addEventListener("click", () => setTimeout(look, 300))
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter") setTimeout(look, 300)
})
document.addEventListener("visibilitychange", look)
look()
