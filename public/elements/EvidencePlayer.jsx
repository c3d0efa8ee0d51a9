// The frames an answer cites, and one player that jumps to their moments.
// Everything in props is text and numbers; it is shown as text, never as markup.
import { useEffect, useRef, useState } from "react"

const SHORT = 60 // seconds up to which a copy holds the whole video
const AROUND = 10 // seconds of a copy before and after what is cited
const STEP = 10 // copies begin and end on a grid, so that neighbours share one

const line = "1px solid hsl(var(--border))"
const quiet = "hsl(var(--muted-foreground))"
const accent = "hsl(var(--primary))"

function spanAround(start, end, duration) {
  if (duration <= SHORT) return [0, Math.ceil(duration)]
  const from = Math.max(0, Math.floor((start - AROUND) / STEP) * STEP)
  const to = Math.ceil((Math.max(end, start) + AROUND) / STEP) * STEP
  return [from, Math.min(Math.max(to, from + 30), from + 120, Math.ceil(duration))]
}

const badge = { position: "absolute", padding: "1px 6px", borderRadius: 6, fontSize: 12, lineHeight: 1.5 }
const fill = { position: "absolute", inset: 0, width: "100%", height: "100%", margin: 0 }

function Picture({ card, title, fit }) {
  const [broken, setBroken] = useState(false)
  if (!card.image || broken) {
    return (
      <span style={{ ...fill, display: "grid", placeItems: "center", color: "#8d8580", fontSize: 12 }}>
        {card.kind}
      </span>
    )
  }
  return (
    <img
      src={card.image}
      alt={`Frame at ${card.time} of ${title}`}
      onError={() => setBroken(true)}
      style={{ ...fill, objectFit: fit }}
    />
  )
}

