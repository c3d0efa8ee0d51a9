// <cue-timeline video="ID" hits="[…]">: the lanes of a video. It tells where it is sought by a
// `cue-seek` event; `at(seconds)` moves its playhead.
import { clock, fetched, made, placed } from "./dom.js"
import { t } from "./language.js"
import { cutButton } from "./taking.js"

const known = new Map() // what was fetched, by video
const SMALL = 5 // seconds of an arrow key
const APART = 20 // pixels between two numbers, at least: those that are closer are marks alone
const DRAG = 6 // pixels from which on a press is a selection
const SHORTEST = 0.2 // seconds of a selection
const AGAIN = [2, 60] // seconds after which what is still to come is asked for again: at first, at last

function drawn(video) {
  const asked = known.get(video) || fetched(`/media/${video}/timeline`)
  known.set(video, asked)
  const forget = () => known.delete(video)
  asked.then((data) => data.lanes.some((lane) => lane.state) && forget(), forget) // more is to come
  return asked
}

class Timeline extends HTMLElement {
  static observedAttributes = ["video", "hits"]
  #data = null
  #seconds = 0
  #wait = AGAIN[0]

  connectedCallback() {
    this.#load()
    this.observer = new ResizeObserver(() => this.#pin())
    this.observer.observe(this)
  }

  disconnectedCallback() {
    this.observer.disconnect()
    this.tip?.remove()
    clearTimeout(this.coming)
  }

  attributeChangedCallback(name, before, now) {
    if (!this.isConnected || before === now) return
    if (name !== "video") this.#pin()
    else {
      this.#data = null
      this.#load()
    }
  }

  at(seconds) {
    this.#seconds = seconds
    if (!this.#data || !this.track) return
    const { duration } = this.#data
    this.head.style.left = `${Math.min(100, (100 * seconds) / duration)}%`
    this.track.setAttribute("aria-valuenow", String(Math.round(seconds)))
    const chapter = this.#titleAt(seconds)
    this.track.setAttribute(
      "aria-valuetext",
      `${t("timeline.at", { at: clock(seconds), of: clock(duration) })}${chapter ? `, ${chapter}` : ""}`,
    )
  }

  async #load() {
    const video = this.getAttribute("video")
    if (!video) return
    let data
    try {
      data = await drawn(video)
    } catch {
      if (!this.#data) this.replaceChildren(made("p", "cue-tl-state", t("timeline.unreadable")))
      return
    }
    if (video !== this.getAttribute("video") || !this.isConnected) return
    if (JSON.stringify(data) !== JSON.stringify(this.#data)) {
      this.#data = data
      this.#draw()
      this.at(this.#seconds)
    }
    if (!data.lanes.some((lane) => lane.state)) return
    clearTimeout(this.coming)
    this.coming = setTimeout(() => this.#load(), 1000 * this.#wait)
    this.#wait = Math.min(2 * this.#wait, AGAIN[1])
  }

  #draw() {
    const { lanes, marks, alt, skipped, title, duration } = this.#data
    this.tip?.remove()
    this.pins = made("div", "cue-tl-pins")
    this.track = made("div", "cue-tl-track")
    const names = made("div", "cue-tl-names")
    names.setAttribute("aria-hidden", "true")
    const spot = { role: "slider", tabindex: "0", "aria-label": t("timeline.of", { title }) }
    const range = { "aria-valuemin": "0", "aria-valuemax": String(Math.round(duration)) }
    for (const [name, value] of Object.entries({ ...spot, ...range })) {
      this.track.setAttribute(name, value)
    }
    for (const lane of lanes) {
      const more = lane.more ? " cue-tl-more" : ""
      names.append(made("span", `cue-tl-name cue-tl-${kindOf(lane)}${more}`, lane.name))
      const row = laneRow(lane)
      if (more) row.classList.add("cue-tl-more")
      this.track.append(row)
    }
    this.head = made("div", "cue-tl-head")
    this.ghost = made("div", "cue-tl-ghost")
    this.ghost.hidden = true
    this.span = made("div", "cue-tl-span")
    this.span.hidden = true
    this.track.append(this.span, this.head, this.ghost)
    const times = made("div", "cue-tl-times")
    times.setAttribute("aria-hidden", "true")
    for (const mark of marks) {
      const label = made("span", "", mark.time)
      label.style.left = `${100 * mark.at}%`
      times.append(label)
    }
    const about = made("details", "cue-tl-about")
    about.append(made("summary", "", t("timeline.about")))
    about.append(made("p", "", [alt, skipped].filter(Boolean).join(" ")))
    about.addEventListener("toggle", () => this.classList.toggle("cue-tl-all", about.open))
    this.tip = made("div", "cue-preview")
    this.tip.setAttribute("aria-hidden", "true")
    this.tip.hidden = true
    document.body.append(this.tip)
    this.replaceChildren(this.pins, names, this.track, times, about)
    this.#listen()
    this.#pin()
    this.at(this.#seconds)
  }

  #listen() {
    const { duration } = this.#data
    const track = this.track
    const at = (event) => {
      const box = track.getBoundingClientRect()
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * duration
    }
    track.addEventListener("pointerdown", (event) => {
      if (event.button) return
      track.focus({ preventScroll: true })
      track.setPointerCapture(event.pointerId)
      this.dragged = { from: at(event), x: event.clientX, far: false }
    })
    track.addEventListener("pointerup", (event) => {
      const { dragged } = this
      this.dragged = null
      if (!dragged) return
      if (!dragged.far) this.#select(0, 0)
      this.#seek(dragged.far ? Math.min(dragged.from, at(event)) : at(event), !dragged.far)
      if (dragged.far) this.#select(dragged.from, at(event), true)
    })
    track.addEventListener("pointercancel", () => (this.dragged = null))
    track.addEventListener("pointermove", (event) => {
      this.#hover(at(event), event.clientX)
      if (!this.dragged) return
      this.dragged.far ||= Math.abs(event.clientX - this.dragged.x) >= DRAG
      if (this.dragged.far) this.#select(this.dragged.from, at(event))
    })
    track.addEventListener("pointerleave", () => {
      this.tip.hidden = this.ghost.hidden = true
    })
    track.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -SMALL, ArrowDown: -SMALL, ArrowRight: SMALL, ArrowUp: SMALL }
      const pages = { PageUp: duration / 10, PageDown: -duration / 10, Home: -duration, End: duration }
      const by = { ...steps, ...pages }[event.key]
      if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      event.stopPropagation()
      const before = this.#seconds
      this.#seek(Math.min(Math.max(before + by, 0), Math.max(duration - 0.1, 0)), false)
      this.anchor = event.shiftKey ? (this.anchor ?? before) : null
      this.#select(this.anchor ?? 0, event.shiftKey ? this.#seconds : 0, event.shiftKey)
    })
  }

  // A span that is drawn over the lanes; with `offer`, a button below cuts it as a clip.
  #select(one, other, offer = false) {
    const { duration } = this.#data
    const [from, to] = [Math.min(one, other), Math.max(one, other)]
    this.querySelector(".cue-cut")?.remove()
    this.span.hidden = to - from < SHORTEST
    if (this.span.hidden) return
    this.span.style.left = `${(100 * from) / duration}%`
    this.span.style.width = `${(100 * (to - from)) / duration}%`
    if (offer) this.querySelector(".cue-tl-times").after(cutButton(this.getAttribute("video"), from, to))
  }

