// The frames an answer cites, one player that jumps to their moments, and what stands along the time.
// Everything in props is text and numbers; it is shown as text, never as markup.
import { useEffect, useRef, useState } from "react"

const t = (key, values) => window.cueText(key, values)

const SHORT = 60 // seconds up to which a copy holds the whole video
const AROUND = 10 // seconds of a copy before and after what is cited
const STEP = 10 // copies begin and end on a grid, so that neighbours share one

function spanAround(start, end, duration) {
  if (duration <= SHORT) return [0, Math.ceil(duration)]
  const from = Math.max(0, Math.floor((start - AROUND) / STEP) * STEP)
  const to = Math.ceil((Math.max(end, start) + AROUND) / STEP) * STEP
  return [from, Math.min(Math.max(to, from + 30), from + 120, Math.ceil(duration))]
}

const fill = { position: "absolute", inset: 0, width: "100%", height: "100%", margin: 0 }
const PATHS = {
  previous: "M15 5l-7 7 7 7", next: "M9 5l7 7-7 7", check: "M5 13l4 4L19 7", play: "M8 5v14l11-7z",
  cut: "M9 6a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM9 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM20 4L8.1 15.9M14.5 14.5L20 20M8.1 8.1L12 12", again: "M4 12a8 8 0 1 0 3-6.2M4 4v5h5",
  share: "M12 15V4m-5 5l5-5 5 5M5 14v6h14v-6", link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.6-5.6L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.6 5.6L12 17",
  compare: "M4 5h7v14H4zM14 5h6v14h-6z", save: "M12 4v11m-5-5l5 5 5-5M5 20h14", alike: "M4 5h7v7H4zM13 12h7v7h-7z", closer: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5M8 11h6M11 8v6",
}

function Icon({ name, size = 16 }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill={name === "play" ? "currentColor" : "none"} stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}

function Picture({ image, kind, fit }) {
  const [broken, setBroken] = useState(false)
  if (!image || broken) return <span className="cue-nothing" style={fill}>{kind}</span>
  return <img src={image} alt="" onError={() => setBroken(true)} style={{ ...fill, objectFit: fit }} />
}

function Card({ card, title, several, active, onPlay }) {
  const said = card.quoted ? `\u201c${card.text}\u201d` : card.text
  return (
    <button
      type="button"
      className={`cue-card${card.strip ? " cue-card-strip" : ""}`}
      data-handle={card.handle}
      data-start={card.start}
      data-when={[several ? title : "", card.span, card.kind].filter(Boolean).join(" \u00b7 ")}
      data-strip={card.strip ? "yes" : undefined}
      aria-pressed={active}
      onClick={onPlay}
    >
      <span className="cue-frame">
        <Picture image={card.image} kind={card.kind} fit={card.strip ? "contain" : "cover"} />
        <span className="cue-hidden">{t("player.play_evidence")} </span>
        <span className="cue-badge cue-number">[{card.handle}]</span>
        <span className="cue-badge cue-time">{card.strip ? card.span : card.time}</span>
      </span>
      <span className="cue-about">
        <span className="cue-kind">
          {card.kind}{card.draft ? `, ${card.draft}` : ""}
          {card.verdict === "confirmed" ? (
            <span className="cue-confirmed" title={t("player.confirmed_by")}>
              <Icon name="check" size={13} /><span className="cue-hidden">{t("player.confirmed")}</span>
            </span>
          ) : null}
          {card.verdict === "not confirmed" ? <span className="cue-doubt"> · {t("player.not_confirmed")}</span> : null}
        </span>
        <span className="cue-quote">{said}</span>
        {several ? <span className="cue-title">{title}</span> : null}
      </span>
    </button>
  )
}

function Tool({ icon, children, onClick, ...more }) {
  const Tag = more.href ? "a" : "button"
  return (
    <Tag type={more.href ? undefined : "button"} className="cue-tool" onClick={onClick} {...more}>
      <Icon name={icon} /> <span>{children}</span>
    </Tag>
  )
}

