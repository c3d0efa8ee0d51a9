// A video that is there: its player, what it is, its chapters, what to ask, what is weak in it.
// Everything in props is text and numbers; it is shown as text, never as markup.
import { useEffect, useRef, useState } from "react"

const t = (key, values) => window.cueText(key, values)

const SPAN = 60 // seconds of a copy, where the browser cannot play the file itself

function spanAround(at, duration) {
  if (duration <= SPAN) return [0, Math.ceil(duration)]
  const from = Math.max(0, Math.floor((at - 10) / 10) * 10)
  return [from, Math.min(from + SPAN, Math.ceil(duration))]
}

function Arrival({ props, callAction, sendUserMessage }) {
  const { id, title, duration, file, play, poster, length, lines, chapters, questions, weak, seek } = props
  const section = useRef(null)
  const player = useRef(null)
  const wanted = useRef(null)
  const [source, setSource] = useState(null) // { url, from, to }
  const [state, setState] = useState("")
  const [all, setAll] = useState(false)
  const [asked, setAsked] = useState("")
  const shown = all ? chapters : chapters.slice(0, 6)

  useEffect(() => {
    if (seek) section.current?.scrollIntoView({ block: "nearest", behavior: "smooth" }) // it was asked for
  }, [])

  function watch(at) {
    const element = player.current
    if (element && source && at >= source.from && at < source.to && element.readyState >= 1) {
      element.currentTime = at
      element.play().catch(() => {})
      return
    }
    const [from, to] = file ? [0, Infinity] : spanAround(at, duration)
    wanted.current = at
    setState("loading")
    setSource({ url: file || `${play}?from=${from}&to=${to}`, from, to })
  }

  function loaded() {
    const element = player.current
    setState("")
    if (wanted.current === null) return
    element.currentTime = wanted.current
    wanted.current = null
    element.play().catch(() => {}) // browsers may ask for a click first
  }

  function moved() {
    const at = player.current.currentTime
    if (!file && wanted.current === null && at >= source.to - 0.05 && source.to < duration) watch(at)
  }

  async function mend(what) {
    setAsked(what)
    await callAction({ name: "mend", payload: { video: id, what } })
    setAsked("")
  }

  return (
    <section ref={section} className="cue-arrival" data-testid="arrival" aria-label={title}>
      <div className="cue-arrival-stage">
        {source ? (
          <video
            ref={player} src={source.url} poster={poster || undefined} controls playsInline
            onLoadedMetadata={loaded} onTimeUpdate={moved} onError={() => setState("failed")}
            aria-label={title}
          />
        ) : (
          <button type="button" className="cue-stage" aria-label={t("player.play", { title })} onClick={() => watch(0)}>
            {poster ? <img src={poster} alt="" /> : null}
            <span className="cue-arrival-play cue-play" aria-hidden="true">
              <svg viewBox="0 0 24 24" width="24" height="24"><path d="M8 5v14l11-7z" fill="currentColor" /></svg>
            </span>
            <span className="cue-arrival-length">{length}</span>
          </button>
        )}
        {state ? (
          <span role="status" className="cue-quiet">
            {state === "failed" ? t("moment.unplayable") : t("arrival.preparing")}
          </span>
        ) : null}
      </div>
      <div className="cue-arrival-text">
        {lines.length ? (
          <div>{lines.map((line) => <p key={line}>{line}</p>)}</div>
        ) : null}
        {chapters.length ? (
          <ol className="cue-chapters" aria-label={t("timeline.chapters")}>
            {shown.map((chapter) => (
              <li key={chapter.start}>
                <button type="button" className="cue-chapter" onClick={() => watch(chapter.start)}>
                  <span>{chapter.time}</span> {chapter.title}
                </button>
              </li>
            ))}
            {chapters.length > shown.length ? (
              <li>
                <button type="button" className="cue-link cue-more" onClick={() => setAll(true)}>
                  {t("arrival.more", { n: chapters.length - shown.length })}
                </button>
              </li>
            ) : null}
          </ol>
        ) : null}
        {questions.length ? (
          <div className="cue-asks">
            {questions.map((question) => (
              <button key={question} type="button" className="cue-chip cue-ask" onClick={() => sendUserMessage(question)}>
                {question}
              </button>
            ))}
          </div>
        ) : null}
        {weak.map((one) => (
          <div key={one.text} className="cue-weak">
            <span>{one.text}</span>
            {one.mend ? (
              <button type="button" className="cue-chip cue-ask" disabled={asked === one.mend} onClick={() => mend(one.mend)}>
                {one.label}
              </button>
            ) : null}
          </div>
        ))}
      </div>
    </section>
  )
}

// Chainlit runs this file anew whenever its page changes. The component stays the first one: what plays goes on.
const Same = ((window.cueElements ||= {}).Arrival ||= Arrival)
export default <Same props={props} callAction={callAction} sendUserMessage={sendUserMessage} />
