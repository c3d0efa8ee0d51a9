// <cue-zone video="ID">: a zone or a line, drawn on the picture of the player above which it lies.
// Points are shares of the picture. It tells that it is done by a `cue-drawn` event.
import { answered, made } from "./dom.js"
import { t } from "./language.js"

const SVG = "http://www.w3.org/2000/svg"
const MOST = 40 // points of a zone or a line

class Zone extends HTMLElement {
  #points = []

  connectedCallback() {
    this.sheet = document.createElementNS(SVG, "svg")
    this.sheet.setAttribute("viewBox", "0 0 1 1")
    this.sheet.setAttribute("preserveAspectRatio", "none")
    this.shape = document.createElementNS(SVG, "polygon")
    this.sheet.append(this.shape)
    this.sheet.addEventListener("click", (event) => this.#add(event))
    this.form = made("form", "cue-zone-form")
    this.name = Object.assign(made("input"), { required: true, maxLength: 60, placeholder: t("zone.name") })
    this.name.setAttribute("aria-label", t("zone.name"))
    this.kind = made("select")
    this.kind.setAttribute("aria-label", t("zone.kind"))
    for (const kind of ["zone", "line"]) {
      this.kind.append(Object.assign(made("option", "", t(`zone.${kind}`)), { value: kind }))
    }
    this.kind.addEventListener("change", () => this.#draw())
    const undo = Object.assign(made("button", "", t("zone.undo")), { type: "button" })
    undo.addEventListener("click", () => {
      this.#points.pop()
      this.#draw()
    })
    const close = Object.assign(made("button", "", t("zone.close")), { type: "button" })
    close.addEventListener("click", () => this.#end())
    this.keep = Object.assign(made("button", "", t("zone.keep")), { type: "submit" })
    this.told = made("span", "", t("zone.hint"))
    this.told.setAttribute("role", "status")
    this.form.append(this.name, this.kind, undo, this.keep, close, this.told)
    this.form.addEventListener("submit", (event) => this.#save(event))
    this.replaceChildren(this.sheet, this.form)
    this.fit = new ResizeObserver(() => this.#place())
    this.fit.observe(this.parentElement)
    this.#place()
    this.#draw()
  }

  disconnectedCallback() {
    this.fit.disconnect()
  }

  // The picture stands in the middle of the player, with bars beside it where it is narrower.
  #place() {
    const film = this.parentElement.querySelector("video")
    const still = this.parentElement.querySelector("img")
    const wide = film?.videoWidth || still?.naturalWidth || 16
    const high = film?.videoHeight || still?.naturalHeight || 9
    const { clientWidth, clientHeight } = this.parentElement
    const scale = Math.min(clientWidth / wide, clientHeight / high)
    const [across, down] = [wide * scale, high * scale]
    Object.assign(this.sheet.style, {
      left: `${(clientWidth - across) / 2}px`, top: `${(clientHeight - down) / 2}px`, width: `${across}px`, height: `${down}px`,
    })
  }

  #add(event) {
    if (this.#points.length >= MOST) return
    const box = this.sheet.getBoundingClientRect()
    const share = (at, from, length) => Math.round(Math.min(Math.max((at - from) / length, 0), 1) * 1e4) / 1e4
    this.#points.push([share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)])
    this.#draw()
  }

  #draw() {
    const least = this.kind.value === "zone" ? 3 : 2
    // A line is a polygon that goes back the way it came.
    const closed = this.kind.value === "zone" ? this.#points : [...this.#points, ...this.#points.slice(1, -1).reverse()]
    this.shape.setAttribute("points", closed.map((one) => one.join(",")).join(" "))
    this.keep.disabled = this.#points.length < least
  }

  async #save(event) {
    event.preventDefault()
    const { value: name } = this.name
    const body = { of: this.getAttribute("video"), name, kind: this.kind.value, points: this.#points }
    try {
      const headers = { "content-type": "application/json" }
      await answered("/api/areas", { method: "PUT", headers, body: JSON.stringify(body) })
      this.#end(name)
    } catch (error) {
      this.told.textContent = error.message
    }
  }

  #end(name = "") {
    this.dispatchEvent(new CustomEvent("cue-drawn", { bubbles: true, detail: { name } }))
  }
}

customElements.define("cue-zone", Zone)
