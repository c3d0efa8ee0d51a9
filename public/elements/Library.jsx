// The greeting: the videos that are there, and three questions to begin with.
import { useState } from "react"

const line = "1px solid hsl(var(--border))"
const quiet = "hsl(var(--muted-foreground))"
const accent = "hsl(var(--primary))"

export default function Library() {
  const { videos, questions } = props
  const [chosen, setChosen] = useState((videos.find((video) => video.chosen) || {}).id || "")
  const several = videos.length > 1

  function choose(id) {
    if (!several) return
    const next = id === chosen ? "" : id
    setChosen(next)
    callAction({ name: "choose", payload: { video: next } })
  }

  return (
    <div data-testid="library" style={{ display: "flex", flexDirection: "column", gap: 14 }}>
      <div style={{ display: "grid", gap: 12, gridTemplateColumns: "repeat(auto-fill, minmax(170px, 1fr))", maxWidth: several ? "none" : 300 }}>
        {videos.map((video) => (
          <div key={video.id} style={{ display: "flex", flexDirection: "column", gap: 4, minWidth: 0 }}>
          <button
            type="button"
            className="cue-chip"
            aria-pressed={chosen === video.id}
            aria-label={several ? `Ask only ${video.title}` : video.title}
            onClick={() => choose(video.id)}
            style={{
              padding: 0, overflow: "hidden", textAlign: "left", borderRadius: 12, background: "hsl(var(--card))",
              border: chosen === video.id && several ? `1px solid ${accent}` : line,
              cursor: several ? "pointer" : "default",
            }}
          >
            <span style={{ position: "relative", display: "block", aspectRatio: "16 / 9", background: "#000" }}>
              {video.image ? (
                <img src={video.image} alt="" loading="lazy" style={{ position: "absolute", inset: 0, width: "100%", height: "100%", objectFit: "cover", margin: 0 }} />
              ) : null}
              <span style={{ position: "absolute", right: 8, bottom: 8, padding: "1px 6px", borderRadius: 6, fontSize: 12, color: "#fff", background: "rgba(0,0,0,.72)" }}>
                {video.time}
              </span>
            </span>
            <span style={{ display: "block", padding: "8px 11px 9px", fontSize: 14, lineHeight: 1.35, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}>
              {video.title}
              {video.state ? <span style={{ color: quiet, fontSize: 12 }}> · {video.state}</span> : null}
            </span>
          </button>
          <button
            type="button"
            className="cue-link"
            aria-label={`Timeline of ${video.title}`}
            onClick={() => callAction({ name: "timeline", payload: { video: video.id } })}
            style={{ alignSelf: "flex-start", padding: "2px 11px", fontSize: 13, color: quiet, background: "none", border: 0, cursor: "pointer" }}
          >
            Timeline
          </button>
          </div>
        ))}
      </div>
      <div style={{ display: "flex", flexWrap: "wrap", gap: 8 }}>
        {questions.map((question) => (
          <button
            key={question}
            type="button"
            className="cue-chip"
            onClick={() => sendUserMessage(question)}
            style={{ padding: "7px 13px", fontSize: 14, borderRadius: 999, border: line, background: "hsl(var(--card))", color: "hsl(var(--foreground))", cursor: "pointer" }}
          >
            {question}
          </button>
        ))}
      </div>
    </div>
  )
}