function Card({ card, title, several, active, onPlay }) {
  const doubt = card.verdict === "weak" || card.verdict === "unsupported" ? card.verdict : ""
  return (
    <button
      type="button"
      className="cue-card"
      data-handle={card.handle}
      data-start={card.start}
      aria-label={`Play evidence ${card.handle}: ${title} at ${card.time}`}
      aria-pressed={active}
      onClick={onPlay}
      style={{
        display: "grid", gridTemplateColumns: card.strip ? "minmax(0, 1fr)" : "124px minmax(0, 1fr)", gap: card.strip ? 6 : 12, padding: 8, width: "100%",
        alignItems: "start", textAlign: "left", borderRadius: 12, cursor: "pointer",
        border: active ? `1px solid ${accent}` : "1px solid transparent",
        background: active ? "hsl(var(--secondary))" : "transparent",
      }}
    >
      <span style={{ position: "relative", display: "block", width: "100%", aspectRatio: card.strip ? "15 / 2" : "16 / 9", overflow: "hidden", borderRadius: 8, background: "#0b0a09" }}>
        <Picture card={card} title={title} fit={card.strip ? "contain" : "cover"} />
        <span style={{ ...badge, left: 5, [card.strip ? "bottom" : "top"]: 5, fontWeight: 700, color: "#1c1203", background: "#ffb04a" }}>[{card.handle}]</span>
        <span style={{ ...badge, right: 5, bottom: 5, color: "#fff", background: "rgba(0,0,0,.74)" }}>{card.strip ? card.span : card.time}</span>
      </span>
      <span style={{ display: "flex", flexDirection: "column", gap: 2, minWidth: 0 }}>
        <span style={{ fontSize: 12, lineHeight: 1.45, color: quiet }}>
          {card.kind}{card.draft ? `, ${card.draft}` : ""}
          {doubt ? <span style={{ color: accent, fontWeight: 600 }}> · {doubt}</span> : null}
        </span>
        <span
          style={{
            fontSize: 14, lineHeight: 1.4, color: "hsl(var(--foreground))", overflow: "hidden",
            overflowWrap: "anywhere", display: "-webkit-box", WebkitBoxOrient: "vertical", WebkitLineClamp: 3,
          }}
        >
          {card.quoted ? `\u201c${card.text}\u201d` : card.text}
        </span>
        {several ? (
          <span style={{ fontSize: 12, color: quiet, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}>{title}</span>
        ) : null}
      </span>
    </button>
  )
}

export default function EvidencePlayer() {
  const { heading, cards, videos, doubts, coverage, cost, sees } = props
  const player = useRef(null)
  const wanted = useRef(null) // { at, play } once the file is there
  const [current, setCurrent] = useState(null) // { video, url, from, to }
  const [active, setActive] = useState(null)
  const [state, setState] = useState("") // "", "loading", "failed"
  const several = Object.keys(videos).length > 1

  function load(id, at, until, play) {
    const video = videos[id]
    const element = player.current
    const same = current && current.video === id && at >= current.from && at < current.to
    wanted.current = { at, play }
    if (same && element && element.readyState >= 1 && state !== "failed") {
      settle()
      return
    }
    const [from, to] = video.file ? [0, Infinity] : spanAround(at, until, video.duration)
    const url = video.file || `${video.play}?from=${from}&to=${to}`
    setState("loading")
    setCurrent({ video: id, url, from, to })
  }

  function settle() {
    const element = player.current
    if (!element || !wanted.current) return
    const { at, play } = wanted.current
    wanted.current = null
    element.currentTime = at
    if (play) element.play().catch(() => {})
  }

  function choose(card) {
    setActive(card.handle)
    load(card.video, card.start, card.end, true)
  }

  // A copy holds one span; outside of it stands a still picture. Ask for the next one there.
  function moved(event) {
    const element = event.currentTarget
    if (!current || current.to === Infinity || wanted.current || state === "loading") return
    const { duration } = videos[current.video]
    const at = element.currentTime
    if (at < current.from - 0.05 || (at >= current.to - 0.05 && current.to < duration)) {
      load(current.video, at, at + 20, !element.paused)
    }
  }

  useEffect(() => {
    if (!player.current || !current) return
    player.current.load()
    player.current.parentElement.scrollIntoView({ block: "nearest", behavior: "smooth" })
  }, [current && current.url])

  const shown = current && videos[current.video]
  const titleOf = (card) => (videos[card.video] ? videos[card.video].title : "the video")
  return (
    <section className="cue-evidence" aria-label={heading} data-testid="evidence">
      {cards.length ? (
        <div className="cue-split">
          <div style={{ position: "relative", overflow: "hidden", width: "100%", aspectRatio: "16 / 9", borderRadius: 14, scrollMarginTop: 72, border: line, background: "#0b0a09" }}>
            <video
              ref={player}
              src={current ? current.url : undefined}
              controls={!!current}
              playsInline
              preload="auto"
              aria-label={shown ? shown.title : "Video"}
              data-testid="player"
              onLoadedMetadata={() => { setState(""); settle() }}
              onTimeUpdate={moved}
              onSeeking={moved}
              onError={() => current && setState("failed")}
              style={{ ...fill, objectFit: "contain", visibility: current ? "visible" : "hidden" }}
            />
            {current ? null : (
              <button type="button" className="cue-stage" aria-label={`Play ${titleOf(cards[0])} at ${cards[0].time}`} onClick={() => choose(cards[0])} style={{ ...fill, padding: 0, border: 0, background: "none", cursor: "pointer" }}>
                <Picture card={cards[0]} title={titleOf(cards[0])} fit="contain" />
                <span aria-hidden="true" style={{ ...fill, display: "grid", placeItems: "center" }}>
                  <svg className="cue-play" width="60" height="60" viewBox="0 0 60 60">
                    <circle cx="30" cy="30" r="29" fill="rgba(15,12,10,.66)" stroke="rgba(255,255,255,.5)" strokeWidth="1" />
                    <path d="M25 20.5v19l15.5-9.5z" fill="#fff" />
                  </svg>
                </span>
                <span style={{ ...badge, right: 10, bottom: 10, fontSize: 13, padding: "2px 8px", color: "#fff", background: "rgba(0,0,0,.74)" }}>{cards[0].time}</span>
              </button>
            )}
            {state ? (
              <div role="status" style={{ ...fill, display: "grid", placeItems: "center", padding: 24, textAlign: "center", color: "#fff", fontSize: 14, background: "rgba(0,0,0,.6)", pointerEvents: "none" }}>
                {state === "loading" ? (
                  <span className="cue-wait">{shown && shown.file ? "Loading \u2026" : "Preparing this moment for your browser \u2026"}</span>
                ) : (
                  <span>This moment can't be played here: the file is missing or damaged.</span>
                )}
              </div>
            ) : null}
          </div>
          <div className="cue-side">
            <div className="cue-list">
              <h3 style={{ margin: "0 8px 4px", fontSize: 12, fontWeight: 600, lineHeight: 1.5, color: quiet }}>
                {heading}{cards.length > 3 ? ` \u00b7 ${cards.length}` : ""}
              </h3>
              {cards.map((card) => (
                <div key={card.id + card.handle} style={{ position: "relative" }}>
                  <Card
                    card={card}
                    title={titleOf(card)}
                    several={several}
                    active={active === card.handle}
                    onPlay={() => choose(card)}
                  />
                  {sees && card.image ? (
                    <button
                      type="button"
                      className="cue-link"
                      aria-label={`More like evidence ${card.handle}`}
                      onClick={() => callAction({ name: "alike", payload: { id: card.id, handle: card.handle } })}
                      style={{ display: "block", margin: "-6px 0 6px 144px", padding: 0, fontSize: 12, color: quiet, background: "none", border: 0, cursor: "pointer" }}
                    >
                      More like this
                    </button>
                  ) : null}
                </div>
              ))}
            </div>
          </div>
        </div>
      ) : null}
      {doubts.length ? (
        <ul style={{ margin: 0, padding: 0, listStyle: "none", fontSize: 13, lineHeight: 1.5, color: accent }}>
          {doubts.map((doubt, number) => <li key={number}>{doubt}</li>)}
        </ul>
      ) : null}
      {coverage ? <div style={{ fontSize: 12, lineHeight: 1.5, color: quiet }}>{coverage}</div> : null}
      {cost ? <div style={{ fontSize: 12, lineHeight: 1.5, color: quiet }}>{cost}</div> : null}
    </section>
  )
}
