// One video along its time. Everything in props is text and numbers; times are shares, 0 to 1.
const quiet = "hsl(var(--muted-foreground))"
const accent = "hsl(var(--primary))"
const base = "hsl(var(--muted))"
const WIDE = 1000
const HIGH = { curve: 34, marks: 12, spans: 16 }

function Lane({ lane }) {
  const kind = lane.curve ? "curve" : lane.marks ? "marks" : "spans"
  const empty = !lane[kind].length
  const high = HIGH[kind]
  const step = WIDE / Math.max(lane[kind].length, 1)
  return (
    <div className="cue-lane">
      <span style={{ fontSize: 12, lineHeight: 1.35, color: quiet }}>
        {lane.name}{lane.state ? `, ${lane.state}` : ""}{lane.count ? ` \u00b7 ${lane.count}` : ""}{empty && lane.state !== "not indexed yet" ? " \u00b7 none" : ""}
      </span>
      <svg viewBox={`0 0 ${WIDE} ${high}`} preserveAspectRatio="none" aria-hidden="true" style={{ display: "block", width: "100%", height: high, borderRadius: 3, background: base }}>
        {kind === "curve" && !empty ? (
          <path fill={accent} d={`M0 ${high}${lane.curve.map((value, at) => `L${at * step} ${high * (1 - value)}H${(at + 1) * step}`).join("")}V${high}Z`} />
        ) : null}
        {kind === "marks" ? (
          <path stroke={accent} strokeWidth="2" vectorEffect="non-scaling-stroke" d={lane.marks.map((at) => `M${1 + at * (WIDE - 2)} 0V${high}`).join("")} />
        ) : null}
        {kind === "spans" ? lane.spans.map(([from, to], at) => (
          <rect key={at} x={from * WIDE} width={Math.max((to - from) * WIDE, 2)} height={high} fill={accent} fillOpacity={lane.cuts && at % 2 ? 0.35 : lane.cuts ? 0.7 : 1} />
        )) : null}
      </svg>
    </div>
  )
}

export default function Timeline() {
  const { lanes, marks, skipped, alt } = props
  return (
    <figure className="cue-timeline" data-testid="timeline" style={{ margin: 0 }}>
      <div role="img" aria-label={alt} style={{ display: "flex", flexDirection: "column", gap: 5 }}>
        {lanes.map((lane) => <Lane key={lane.name} lane={lane} />)}
        <div className="cue-lane">
          <span />
          <span style={{ position: "relative", display: "block", height: 18, fontSize: 12, color: quiet }}>
            {marks.map((mark) => (
              <span key={mark.time} style={{ position: "absolute", left: `${mark.at * 100}%`, transform: mark.at ? "translateX(-50%)" : "none" }}>{mark.time}</span>
            ))}
          </span>
        </div>
      </div>
      {skipped ? <figcaption style={{ marginTop: 6, fontSize: 12, lineHeight: 1.5, color: quiet }}>{skipped}</figcaption> : null}
    </figure>
  )
}
