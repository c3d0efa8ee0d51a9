"""Composer: draws a planned film, marks and writes it, and reads it back. Inside the sandbox."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from tools.generate.animatic import cards, painters
from tools.generate.animatic.captions import paint_caption, paint_label
from tools.generate.animatic.checks import Placed, checked
from tools.generate.animatic.layers import Pixels, eased, mixed, planes
from tools.generate.animatic.look import look_of
from tools.generate.animatic.plan import FPS, Cue, Plan, Shot, plan_of
from tools.generate.animatic.product import Product, read_product
from tools.generate.animatic.product_shot import ProductShot, Said
from tools.generate.animatic.sheet import sheet_of
from tools.generate.animatic.soundtrack import Samples, faded, mix, music, trimmed
from tools.generate.animatic.timeline import Slot, joined_slots, spoken_slots
from tools.sandbox import Event
from tools.video.encode import RATE
from tools.video.film import FilmWriter
from tools.video.levels import normalised, stretched
from tools.video.span import sound_of_span, whole_sound

AHEAD = 0.5
"""Seconds by which the first shot is ahead: its first frame, which players show, is not empty."""
LONGEST_LINE = 30.0
Spent = dict[str, float]
"""Seconds by stage."""
Mark = Callable[[Pixels], Pixels]


class _Film(NamedTuple):
    """Everything of a film but its pixels."""

    seconds: float
    slots: list[Slot]
    cues: list[Cue]
    """Captions as they are written as text."""
    burnt: list[Cue]
    """Those that are drawn over the picture."""
    voices: list[tuple[float, Samples]]
    said: list[Slot]
    """When each line is spoken."""


def compose(**arguments: Any) -> Iterator[Event]:
    """Make a film by its plan; yields {"fraction": …}, and at the end what it holds.

    That is `duration`, `sheet`, `scores`, and `seconds` by stage. RefusedRequest where a product is
    not like its picture, or what is said is not there.
    """
    plan = plan_of(arguments)
    spent: Spent = defaultdict(float)
    with _Timed(spent, "sound"):
        film = _timed_film(plan)
        sound = normalised(_soundtrack(plan, film))
    with _Timed(spent, "prepare"):
        products = {path: read_product(path) for path in _pictures(plan)}
        painted = [_painter(plan, number, film, products) for number in range(len(plan.shots))]
    mark = marker(plan)
    size = plan.width, plan.height
    count = round(film.seconds * FPS)
    started = time.perf_counter()
    with FilmWriter(plan.target, size, FPS, sound, film.cues, plan.language) as writer:
        for number in range(count):
            with _Timed(spent, "draw"):
                picture = planes(_drawn(plan, film, painted, number / FPS))
            if mark is not None:
                with _Timed(spent, "watermark"):
                    picture[: plan.height] = mark(picture[: plan.height])
            with _Timed(spent, "encode"):
                writer.write(picture)
            if number % FPS == 0:
                yield {"fraction": 0.98 * number / count}
    spent["encode"] += (
        time.perf_counter()
        - started
        - sum(spent[stage] for stage in ("draw", "watermark", "encode"))
    )  # what is left in the encoder when the file is closed
    for one in painted:
        if isinstance(one, painters.ClipPainter):
            one.close()
    with _Timed(spent, "check"):
        scores = checked(plan, film.cues, _placed(plan, film, painted), film.voices, products)
    yield {
        "fraction": 1.0,
        "duration": film.seconds,
        "sheet": sheet_of(plan, film.slots, products),
        "scores": scores,
        "seconds": {stage: round(took, 3) for stage, took in spent.items()},
    }


class _Timed:
    """Adds the time that something takes to a stage."""

    def __init__(self, spent: Spent, stage: str) -> None:
        self._spent, self._stage = spent, stage

    def __enter__(self) -> None:
        self._since = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._spent[self._stage] += time.perf_counter() - self._since


def marker(plan: Plan) -> Mark | None:
    """Writer of the watermark into each frame's luma; None without a payload."""
    if plan.payload is None:
        return None
    from tools.provenance.watermark import WatermarkWriter

    return WatermarkWriter(plan.payload, plan.width, plan.height, FPS).mark


def _pictures(plan: Plan) -> set[str]:
    shown = {shot.source for shot in plan.shots if shot.shows == "product"}
    return shown | set(plan.references)


def _timed_film(plan: Plan) -> _Film:
    """Decide when everything is, by what is said and how long it takes."""
    voices = [
        trimmed(whole_sound(line.voice, LONGEST_LINE)) if line.voice else None
        for line in plan.lines
    ]
    lengths = [one.shape[1] / RATE if one is not None else 0.0 for one in voices]
    texts = [line.text for line in plan.lines]
    if plan.bound:
        said, faster = spoken_slots(texts, lengths, plan.seconds)
        slots, seconds = said, plan.seconds
    else:
        slots = joined_slots([shot.seconds for shot in plan.shots])
        seconds = slots[-1].end
        said, faster = spoken_slots(texts, lengths, seconds, 0.0) if texts else ([], 1.0)
    placed = [
        (slot.spoken, stretched(voice, faster) if faster > 1.005 else voice)
        for slot, voice in zip(said, voices, strict=True)
        if voice is not None
    ]
    lines = [(slot.spoken, slot.silent, text) for slot, text in zip(said, texts, strict=True)]
    own = [
        (slot.start + start, min(slot.start + end, slot.end), text)
        for slot, shot in zip(slots, plan.shots, strict=True)
        for start, end, text in shot.cues
        if slot.start + start < slot.end
    ]
    cues = _apart(sorted(lines + own))
    seen = [
        line
        for number, line in enumerate(lines)
        if not plan.bound or plan.shots[number].shows in ("clip", "still")
    ]  # the others have their words in the picture
    burnt = _apart(sorted(seen + own))
    return _Film(seconds, slots, cues, burnt, placed, said)


