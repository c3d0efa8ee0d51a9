// A question stays in sight as it is asked. Chainlit scrolls to it only while nothing stands below it, and
// draws what stands above it anew when the conversation begins: the question is pushed out of sight.
const LOOKS = [300, 900, 1800] // milliseconds
const QUESTIONS = '[data-step-type="user_message"]'
let asked = 0
let looks = []

function show() {
  const question = [...document.querySelectorAll(QUESTIONS)].at(-1)
  const box = question && question.closest(".overflow-y-auto")
  if (!box) return
  const [at, seen] = [question.getBoundingClientRect(), box.getBoundingClientRect()]
  const away = at.top < seen.top || at.top > seen.top + seen.height / 2
  if (away) box.scrollTo({ top: box.scrollTop + at.top - seen.top - 20, behavior: "smooth" })
}

function rest() {
  looks.forEach(clearTimeout)
}

new MutationObserver(() => {
  const count = document.querySelectorAll(QUESTIONS).length
  if (count === asked + 1) {
    rest()
    looks = LOOKS.map((pause) => setTimeout(show, pause))
  }
  asked = count
}).observe(document.getElementById("root"), { childList: true, subtree: true })
for (const act of ["wheel", "touchmove", "pointerdown"]) addEventListener(act, rest, { passive: true }) // a person scrolls