function EvidencePlayer({ props, callAction }) {
  const { heading, cards, videos, quiet, looked, sees, closer, compare } = props
  const section = useRef(null)
  const player = useRef(null)
  const timeline = useRef(null)
  const transcript = useRef(null)
  const wanted = useRef(null) // { at, play } once the file is there
  const moment = useRef(null) // { from, until } while a moment plays that is to stop at its end
  const [current, setCurrent] = useState(null) // { video, url, from, to }
  const [active, setActive] = useState(null)
  const [state, setState] = useState("") // "", "loading", "failed"
  const [over, setOver] = useState(false)
  const [tab, setTab] = useState("evidence")
  const [copied, setCopied] = useState(false)
  const [taken, setTaken] = useState("") // what is being made, or why it is not
  const ids = Object.keys(videos)
  const several = ids.length > 1
  const shares = document.documentElement.dataset.signIn !== "none"
  const video = (current && current.video) || (cards[0] && cards[0].video) || ids[0]
  const shown = videos[video]
  const titleOf = (card) => (videos[card.video] ? videos[card.video].title : t("player.video"))
  const place = cards.findIndex((card) => card.handle === active)
  const chosen = cards[Math.max(place, 0)]

  function load(id, at, until, play) {
    const element = player.current
    const same = current && current.video === id && at >= current.from && at < current.to
    wanted.current = { at, play }
    setOver(false)
    if (same && element && element.readyState >= 1 && state !== "failed") {
      settle()
      return
    }
    const [from, to] = videos[id].file ? [0, Infinity] : spanAround(at, until, videos[id].duration)
    const url = videos[id].file || `${videos[id].play}?from=${from}&to=${to}`
    setState("loading")
    setCurrent({ video: id, url, from, to })
  }

  function settle() {
    const element = player.current
    if (!element || !wanted.current) return
    const { at, play } = wanted.current
    wanted.current = null
    element.currentTime = at
    tell(at)
    if (play) element.play().catch(() => {})
  }

  function choose(card) {
    if (!videos[card.video]) return
    setActive(card.handle)
    setCopied(false)
    moment.current = { from: card.start, until: card.until }
    load(card.video, card.start, card.until, true)
  }

  function step(by) {
    const next = cards[place < 0 ? 0 : (place + by + cards.length) % cards.length]
    choose(next)
    const card = section.current.querySelector(`.cue-card[data-handle="${next.handle}"]`)
    if (card && card.offsetParent) card.scrollIntoView({ block: "nearest" })
    return card
  }

  function seek(seconds, play) {
    moment.current = null
    const element = player.current
    load(video, seconds, seconds + 20, play || !!(current && element && !element.paused))
  }

  function tell(seconds) {
    for (const one of [timeline.current, transcript.current]) if (one && one.at) one.at(seconds)
  }

  // A copy holds one span; outside of it stands a still picture. Ask for the next one there.
  function moved(event) {
    const element = event.currentTarget
    if (!current || wanted.current || state === "loading") return
    const at = element.currentTime
    tell(at)
    const now = moment.current
    if (now && event.type === "seeking" && (at < now.from - 0.3 || at > now.until)) moment.current = null
    else if (now && at >= now.until && !element.paused) return stop()
    if (current.to === Infinity) return
    const { duration } = videos[current.video]
    if (at < current.from - 0.05 || (at >= current.to - 0.05 && current.to < duration)) {
      load(current.video, at, at + 20, !element.paused)
    }
  }

  function stop() {
    player.current.pause()
    moment.current = null
    setOver(true)
  }

  // `timeupdate` alone would tell of a moment's end a quarter of a second late.
  function watch() {
    setOver(false)
    const look = () => {
      const element = player.current
      if (!element || element.paused) return
      tell(element.currentTime)
      const now = moment.current
      if (now && !wanted.current && !element.seeking && element.currentTime >= now.until) return stop()
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  }

  async function copy(event, href) {
    if (!navigator.clipboard) return // the link itself opens
    event.preventDefault()
    await navigator.clipboard.writeText(location.origin + href).catch(() => window.open(href))
    setCopied(true)
  }

  async function take(work, told = "") {
    setTaken(t("take.making"))
    setTaken(await work().then(() => told, (error) => error.message))
  }

  function key(event) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    const from = event.target.closest && event.target.closest(".cue-card, .cue-step")
    if (!by || !from || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const card = step(by)
    if (card && from.matches(".cue-card")) card.focus({ preventScroll: true })
  }

  useEffect(() => {
    if (!player.current || !current) return
    player.current.load()
    player.current.parentElement.scrollIntoView({ block: "nearest", behavior: "smooth" })
  }, [current && current.url])

  const act = useRef({})
  act.current = { cards, choose, seek }
  useEffect(() => {
    const element = section.current
    if (!element) return
    const play = ({ detail }) => {
      const card = act.current.cards.find((one) => one.handle === detail.handle)
      if (card) act.current.choose(card)
    }
    const sought = ({ detail }) => act.current.seek(detail.seconds, detail.play)
    element.addEventListener("cue-play", play)
    element.addEventListener("cue-seek", sought)
    return () => {
      element.removeEventListener("cue-play", play)
      element.removeEventListener("cue-seek", sought)
    }
  }, [])

  const hits = JSON.stringify(
    cards.filter((card) => card.video === video).map(({ handle, start, until }) => ({ handle, start, end: until })),
  )
  const poster = cards.length ? chosen : shown && { still: shown.poster, kind: t("player.video_kind"), time: "" }
  const tabs = [["evidence", cards.length > 1 ? `${heading} \u00b7 ${cards.length}` : heading]]
  if (shown && shown.spoken) tabs.push(["transcript", t("transcript.name")])
  const panel = cards.length ? tab : "transcript"
  return (
    <section ref={section} className="cue-evidence" aria-label={heading} data-testid="evidence" onKeyDown={key}>
      {shown ? (
        <div className={cards.length || shown.spoken ? "cue-split" : ""}>
          <div className="cue-watch">
            <div className="cue-screen">
              <video
                ref={player}
                src={current ? current.url : undefined}
                controls={!!current}
                playsInline
                preload="auto"
                aria-label={shown.title}
                data-testid="player"
                onLoadedMetadata={() => { setState(""); settle() }}
                onTimeUpdate={moved}
                onSeeking={moved}
                onPlay={watch}
                onError={() => current && setState("failed")}
                style={{ ...fill, objectFit: "contain", visibility: current ? "visible" : "hidden" }}
              >
                {shown.spoken ? <track kind="captions" src={`/media/${video}/captions.vtt`} /> : null}
              </video>
              {current ? null : (
                <button type="button" className="cue-stage" aria-label={cards.length ? t("player.play_at", { title: titleOf(chosen), time: chosen.time }) : t("player.play", { title: shown.title })} onClick={() => (cards.length ? choose(chosen) : seek(0, true))}>
                  <Picture key={poster.still} image={poster.still} kind={poster.kind} fit="contain" />
                  <span className="cue-play" aria-hidden="true"><Icon name="play" size={26} /></span>
                  {poster.time ? <span className="cue-badge cue-time">{poster.time}</span> : null}
                </button>
              )}
              {over ? (
                <div className="cue-over">
                  <button type="button" onClick={() => player.current.play()}><Icon name="play" /> {t("player.play_on")}</button>
                  {chosen ? <button type="button" onClick={() => choose(chosen)}><Icon name="again" /> {t("player.again")}</button> : null}
                </div>
              ) : null}
              {state ? (
                <div role="status" className="cue-cover">
                  {state === "loading" ? (
                    <span className="cue-wait">{shown.file ? t("player.loading") : t("moment.preparing")}</span>
                  ) : (
                    <span>{t("player.unplayable")}</span>
                  )}
                </div>
              ) : null}
            </div>
            {cards.length ? (
              <div className="cue-bar">
                {cards.length > 1 ? (
                  <span className="cue-steps">
                    <button type="button" className="cue-step" aria-label={t("player.previous")} onClick={() => step(-1)}><Icon name="previous" /></button>
                    <span>{t("player.place", { at: Math.max(place, 0) + 1, of: cards.length })}</span>
                    <button type="button" className="cue-step" aria-label={t("player.next")} onClick={() => step(1)}><Icon name="next" /></button>
                  </span>
                ) : null}
                <span className="cue-tools">
                  <Tool icon="link" href={chosen.href} target="_blank" aria-label={t("player.copy_of", { handle: chosen.handle })} onClick={(event) => copy(event, chosen.href)}>{copied ? t("player.copied") : t("player.copy")}</Tool>
                  {shares ? <Tool icon="share" aria-label={t("player.share_of", { handle: chosen.handle })} onClick={async () => setTaken(await window.cueTake.shared(chosen.href))}>{t("moment.share")}</Tool> : null}
                  {chosen.still ? <Tool icon="save" href={chosen.still} download="" aria-label={t("player.frame_of", { handle: chosen.handle })}>{t("moment.frame")}</Tool> : null}
                  {sees && chosen.image ? <Tool icon="alike" aria-label={t("player.alike_of", { handle: chosen.handle })} onClick={() => callAction({ name: "alike", payload: { id: chosen.id, handle: chosen.handle } })}>{t("player.alike")}</Tool> : null}
                  <Tool icon="cut" aria-label={t("take.cut_of", { handle: chosen.handle })} onClick={() => take(() => window.cueTake.cut(chosen.video, chosen.start, Math.max(chosen.until, chosen.start + 1)), t(shown.spoken ? "take.cut_spoken" : "take.cut_other"))}>{t("take.cut")}</Tool>
                  <details className="cue-take">
                    <summary className="cue-tool"><Icon name="save" /> <span>{t("take.name")}</span></summary>
                    <div>
                      {["reel", "board", "board-png", "edl", "fcpxml", "otio"].map((form) => (
                        <button key={form} type="button" className="cue-tool" onClick={() => take(() => window.cueTake.save(window.cueTake.moments(form, cards, shown.title)))}>{t(`take.${form}`)}</button>
                      ))}
                    </div>
                  </details>
                  {compare ? <Tool icon="compare" href={compare} target="_blank" aria-label={t("videos.compare")}>{t("player.compare")}</Tool> : null}
                </span>
                {taken ? <span className="cue-taken" role="status">{taken}</span> : null}
                <span className="cue-hidden" role="status">{copied ? t("player.link_copied") : ""}</span>
              </div>
            ) : null}
            <cue-timeline ref={timeline} video={video} hits={hits} />
          </div>
          {cards.length || shown.spoken ? (
            <div className="cue-side">
              <div className="cue-panels">
                <div className="cue-tabs" role="tablist" aria-label={t("player.beside")}>
                  {tabs.filter(([name]) => cards.length || name === panel).map(([name, label]) => (
                    <button key={name} type="button" role="tab" className="cue-tab" aria-selected={panel === name} onClick={() => setTab(name)}>{label}</button>
                  ))}
                </div>
                <div className="cue-list" role="tabpanel" aria-label={heading} hidden={panel !== "evidence"}>
                  {cards.map((card) => (
                    <div key={card.id + card.handle}>
                      <Card card={card} title={titleOf(card)} several={several} active={active === card.handle} onPlay={() => choose(card)} />
                      {closer ? (
                        <button type="button" className="cue-closer" aria-label={t("player.closer_at", { handle: card.handle })} onClick={() => callAction({ name: "closer", payload: { handle: card.handle } })}>
                          <Icon name="closer" size={14} /> {t("player.closer")}
                        </button>
                      ) : null}
                    </div>
                  ))}
                </div>
                {panel === "transcript" ? <cue-transcript ref={transcript} video={video} at={current && player.current ? player.current.currentTime : chosen ? chosen.start : 0} /> : null}
              </div>
            </div>
          ) : null}
        </div>
      ) : null}
      {quiet && looked.length ? (
        <details className="cue-quiet">
          <summary>{quiet}</summary>
          <dl>
            {looked.map(([name, text], number) => (
              <div key={number}><dt>{name}</dt><dd>{text}</dd></div>
            ))}
          </dl>
        </details>
      ) : null}
      {quiet && !looked.length ? <p className="cue-quiet">{quiet}</p> : null}
    </section>
  )
}

// Chainlit runs this file anew whenever its page changes. The component stays the first one: what plays goes on.
const Same = ((window.cueElements ||= {}).EvidencePlayer ||= EvidencePlayer)
export default <Same props={props} callAction={callAction} />
