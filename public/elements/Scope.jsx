// Hands the scope of this chat to the bar above the composer, public/chat/scope.js; shows nothing.
import { useEffect } from "react"

export default function Scope() {
  useEffect(() => {
    const act = async (name, payload) => (await callAction({ name, payload })).response
    window.cueScope = { ...props, act }
    window.dispatchEvent(new CustomEvent("cue-scope"))
  })
  return null
}
