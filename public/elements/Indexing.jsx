// How far the indexing of one video is.
const quiet = "hsl(var(--muted-foreground))"

function left(seconds) {
  if (seconds === null || seconds === undefined) return ""
  if (seconds < 90) return ` · about ${Math.max(1, Math.round(seconds))} s left`
  return ` · about ${Math.round(seconds / 60)} min left`
}

export default function Indexing() {
  const { title, stage, fraction, remaining, usable, over, failed } = props
  if (over) return null
  const percent = Math.round(fraction * 100)
  return (
    <div data-testid="indexing" style={{ maxWidth: 460, display: "flex", flexDirection: "column", gap: 7 }}>
      <div
        role="progressbar"
        aria-label={`Indexing ${title}`}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        style={{ height: 6, borderRadius: 3, overflow: "hidden", background: "hsl(var(--muted))" }}
      >
        <div style={{ width: `${percent}%`, height: "100%", borderRadius: 3, background: failed ? quiet : "hsl(var(--primary))", transition: "width .4s" }} />
      </div>
      <div style={{ fontSize: 13, color: quiet }}>
        {percent} % · {stage}{left(remaining)}
      </div>
      {usable ? <div style={{ fontSize: 13, color: quiet }}>You can ask about it already.</div> : null}
    </div>
  )
}
