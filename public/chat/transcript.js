// <cue-transcript video="ID" at="SECONDS">: what is said, around `at(seconds)`. A click on a word tells where it
// is by a `cue-seek` event. Loaded a window at a time, as a talk may be hours long.
import { fetched, made } from "./dom.js"
import { clock, t } from "./language.js"
import { cutButton } from "./taking.js"

const [BACK, PAGE] = [60, 480] // seconds that are loaded before a moment, and in all
const SETTLED = 150 // milliseconds for which a selection stays as it is, before it is offered
const [SHARE, LEAST] = [0.1, 0.2] // of a line's length, and seconds: what a word's guessed time may be off

class Transcript extends HTMLElement {
  static observedAttributes = ["video"]
  #seconds = 0
  #from = 0
  #to = 0
  #lines = []
  #now = null
  #loading = null
  #settling = 0
  #selected = () => {
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => this.#offer(), SETTLED)
  }

  connectedCallback() {
    this.#seconds = Number(this.getAttribute("at") || 0)
    this.setAttribute("role", "region")
    this.setAttribute("aria-label", t("transcript.name"))
    this.addEventListener("click", (event) => {
      const spot = event.target.closest("[data-at]")
      if (spot && document.getSelection().isCollapsed) this.#seek(Number(spot.dataset.at))
    })
    this.addEventListener("keydown", (event) => this.#key(event))
    this.addEventListener("pointerenter", () => (this.read = true))
    this.addEventListener("pointerleave", () => (this.read = false))
    document.addEventListener("selectionchange", this.#selected) // a finger's selection ends with no pointer
    this.#fresh()
  }

  disconnectedCallback() {
    document.removeEventListener("selectionchange", this.#selected)
    clearTimeout(this.#settling)
  }

  attributeChangedCallback(name, before, now) {
    if (this.isConnected && before !== null && before !== now) this.#fresh()
  }

  at(seconds) {
    this.#seconds = seconds
    if (this.#loading || !this.#to) return
    if (seconds < this.#from || seconds >= this.#to) this.#fresh()
    else this.#mark()
  }

  #seek(seconds) {
    const detail = { seconds, play: true }
    this.dispatchEvent(new CustomEvent("cue-seek", { bubbles: true, detail }))
  }

  // A clip of the words that are selected. One that is being cut keeps its button, which tells how it went.
  #offer() {
    const before = this.querySelector(".cue-cut")
    if (before?.disabled) return
    before?.remove()
    const selection = document.getSelection()
    if (selection.isCollapsed || !selection.rangeCount) return
    const range = selection.getRangeAt(0)
    const every = [...this.querySelectorAll(".cue-word")]
    const words = every.filter((one) => range.intersectsNode(one) && holds(range, one))
    if (!words.length) return
    this.append(cutButton(this.getAttribute("video"), edgeOf(words[0], false), edgeOf(words.at(-1), true)))
  }

  #key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const from = event.target.closest(".cue-line-time")
    if (!by || !from) return
    event.preventDefault()
    event.stopPropagation()
    const times = [...this.querySelectorAll(".cue-line-time")]
    times[times.indexOf(from) + by]?.focus()
  }

  // Another window of lines, around the moment.
  async #fresh() {
    this.#from = this.#to = Math.max(0, this.#seconds - BACK)
    this.#lines = []
    this.#now = null
    this.list = made("div", "cue-lines")
    this.replaceChildren(this.list)
    const asked = this.#seconds
    await this.#load(this.#from, this.#from + PAGE, false)
    if (!this.#lines.length && this.isConnected) {
      this.list.prepend(made("p", "cue-tl-state", t("transcript.silent")))
    }
    this.#mark()
    if (asked !== this.#seconds) this.at(this.#seconds) // the player went on meanwhile
  }

  async #load(from, to, before) {
    const video = this.getAttribute("video")
    const task = (this.#loading = this.#fetch(video, from, to, before))
    try {
      await task
    } catch {
      this.#to = Math.max(this.#to, to) // asked for once, not at each step of the player
      this.list.append(made("p", "cue-tl-state", t("transcript.unreadable")))
    } finally {
      if (this.#loading === task) this.#loading = null
    }
  }

  async #fetch(video, from, to, before) {
    const list = this.list
    const got = await fetched(`/media/${video}/transcript?from=${from}&to=${to}`)
    if (list !== this.list) return // another video, or another window, meanwhile
    // Lines that stand too close for one answer: a shorter window leaves no gap.
    if (before && got.next !== null && to - from > 1) return this.#fetch(video, (from + to) / 2, to, true)
    const lines = got.lines.map((one) => lineOf(one, video))
    list.querySelectorAll(".cue-line-more").forEach((one) => {
      if ((one.dataset.way === "earlier") === before || !this.#lines.length) one.remove()
    })
    if (before) {
      const high = this.scrollHeight
      list.prepend(...lines.map((one) => one.element))
      this.#lines.unshift(...lines)
      this.#from = from
      this.scrollTop += this.scrollHeight - high
    } else {
      list.append(...lines.map((one) => one.element))
      this.#lines.push(...lines)
      this.#to = got.next ?? to
      if (this.#to < to && this.#to <= this.#seconds) return this.#fetch(video, this.#to, to, false)
    }
    if (got.lines.some((one) => one.draft) && !this.querySelector(".cue-line-draft")) {
      this.prepend(made("p", "cue-line-draft", t("transcript.drafted")))
    }
    if ((before || !this.querySelector('[data-way="earlier"]')) && got.earlier && from > 0) {
      if (from === this.#from) list.prepend(this.#more("earlier"))
    }
    if (!before && (got.later || got.next !== null)) list.append(this.#more("later"))
  }

  #more(way) {
    const button = made("button", "cue-line-more", way === "earlier" ? t("transcript.earlier") : t("transcript.later"))
    button.type = "button"
    button.dataset.way = way
    button.addEventListener("click", () =>
      way === "earlier"
        ? this.#load(Math.max(0, this.#from - PAGE), this.#from, true)
        : this.#load(this.#to, this.#to + PAGE, false),
    )
    return button
  }

  // The line that is said now: the last that has begun.
  #mark() {
    const now = this.#lines.findLast((one) => one.start <= this.#seconds + 0.05) || this.#lines[0]
    if (!now || now === this.#now) return
    if (this.#now) {
      this.#now.element.classList.remove("cue-now")
      this.#now.element.firstChild.tabIndex = -1
    }
    this.#now = now
    now.element.classList.add("cue-now")
    now.element.firstChild.tabIndex = 0
    if (this.read) return // whoever reads on is left where they are
    this.scrollTop += now.element.getBoundingClientRect().top - this.getBoundingClientRect().top - this.clientHeight / 3
  }
}

// False of a word that a selection only touches, at its end or its beginning.
function holds(range, word) {
  const left = word.contains(range.startContainer) && range.startOffset >= word.textContent.trimEnd().length
  return !left && !(word.contains(range.endContainer) && range.endOffset === 0)
}

// Where a clip begins, or ends, so that a word is in it whole: inside a line as much farther out as its time may be off.
function edgeOf(word, after) {
  const line = word.closest(".cue-line")
  const [start, end] = [Number(line.dataset.start), Number(line.dataset.end)]
  const next = after ? word.nextElementSibling : word
  const at = next ? Number(next.dataset.at) : end
  const off = Math.max(SHARE * (end - start), LEAST)
  return after ? Math.min(at + off, end) : Math.max(at - off, start)
}

// Words have no times of their own: each is taken to begin at its share of the line's letters.
function lineOf({ start, end, time, text, speaker }, video) {
  const element = made("div", "cue-line")
  Object.assign(element.dataset, { start: String(start), end: String(end) })
  const when = made("button", "cue-line-time", time)
  when.type = "button"
  when.tabIndex = -1
  when.dataset.at = String(start)
  const said = made("p", "cue-line-text")
  if (speaker) said.append(nameOf(speaker, video), " ")
  let place = 0
  for (const word of wordsOf(text)) {
    const spot = made("span", "cue-word", word)
    spot.dataset.at = (start + ((end - start) * place) / Math.max(text.length, 1)).toFixed(2)
    place += word.length
    said.append(spot)
  }
  element.append(when, said)
  return { element, start, end }
}

// Who speaks, as the way to correct the name.
function nameOf(speaker, video) {
  const link = made("a", "cue-speaker", `${speaker}:`)
  const href = `/library?${new URLSearchParams({ speakers: video })}`
  Object.assign(link, { href, target: "_blank", draggable: false, title: t("videos.speakers") })
  return link
}

function wordsOf(text) {
  const words = []
  for (const { segment, isWordLike } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)) {
    if (isWordLike || !words.length) words.push(segment)
    else words[words.length - 1] += segment
  }
  return words
}

customElements.define("cue-transcript", Transcript)
