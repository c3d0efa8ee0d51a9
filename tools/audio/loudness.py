"""Loudness of a sound track: segments of silence, speech and other sound, and its peaks.

Computed from the rows that the audio pass stores, without decoding. Music, applause and engines are
one kind, `other`: the rows tell them from speech, not from each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tools.files.rows import Rows

RATE = 16_000
STEP = 1536
"""Samples of a row: three windows of voice activity detection."""
STEP_SECONDS = STEP / RATE
ROW = np.dtype(
    [
        ("seconds", "<f8"),  # where the row starts
        ("loudness", "<f4"),  # root mean square in dB of full scale, FLOOR to 0
        ("speech", "<f4"),  # probability that somebody speaks, the highest of its windows, 0 to 1
    ]
)
FLOOR = -96.0
"""dB of full scale: the least that 16 bits can hold."""
SILENT, NOISY, ABOVE_NOISE = -50.0, -35.0, 6.0
"""dB of full scale. Below SILENT is silence. In a recording that hisses or hums, so is whatever is
less than ABOVE_NOISE above its softest tenth, up to NOISY."""
SPEECH, STILL_SPEECH = 0.5, 0.35
"""Probabilities, Silero's own: speech begins at the first and ends below the second."""
PAUSE, SHORTEST, MARGIN = 0.5, 0.35, 0.2
"""Seconds: pauses shorter than the first are speech, bursts shorter than the second are not, and
the third is kept around each, as the first and last sounds of words are soft."""

AROUND = 30.0
"""Seconds on each side of a moment that it is compared with."""

Kind = Literal["silence", "speech", "other"]


@dataclass(frozen=True)
class Segment:
    """Part of a sound track, in seconds; loudness is its mean energy in dB of full scale."""

    start: float
    end: float
    kind: Kind
    loudness: float


@dataclass(frozen=True)
class Peak:
    """A moment that is `above` dB louder than its surroundings; kind is that of most of it."""

    start: float
    end: float
    kind: Kind
    loudness: float
    above: float


def speech_spans(rows: Rows) -> list[tuple[float, float]]:
    """Spans of speech in seconds."""
    return [
        (at[0] * STEP_SECONDS, at[1] * STEP_SECONDS)
        for at in _runs(_spoken(rows["speech"].astype(np.float64)))
    ]


def segments(rows: Rows, shortest: float = 1.0) -> list[Segment]:
    """Divide the track by kind; segments below `shortest` seconds join the one before."""
    kinds = _kinds(rows)
    edges = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(kinds)]
    merged: list[list[int]] = []  # start, end, kind
    for start, end in pairwise(edges):
        kind = int(kinds[start]) if end > start else 0
        if merged and (kind == merged[-1][2] or (end - start) * STEP_SECONDS < shortest):
            merged[-1][1] = end
        elif end > start:
            merged.append([start, end, kind])
    return [
        Segment(start * STEP_SECONDS, end * STEP_SECONDS, KINDS[kind], _mean(rows, start, end))
        for start, end, kind in merged
    ]


KINDS: tuple[Kind, ...] = ("silence", "speech", "other")


def loudest(
    rows: Rows, kinds: Sequence[Kind] = KINDS[1:], count: int = 5, around: float = AROUND
) -> list[Peak]:
    """Loudest moments of these kinds, against the median of `around` seconds on each side.

    Cheering, for one, is an `other` sound far above its surroundings.
    """
    if not len(rows):
        return []
    above = _above(rows, around)
    of = _kinds(rows)
    wanted = np.isin(of, [KINDS.index(kind) for kind in kinds])
    found: list[Peak] = []
    free = np.ones(len(above), np.bool_)
    while len(found) < count:
        candidates = np.where(wanted & free, above, -np.inf)
        top = int(candidates.argmax())
        if candidates[top] < LEAST_ABOVE:
            break
        start, end = _around(above >= above[top] / 2, top)
        first, last = _around(above >= min(LEAST_ABOVE, above[top] / 2), top)
        free[first:last] = False  # its slopes are no peaks of their own
        inside = np.bincount(of[start:end], minlength=3)
        found.append(
            Peak(
                start * STEP_SECONDS,
                end * STEP_SECONDS,
                KINDS[int(inside.argmax())],
                _mean(rows, start, end),
                float(above[top]),
            )
        )
    return found


LEAST_ABOVE = 6.0
"""dB: twice the sound pressure."""


