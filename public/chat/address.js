// A conversation gets its address when its first answer is there. Chainlit would go to that address, and
// so make its page anew: what plays would stop, and what is being written would be lost.
let known = "" // Chainlit tells of its latest call again whenever it makes its page anew

window.addEventListener("chainlit-call-fn", ({ detail }) => {
  const { name, args } = detail
  if (name !== "cue-address" || args.thread === known) return
  known = args.thread
  if (location.pathname === "/") history.replaceState(history.state, "", `/thread/${known}`)
})