  #seek(seconds, play) {
    this.at(seconds)
    this.dispatchEvent(new CustomEvent("cue-seek", { bubbles: true, detail: { seconds, play } }))
  }

  #hover(seconds, x) {
    const { duration, frames } = this.#data
    const box = this.track.getBoundingClientRect()
    this.ghost.hidden = false
    this.ghost.style.left = `${(100 * seconds) / duration}%`
    const near = frames.reduce(
      (best, one) => (Math.abs(one - 1000 * seconds) < Math.abs(best - 1000 * seconds) ? one : best),
      frames[0],
    )
    const title = this.#titleAt(seconds)
    const parts = [made("p", "cue-preview-when", clock(seconds))]
    if (title) parts.push(made("p", "cue-preview-text", title))
    if (near !== undefined) {
      const address = `/media/${this.getAttribute("video")}/frame/${near}.jpg`
      const old = this.tip.querySelector("img")
      const picture = old && old.getAttribute("src") === address ? old : made("img")
      picture.alt = ""
      if (picture !== old) picture.src = address
      parts.unshift(picture)
    }
    this.tip.replaceChildren(...parts)
    placed(this.tip, { left: x, top: box.top, bottom: box.bottom })
  }

  #titleAt(seconds) {
    const share = seconds / this.#data.duration
    const inside = ([start, end]) => start <= share && share < end
    for (const name of ["chapters", "scenes"]) {
      const lane = this.#data.lanes.find((one) => one.key === name)
      const place = lane ? lane.spans.findIndex(inside) : -1
      if (place >= 0) return lane.titles ? lane.titles[place] : t("timeline.scene", { at: place + 1, of: lane.spans.length })
    }
    return ""
  }

  // Numbers of the evidence above the lanes; those too close to another are marks without one.
  #pin() {
    if (!this.#data || !this.pins) return
    const hits = JSON.parse(this.getAttribute("hits") || "[]").sort((a, b) => a.start - b.start)
    const wide = this.track.clientWidth || 1
    let last = -Infinity
    this.pins.replaceChildren()
    this.track.querySelectorAll(".cue-tl-hit").forEach((one) => one.remove())
    this.pins.hidden = !hits.length
    for (const title of this.track.querySelectorAll(".cue-tl-chapters i")) {
      title.classList.toggle("cue-tl-slim", title.clientWidth < 44)
    }
    let covered = 0 // spans that overlap are filled once
    for (const { handle, start, end } of hits) {
      const share = Math.min(start / this.#data.duration, 1)
      const until = Math.min(end / this.#data.duration, 1)
      const from = Math.max(share, covered)
      covered = Math.max(covered, until)
      const roomy = share * wide - last >= APART
      if (roomy) last = share * wide
      const pin = made("button", roomy ? "cue-tl-pin" : "cue-tl-pin cue-tl-close", roomy ? String(handle) : "")
      pin.type = "button"
      pin.tabIndex = -1 // the cards are the way for the keyboard
      pin.setAttribute("aria-label", t("timeline.play", { handle, time: clock(Math.round(start)) }))
      pin.style.left = `${100 * share}%`
      pin.addEventListener("click", () => {
        const detail = { handle }
        this.closest(".cue-evidence")?.dispatchEvent(new CustomEvent("cue-play", { detail }))
      })
      this.pins.append(pin)
      const hit = made("div", "cue-tl-hit")
      hit.style.left = `${100 * from}%`
      hit.style.width = `${Math.max(0, 100 * (until - from))}%`
      const mark = made("div", "cue-tl-hit cue-tl-mark")
      mark.style.left = `${100 * share}%`
      this.track.prepend(hit, mark)
    }
  }
}

const kindOf = (lane) =>
  lane.curve ? "curve" : lane.titles ? "chapters" : lane.key === "unseen" ? "gap" : "spans"

function laneRow(lane) {
  const row = made("div", `cue-tl-lane cue-tl-${kindOf(lane)}`)
  const parts = lane.curve || lane.spans
  if (!parts.length || lane.state) {
    row.append(made("span", "cue-tl-state", lane.state || t("timeline.none")))
  }
  if (lane.curve) {
    parts.forEach((value, place) => {
      const bar = made("i")
      bar.style.cssText = `left:${(100 * place) / parts.length}%;width:${100 / parts.length}%;height:${100 * value}%`
      row.append(bar)
    })
    return row
  }
  parts.forEach(([start, end], place) => {
    const part = made("i", lane.cuts && place % 2 ? "cue-tl-odd" : "", lane.titles ? lane.titles[place] : undefined)
    part.style.left = `${100 * start}%`
    part.style.width = `${100 * (end - start)}%`
    row.append(part)
  })
  return row
}

customElements.define("cue-timeline", Timeline)
