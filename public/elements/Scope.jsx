// Hands the scope of this chat to the bar above the composer, public/chat/scope.js; shows nothing.
import { useEffect } from "react"

const tell = () => window.dispatchEvent(new CustomEvent("cue-scope"))

function Scope({ props, callAction }) {
  useEffect(() => {
    const act = async (name, payload) => (await callAction({ name, payload })).response
    window.cueScope = { ...props, act }
    tell()
    return () => {
      // New props put another element in place at once; a new chat does not: it has no session yet.
      window.cueScope = null
      queueMicrotask(() => window.cueScope || tell())
    }
  }, [props, callAction])
  return null
}

// Chainlit runs this file anew whenever its page changes. The component stays the first one: what plays goes on.
const Same = ((window.cueElements ||= {}).Scope ||= Scope)
export default <Same props={props} callAction={callAction} />
