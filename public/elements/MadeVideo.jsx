// A video that an answer proposes: what it would be, a yes or no, how far it is, and then itself.
// Everything in props is text and numbers; it is shown as text, never as markup.
import { useEffect, useRef, useState } from "react"

const t = (key, values) => window.cueText(key, values)

function Moments({ moments }) {
  if (!moments.length) return null
  return (
    <div className="cue-made-strip" role="group" aria-label={t("made.moments")}>
      {moments.map((one, number) => (
        <a key={number} href={one.href} title={one.title} style={{ flexGrow: Math.max(one.length, 1) }} aria-label={t("made.moment", { time: one.time, title: one.title, seconds: one.length.toFixed(1) })}>
          {one.image ? <img src={one.image} alt="" loading="lazy" /> : null}
          <span className="cue-badge cue-made-at">{one.time}</span>
          <span className="cue-badge cue-time">{one.length.toFixed(1)} s</span>
        </a>
      ))}
    </div>
  )
}

function Film({ file, title }) {
  const [wide, high] = file.aspect.split(":").map(Number)
  return (
    <div className="cue-made-screen">
      <video
        key={file.address}
        src={file.address}
        controls
        playsInline
        preload="metadata"
        aria-label={t("made.player", { title, format: file.label })}
        data-testid="made"
        style={{ aspectRatio: `${wide} / ${high}`, width: `min(100%, calc(480px * ${wide / high}))` }}
      />
    </div>
  )
}

function Sources({ file }) {
  if (!file.sheet.length) return null
  return (
    <details className="cue-quiet">
      <summary>{t("made.sources")}</summary>
      <table className="cue-made-sheet">
        <thead>
          <tr>{["when", "what", "made"].map((one) => <th key={one} scope="col">{t(`made.sources_${one}`)}</th>)}</tr>
        </thead>
        <tbody>
          {file.sheet.map((row, number) => (
            <tr key={number}>{row.map((text, place) => <td key={place}>{text}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}

function MadeVideo({ props, callAction }) {
  const { moments } = props
  const [job, setJob] = useState(props.job)
  const [busy, setBusy] = useState("")
  const [shown, setShown] = useState(0)
  const card = useRef(null)

  async function act(step) {
    const reply = await callAction({ name: "job", payload: { job: job.id, do: step } })
    if (reply && reply.response) setJob(reply.response)
    else if (step !== "look") setJob({ ...job, trouble: t("made.failed") })
  }

  async function press(step) {
    if (busy) return
    setBusy(step)
    await act(step).catch(() => setJob({ ...job, trouble: t("made.failed") }))
    setBusy("")
    if (card.current) card.current.focus({ preventScroll: true }) // the button that had it may be gone
  }

  useEffect(() => {
    if (!job.look_in) return
    const timer = setTimeout(() => act("look").catch(() => setJob({ ...job })), job.look_in)
    return () => clearTimeout(timer)
  }, [job])

  useEffect(() => {
    // It may have been decided in another window, or at another door.
    const look = () => document.hidden || job.over || act("look").catch(() => {})
    document.addEventListener("visibilitychange", look)
    return () => document.removeEventListener("visibilitychange", look)
  }, [job])

  const file = job.files[Math.min(shown, job.files.length - 1)]
  const refused = ["refused", "failed"].includes(job.state)
  return (
    <section ref={card} tabIndex={-1} className="cue-job" aria-label={`${job.heading}: ${job.title}`} data-testid="job" data-job={job.id} data-state={job.state}>
      <header>
        <div>
          <span className="cue-job-kind">{job.heading}</span>
          <h3>{job.title} <small>{job.brief}</small></h3>
        </div>
        {refused ? null : <span className="cue-job-price">{job.price}</span>}
      </header>
      {file ? (
        <>
          {job.files.length > 1 ? (
            <div className="cue-tabs" role="tablist" aria-label={t("made.formats")}>
              {job.files.map((one, number) => (
                <button key={one.aspect} type="button" role="tab" className="cue-tab" aria-selected={one === file} onClick={() => setShown(number)}>{one.label}</button>
              ))}
            </div>
          ) : null}
          <Film file={file} title={job.title} />
          <div className="cue-bar">
            <span>{file.origin}</span>
            <a className="cue-tool" href={`${file.address}?download=true`} download aria-label={t("made.download_of", { title: job.title, format: file.label })}>
              <svg width="16" height="16" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d="M12 4v11m-5-5l5 5 5-5M5 20h14" /></svg>
              <span>{t("made.download")}</span>
            </a>
          </div>
          <Sources file={file} />
        </>
      ) : (
        <>
          {job.state === "refused" ? null : <Moments moments={moments} />}
          {job.pictures.length ? (
            <div className="cue-made-strip cue-made-pictures">
              {job.pictures.map((one) => <img key={one} src={one} alt={t("made.picture")} loading="lazy" />)}
            </div>
          ) : null}
          {job.rows.length ? (
            <dl>
              {job.rows.map(([name, text], number) => (
                <div key={number}><dt>{name}</dt><dd>{text}</dd></div>
              ))}
            </dl>
          ) : null}
          {job.notes.map((one) => <p key={one} className="cue-job-note">{one}</p>)}
        </>
      )}
      {job.under_way ? (
        <div className="cue-task-bar" role="progressbar" aria-label={t("made.progress", { title: job.title })} aria-valuemin={0} aria-valuemax={100} aria-valuenow={job.percent}>
          <div style={{ width: `${job.percent}%` }} />
        </div>
      ) : null}
      {file ? <span className="cue-hidden" role="status">{job.status}</span> : (
        <footer>
          {job.buttons.length ? (
            <span className="cue-job-buttons">
              {job.buttons.map(([step, label], number) => (
                <button key={step} type="button" className={["yes", "go_on"].includes(step) && job.state !== "unknown" ? "cue-ask cue-job-yes" : "cue-ask"} disabled={!!busy} onClick={() => press(step)}>{label}</button>
              ))}
            </span>
          ) : null}
          <p role="status">{job.status}</p>
          {job.reasons.length ? <ul className="cue-job-why">{job.reasons.map((one) => <li key={one}>{one}</li>)}</ul> : null}
          {job.trouble ? <p className="cue-job-why" role="alert">{job.trouble}</p> : null}
        </footer>
      )}
    </section>
  )
}

// Chainlit runs this file anew whenever its page changes. The component stays the first one: what plays goes on.
const Same = ((window.cueElements ||= {}).MadeVideo ||= MadeVideo)
export default <Same props={props} callAction={callAction} />