def _apart(cues: Sequence[Cue]) -> list[Cue]:
    """Captions of which none begins before the one before it has ended."""
    made: list[Cue] = []
    for start, end, text in cues:
        if made and made[-1][1] > start:
            made[-1] = (made[-1][0], start, made[-1][2])
        made.append((start, end, text))
    return [one for one in made if one[1] - one[0] > 0.05]


def _soundtrack(plan: Plan, film: _Film) -> Samples:
    clips: list[tuple[float, Samples]] = []
    for shot, slot in zip(plan.shots, film.slots, strict=True):
        if shot.shows != "clip" or not shot.heard:
            continue
        end = min(shot.end, shot.start + (slot.end - slot.start) * shot.speed)
        own = sound_of_span(shot.source, shot.start, end)
        if own is not None:
            own = stretched(own, shot.speed) if shot.speed != 1.0 else own
            clips.append((slot.start, faded(own, 0.3)))
    bed = music(plan.mood, film.seconds, plan.seed) if plan.mood else None
    return mix(film.seconds, film.voices, clips, bed)


def _painter(plan: Plan, number: int, film: _Film, products: dict[str, Product]) -> Any:
    shot, slot = plan.shots[number], film.slots[number]
    size, seed = (plan.width, plan.height), plan.seed + number
    if shot.shows == "product":
        product = products[shot.source]
        look = look_of(products[plan.shots[0].source], plan.brief, plan.seed)
        ahead = AHEAD if number == 0 else 0.0
        rest = len(_below(shot)) / max(len(shot.text), 1)
        until = slot.silent - slot.start + ahead
        spoken = until - rest * (slot.silent - slot.spoken), until
        said = Said(shot.headline, _below(shot), *spoken, plan.brand, shot.button)
        return ProductShot(size, product, look, shot.layout, said, seed)
    if shot.shows == "clip":
        return painters.ClipPainter(size, shot, slot.end - slot.start)
    if shot.shows == "still":
        return painters.StillPainter(size, shot, seed)
    if shot.shows == "card":
        return cards.CardPainter(size, shot, seed)
    return cards.TitlePainter(size, shot, plan.seed)


def _below(shot: Shot) -> str:
    return shot.lines[0] if shot.lines else ""


def _drawn(plan: Plan, film: _Film, painted: Sequence[Any], t: float) -> Pixels:
    """The frame at a time: a shot, the end of the one before it, captions and label."""
    number = max(n for n, slot in enumerate(film.slots) if slot.start <= t + 1e-6)
    canvas = _shot_at(film, painted, number, t)
    if number and t < film.slots[number - 1].end - 1e-6:
        before = film.slots[number - 1]
        share = (t - film.slots[number].start + 1 / FPS) / (before.end - film.slots[number].start)
        last = _shot_at(film, painted, number - 1, t)
        canvas = _going_over(plan, painted, number, last, canvas, share)
    paint_caption(canvas, film.burnt, t)
    if plan.label:
        paint_label(canvas, plan.label)
    return canvas


def _shot_at(film: _Film, painted: Sequence[Any], number: int, t: float) -> Pixels:
    slot = film.slots[number]
    ahead = AHEAD if number == 0 else 0.0
    return painted[number].paint(t - slot.start + ahead, slot.end - slot.start + ahead)


def _going_over(
    plan: Plan, painted: Sequence[Any], number: int, last: Pixels, canvas: Pixels, share: float
) -> Pixels:
    """One shot over into the next: shots of a product push each other or open as a circle."""
    shown = plan.shots[number].shows, plan.shots[number - 1].shows
    share = min(share, 1.0)
    if shown != ("product", "product"):
        return mixed(last, canvas, eased(share))
    height, width = canvas.shape[:2]
    if number % 2:
        across = round(eased(share) * width)
        made = np.empty_like(canvas)
        made[:, : width - across] = last[:, across:]
        made[:, width - across :] = canvas[:, :across]
        return made
    mask = np.zeros((height, width), np.uint8)
    radius = eased(share) * np.hypot(width, height)
    x, y = painted[number].centre
    cv2.circle(mask, (round(x), round(y)), round(radius), 255, -1, cv2.LINE_AA)
    return np.asarray(cv2.copyTo(canvas, mask, last), np.uint8)


def _placed(plan: Plan, film: _Film, painted: Sequence[Any]) -> list[Placed]:
    """Places of products and words in the middle of each sentence's time."""
    found: list[Placed] = []
    for number, (shot, slot) in enumerate(zip(plan.shots, film.slots, strict=True)):
        if shot.shows != "product":
            continue
        ahead = AHEAD if number == 0 else 0.0
        t = (max(slot.spoken, slot.start + 0.9) + min(slot.silent, slot.end - 0.5)) / 2
        t = min(max(t, slot.start + 0.9), slot.end - 0.45)
        length = slot.end - slot.start + ahead
        painter: ProductShot = painted[number]
        matrix = painter.picture_map(t - slot.start + ahead, length)
        found.append(Placed(number, t, slot.spoken, matrix, shot.source, painter.words_seen))
    return found
