// Names for Chainlit's buttons that hold only an icon, for who hears the page instead of seeing it.
const NAMES = {
  "new-chat-button": "New chat",
  "upload-button": "Attach a video, subtitles or a picture",
  "chat-submit": "Send",
  "stop-button": "Stop",
}

function name() {
  for (const [id, label] of Object.entries(NAMES)) {
    const button = document.getElementById(id)
    if (button && !button.getAttribute("aria-label")) button.setAttribute("aria-label", label)
  }
}

new MutationObserver(name).observe(document.body, { childList: true, subtree: true })
name()
