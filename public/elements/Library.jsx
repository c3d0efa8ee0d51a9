// The first screen: where to drop a video, those that are there, and questions to begin with.
import { useEffect, useState } from "react"

const t = (key, values) => window.cueText(key, values)

function Library({ props, callAction, sendUserMessage }) {
  const { videos, more, questions, example } = props
  const [chosen, setChosen] = useState((videos.find((video) => video.chosen) || {}).id || "")
  const [tried, setTried] = useState(false)
  const several = videos.length > 1

  useEffect(() => {
    const follow = () => {
      const scope = window.cueScope && window.cueScope.chosen
      if (scope) setChosen(scope.length === 1 ? scope[0] : "")
    }
    window.addEventListener("cue-scope", follow)
    return () => window.removeEventListener("cue-scope", follow)
  }, [])

  function choose(id) {
    const next = id === chosen ? "" : id
    setChosen(next)
    callAction({ name: "choose", payload: { video: next } })
  }

  function pick() {
    const input = document.getElementById("upload-button-input")
    if (input) input.click()
  }

  async function tryIt() {
    setTried(true)
    await callAction({ name: "example", payload: {} })
    setTried(false)
  }

  return (
    <div data-testid="library" className="cue-first">
      <div className={videos.length ? "cue-zone" : "cue-zone cue-zone-empty"}>
        <p>
          {videos.length ? t("library.drop_more") : t("library.drop")}
          <small>{t("library.droppable")}</small>
        </p>
        <div>
          <button type="button" className="cue-chip cue-ask" onClick={pick}>{t("library.choose")}</button>
          {example ? (
            <button type="button" className="cue-chip cue-ask" disabled={tried} onClick={tryIt}>{t("library.example")}</button>
          ) : null}
        </div>
      </div>
      {videos.length ? (
        <div className="cue-shelf">
          {videos.map((video) => (
            <div key={video.id} className="cue-video" data-chosen={several && chosen === video.id}>
              <button type="button" className="cue-thumb" aria-label={t("library.watch", { title: video.title })} onClick={() => callAction({ name: "watch", payload: { video: video.id } })}>
                {video.image ? <img src={video.image} alt="" loading="lazy" /> : null}
                <span>{video.time}</span>
              </button>
              <span className="cue-video-title" title={video.title}>{video.title}</span>
              <span className="cue-video-line">
                {several ? (
                  <button type="button" className="cue-link" aria-pressed={chosen === video.id} aria-label={t("library.ask_only_of", { title: video.title })} onClick={() => choose(video.id)}>
                    {chosen === video.id ? t("library.asked_only") : t("library.ask_only")}
                  </button>
                ) : null}
                <button type="button" className="cue-link" aria-label={t("timeline.of", { title: video.title })} onClick={() => callAction({ name: "timeline", payload: { video: video.id } })}>
                  {t("timeline.name")}
                </button>
                {video.state ? <span className="cue-quiet" style={{ padding: "4px 6px" }}>{video.state}</span> : null}
              </span>
            </div>
          ))}
        </div>
      ) : null}
      {more ? <span className="cue-quiet">{t("library.more", { n: more })}</span> : null}
      {questions.length ? (
        <div className="cue-asks">
          {questions.map((question) => (
            <button key={question} type="button" className="cue-chip cue-ask" onClick={() => sendUserMessage(question)}>{question}</button>
          ))}
        </div>
      ) : null}
    </div>
  )
}

// Chainlit runs this file anew whenever its page changes. The component stays the first one: what plays goes on.
const Same = ((window.cueElements ||= {}).Library ||= Library)
export default <Same props={props} callAction={callAction} sendUserMessage={sendUserMessage} />
