"""Checks of a finished film, as it lies on the disk: what was asked for is seen, said and heard.

A film whose product is not like its picture, or whose sentences are not there, is refused before
anybody sees it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.errors import RefusedRequest
from tools.generate.animatic.layers import Matrix, Pixels
from tools.generate.animatic.likeness import LEAST, likeness
from tools.generate.animatic.plan import FPS, Cue, Plan
from tools.generate.animatic.product import Product
from tools.generate.animatic.soundtrack import RATE, Samples
from tools.video.levels import measured
from tools.video.span import pictures_at_rate, sound_of_span
from tools.video.tracks import read_subtitles

ALIGNED = 0.08
"""Seconds by which a sentence may be off its shot."""
SCRIPT = 0.8
"""Share of what was to be seen, captioned and said below which a film is refused."""
LEGIBLE = 0.5
_SLOWER = 6
"""Samples of 48 kHz that are taken as one where voices are looked for."""
_SEARCH, _LISTEN = 0.25, 1.2
"""Seconds around its place in which a sentence is looked for, and of it that are compared."""


class Placed(NamedTuple):
    """A sentence's shot: a time in its middle, when it is said, and where its product is."""

    shot: int
    seconds: float
    spoken: float
    matrix: Matrix
    source: str
    words_seen: Callable[[Pixels], float]


def checked(
    plan: Plan,
    cues: Sequence[Cue],
    placed: Sequence[Placed],
    voices: Sequence[tuple[float, Samples]],
    products: Mapping[str, Product],
) -> dict[str, Any]:
    """Read a film back; returns its scores, RefusedRequest where it must not be shown."""
    sound = sound_of_span(plan.target, 0.0, plan.seconds or 60.0)
    scores: dict[str, Any] = {}
    if sound is not None:
        level = measured(sound)
        scores["loudness"] = {"lufs": round(level.loudness, 2), "peak_db": round(level.peak, 2)}
    offsets = [_offset(sound, start, voice) for start, voice in voices] if sound is not None else []
    if voices:
        scores["voice_offsets_ms"] = [round(1000 * one, 1) for one in offsets]
    if not placed:
        return scores
    written = _written(plan.target)
    frames = [_frame(plan, one.seconds) for one in placed]
    rows: list[dict[str, Any]] = []
    for number, (one, frame) in enumerate(zip(placed, frames, strict=True)):
        text = plan.lines[number].text
        offset = offsets[number] if plan.lines[number].voice else 0.0
        rows.append(
            {
                "text": text,
                "shown": one.words_seen(frame) >= LEGIBLE,
                "captioned": any(
                    said == text and abs(start - one.spoken) <= ALIGNED
                    for start, _, said in written
                ),
                "offset_ms": round(1000 * offset, 1),
                "spoken": bool(plan.lines[number].voice),
                "aligned": abs(offset) <= ALIGNED,
            }
        )
    held = [row[key] for row in rows for key in ("shown", "captioned", "aligned")]
    scores["script"] = {"score": round(float(np.mean(held)), 3), "sentences": rows}
    scores["likeness"] = _likeness(plan, placed, frames, products)
    _refuse(scores)
    return scores


def _refuse(scores: Mapping[str, Any]) -> None:
    if scores["likeness"]["score"] < LEAST:
        worst = min(scores["likeness"]["shots"], key=lambda row: row["score"])
        raise RefusedRequest(
            f"shot {worst['shot']} does not show the product of the picture (likeness "
            f"{worst['score']:.2f}, at least {LEAST:g}): the film was not kept"
        )
    if scores["script"]["score"] < SCRIPT:
        missing = next(
            row
            for row in scores["script"]["sentences"]
            if not (row["shown"] and row["captioned"] and row["aligned"])
        )
        raise RefusedRequest(
            f"the film does not show or say {missing['text']!r} where it should: it was not kept"
        )


def _likeness(
    plan: Plan,
    placed: Sequence[Placed],
    frames: Sequence[Pixels],
    products: Mapping[str, Product],
) -> dict[str, Any]:
    """Each shot's product against the pictures that were approved: the best of them counts."""
    references = plan.references or sorted({one.source for one in placed})
    rows: list[dict[str, Any]] = []
    for one, frame in zip(placed, frames, strict=True):
        drawn = products[one.source].rgb
        shown = drawn.shape[1], drawn.shape[0]
        found = [likeness(frame, one.matrix, shown, products[path]) for path in references]
        best = max(found, key=lambda each: each.score)
        rows.append(
            {
                "shot": one.shot + 1,
                "score": round(best.score, 3),
                "structure": round(best.structure, 3),
                "colour": round(best.colour, 3),
                "seen": round(best.seen, 3),
            }
        )
    return {"score": min(row["score"] for row in rows), "shots": rows}


def _frame(plan: Plan, seconds: float) -> Pixels:
    size = plan.width, plan.height
    return next(pictures_at_rate(plan.target, seconds, seconds + 1 / FPS, FPS, size))


def _written(path: str) -> list[Cue]:
    """Captions that the file carries as text."""
    return [(cue[0], cue[1], cue[2]) for track in read_subtitles(path) for cue in track["cues"]]


def _offset(sound: Samples, start: float, voice: Samples) -> float:
    """Seconds by which a sentence lies later than it should, by correlation of its beginning."""
    first = _slow(voice[:, : round(_LISTEN * RATE)])
    begin = max(start - _SEARCH, 0.0)
    length = round((start - begin + 2 * _SEARCH + _LISTEN) * RATE)
    place = round(begin * RATE)
    window = _slow(sound[:, place : place + length])
    if len(window) <= len(first) or not first.any():
        return 0.0
    found = np.correlate(window, first, "valid")
    return float(begin + found.argmax() * _SLOWER / RATE - start)


def _slow(samples: Samples) -> NDArray[np.float64]:
    """Mono, at 8 kHz, without what is deep: the bed's chords."""
    mono = samples.mean(axis=0).astype(np.float64)
    mono = mono[: len(mono) // _SLOWER * _SLOWER].reshape(-1, _SLOWER).mean(axis=1)
    return np.diff(mono)