def describe_sound(rows: Rows, start: float, end: float) -> str:
    """Describe a span in words: its kind, its loudness, and by how much it stands out."""
    first = min(round(start / STEP_SECONDS), len(rows) - 1)
    last = max(min(round(end / STEP_SECONDS), len(rows)), first + 1)
    kind = KINDS[int(np.bincount(_kinds(rows)[first:last], minlength=3).argmax())]
    low = max(first - round(2 * AROUND / STEP_SECONDS), 0)
    near = rows[low : last + round(2 * AROUND / STEP_SECONDS)]
    above = float(_above(near, AROUND)[first - low : last - low].max())
    level = f"{-_mean(rows, first, last):.0f} dB below full scale"
    if kind == "silence":
        return f"silence, {level}"
    if above >= LEAST_ABOVE:
        what = "speech" if kind == "speech" else "not speech"
        return f"loud, {what}, {above:.0f} dB above what is around it, {level}"
    what = "speech" if kind == "speech" else "not speech: music, noise or anything else"
    return f"{what}, {level}"


def chunks(rows: Rows, longest: float = 28.0, gap: float = 3.0) -> list[tuple[float, float]]:
    """Chunks of speech for a recogniser, at most `longest` seconds each, cut at pauses.

    A pause longer than `gap` seconds always cuts. Without a pause, the cut is at the softest and
    least speech-like row of the last third.
    """
    found: list[tuple[float, float]] = []
    speech, loudness = rows["speech"], rows["loudness"]
    for start, end in speech_spans(rows):
        while end - start > longest:
            first = round((start + longest * 2 / 3) / STEP_SECONDS)
            last = round((start + longest) / STEP_SECONDS)
            heard = speech[first:last] + (loudness[first:last] - FLOOR) / -FLOOR
            cut = (first + int(heard.argmin())) * STEP_SECONDS
            found.append((start, cut))
            start = cut
        if found and start - found[-1][1] <= gap and end - found[-1][0] <= longest:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _above(rows: Rows, around: float) -> NDArray[np.float64]:
    """dB of each row above the median of `around` seconds on each side."""
    loudness = np.maximum(rows["loudness"].astype(np.float64), SILENT)
    level = _smooth(loudness, round(1.0 / STEP_SECONDS))
    return level - _background(level, round(around / STEP_SECONDS))


def _kinds(rows: Rows) -> NDArray[np.int64]:
    """Kind of each row: 0 silence, 1 speech, 2 other."""
    spoken = _spoken(rows["speech"].astype(np.float64))
    loudness = rows["loudness"].astype(np.float64)
    noise = float(np.quantile(loudness, 0.1)) if len(rows) else FLOOR
    silent = min(max(noise + ABOVE_NOISE, SILENT), NOISY)
    loud = _smooth(loudness, round(0.5 / STEP_SECONDS)) > silent
    return np.where(spoken, 1, np.where(loud, 2, 0))


def _spoken(chance: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows of speech by hysteresis: short pauses filled, short bursts dropped, a margin added."""
    candidates = _runs(chance >= STILL_SPEECH)
    kept = [(s, e) for s, e in candidates if chance[s:e].max() >= SPEECH]
    joined: list[tuple[int, int]] = []
    for start, end in kept:
        if joined and (start - joined[-1][1]) * STEP_SECONDS < PAUSE:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    spoken = np.zeros(len(chance), np.bool_)
    margin = round(MARGIN / STEP_SECONDS)
    for start, end in joined:
        if (end - start) * STEP_SECONDS >= SHORTEST:
            spoken[max(start - margin, 0) : end + margin] = True
    return spoken


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _mean(rows: Rows, start: int, end: int) -> float:
    """Mean energy in dB: a mean of decibels would make bursts too quiet."""
    energy = 10 ** (rows["loudness"][start:end].astype(np.float64) / 10)
    return float(10 * np.log10(energy.mean()))


def _smooth(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Moving average over `size` rows, fewer at the ends."""
    if not len(values):
        return values
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    first, last = np.maximum(at - size // 2, 0), np.minimum(at + size // 2 + 1, len(values))
    return (total[last] - total[first]) / (last - first)


def _background(level: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    """Moving median of `half` rows on each side, interpolated between every tenth of them."""
    every = max(half // 10, 1)
    at = np.arange(0, len(level), every)
    medians = [float(np.median(level[max(i - half, 0) : i + half + 1])) for i in at.tolist()]
    return np.interp(np.arange(len(level)), at, medians)


def _around(mask: NDArray[np.bool_], at: int) -> tuple[int, int]:
    """Run of true rows around one of them."""
    return next((start, end) for start, end in _runs(mask) if start <= at < end)
