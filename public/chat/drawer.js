// The drawer of conversations on a phone. When it opens first after a question, Chainlit moves the page to
// the address of the new conversation, and that shuts the drawer again: it is opened once more.
const LONG_ENOUGH = 1500

document.addEventListener("click", (event) => {
  const trigger = event.target.closest("#sidebar-trigger-button")
  if (!trigger || !event.isTrusted) return
  const before = location.pathname
  const begun = performance.now()
  const look = () => {
    if (location.pathname !== before && !document.getElementById("thread-history")) {
      document.getElementById("sidebar-trigger-button")?.click()
    } else if (performance.now() - begun < LONG_ENOUGH) {
      requestAnimationFrame(look)
    }
  }
  requestAnimationFrame(look)
})
