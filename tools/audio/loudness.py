"""Loudness of a sound track: segments of silence, speech and other sound, and its peaks.

Computed from the rows that the audio pass stores, without decoding. Music, applause and engines are
one kind, `other`: the rows tell them from speech, not from each other.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tools.files.rows import Rows, runs

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
SHORTEST_SEGMENT = 1.0
"""Seconds: a shorter segment joins the one before."""
LONGEST_CHUNK, LONGEST_PAUSE = 28.0, 3.0
"""Seconds of a chunk for a recogniser, and of a pause within one, at most."""
AROUND = 30.0
"""Seconds on each side of a moment that it is compared with."""
LEAST_ABOVE = 6.0
"""dB: twice the sound pressure."""

SoundKind = Literal["silence", "speech", "other"]
KINDS: tuple[SoundKind, ...] = ("silence", "speech", "other")
Floats = NDArray[np.float64]
Number = TypeVar("Number", int, float)


class Segment(NamedTuple):
    """Part of a sound track, in seconds."""

    start: float
    end: float
    kind: SoundKind


class Peak(NamedTuple):
    """A moment, in seconds, that is `above` dB louder than its surroundings."""

    start: float
    end: float
    above: float


def speech_spans(rows: Rows) -> list[tuple[float, float]]:
    """Spans of speech in seconds."""
    spoken = _spoken(rows)
    spans = (span for span in runs(spoken) if spoken[span[0]])
    return [(start * STEP_SECONDS, end * STEP_SECONDS) for start, end in spans]


def segments(rows: Rows) -> list[Segment]:
    """Divide the track by kind; what is too short joins the segment before."""
    kinds = _kinds(rows)
    joined: list[tuple[int, int, int]] = []  # start, end, kind
    for start, end in runs(kinds):
        kind = int(kinds[start])
        is_short = (end - start) * STEP_SECONDS < SHORTEST_SEGMENT
        # A beep in a silence is heard, however short it is.
        is_heard = joined and KINDS[joined[-1][2]] == "silence" and KINDS[kind] != "silence"
        if joined and ((is_short and not is_heard) or kind == joined[-1][2]):
            start, _, kind = joined.pop()
        joined.append((start, end, kind))
    return [Segment(s * STEP_SECONDS, e * STEP_SECONDS, KINDS[kind]) for s, e, kind in joined]


def loudest(rows: Rows, kinds: Sequence[SoundKind] = KINDS[1:], count: int = 5) -> list[Peak]:
    """Loudest moments of these kinds, against the median of AROUND seconds on each side."""
    if not len(rows):
        return []
    above = _above(rows)
    free = np.isin(_kinds(rows), [KINDS.index(kind) for kind in kinds])
    peaks: list[Peak] = []
    while len(peaks) < count:
        candidates = np.where(free, above, -np.inf)
        top = int(candidates.argmax())
        if candidates[top] < LEAST_ABOVE:
            break
        start, end = _around(above >= above[top] / 2, top)
        first, last = _around(above >= min(LEAST_ABOVE, above[top] / 2), top)
        free[first:last] = False  # its slopes are no peaks of their own
        peaks.append(Peak(start * STEP_SECONDS, end * STEP_SECONDS, float(above[top])))
    return peaks


def describe_sound(rows: Rows, start: float, end: float) -> str:
    """Describe a span in words: its kind, its loudness, and by how much it stands out."""
    first = min(round(start / STEP_SECONDS), len(rows) - 1)
    last = max(min(round(end / STEP_SECONDS), len(rows)), first + 1)
    kind = KINDS[int(np.bincount(_kinds(rows)[first:last], minlength=3).argmax())]
    level = describe_level(rows, start, end)
    if kind == "silence":
        return f"silence, {level}"
    low = max(first - round(2 * AROUND / STEP_SECONDS), 0)
    near = rows[low : last + round(2 * AROUND / STEP_SECONDS)]
    rows_above = _above(near)[first - low : last - low]
    above = float(rows_above.max())
    name = "speech" if kind == "speech" else "not speech"
    # One loud moment does not make a long stretch loud.
    if above >= LEAST_ABOVE and float(np.median(rows_above)) >= LEAST_ABOVE / 2:
        return f"loud, {name}, {above:.0f} dB above what is around it, {level}"
    detail = "" if kind == "speech" else ": music, noise or anything else"
    return f"{name}{detail}, {level}"


def describe_level(rows: Rows, start: float, end: float) -> str:
    """Describe how loud a span is, in words."""
    first = min(round(start / STEP_SECONDS), len(rows) - 1)
    last = max(min(round(end / STEP_SECONDS), len(rows)), first + 1)
    # A mean of energy: one of decibels would make bursts too quiet.
    energy = 10 ** (rows["loudness"][first:last].astype(np.float64) / 10)
    return f"{-10 * np.log10(energy.mean()):.0f} dB below full scale"


def chunks(rows: Rows) -> list[tuple[float, float]]:
    """Chunks of speech for a recogniser, in seconds, cut at pauses.

    A pause longer than LONGEST_PAUSE always cuts. Where there is none for too long, the cut is at
    the softest and least speech-like row of the last third.
    """
    parts: list[tuple[float, float]] = []
    speech, loudness = rows["speech"], rows["loudness"]
    for start, end in speech_spans(rows):
        while end - start > LONGEST_CHUNK:
            first = round((start + LONGEST_CHUNK * 2 / 3) / STEP_SECONDS)
            last = round((start + LONGEST_CHUNK) / STEP_SECONDS)
            heard = speech[first:last] + (loudness[first:last] - FLOOR) / -FLOOR
            cut = (first + int(heard.argmin())) * STEP_SECONDS
            parts.append((start, cut))
            start = cut
        if parts and start - parts[-1][1] <= LONGEST_PAUSE and end - parts[-1][0] <= LONGEST_CHUNK:
            start, _ = parts.pop()
        parts.append((start, end))
    return parts


def _above(rows: Rows) -> Floats:
    """Level of each row in dB above the median around it, taken at every tenth of AROUND."""
    loudness = np.maximum(rows["loudness"].astype(np.float64), SILENT)
    level = _smooth(loudness, round(1.0 / STEP_SECONDS))
    half = round(AROUND / STEP_SECONDS)
    at = np.arange(0, len(level), half // 10)
    medians = [np.median(level[max(i - half, 0) : i + half + 1]) for i in at.tolist()]
    return level - np.interp(np.arange(len(level)), at, medians)


def _kinds(rows: Rows) -> NDArray[np.int64]:
    """Kind of each row: its index in KINDS."""
    loudness = rows["loudness"].astype(np.float64)
    noise = float(np.quantile(loudness, 0.1)) if len(rows) else FLOOR
    silent = min(max(noise + ABOVE_NOISE, SILENT), NOISY)
    loud = _smooth(loudness, round(0.5 / STEP_SECONDS)) > silent
    loud |= loudness > silent + ABOVE_NOISE
    return np.where(_spoken(rows), 1, np.where(loud, 2, 0))


def _spoken(rows: Rows) -> NDArray[np.bool_]:
    """Rows of speech by hysteresis: short pauses filled, short bursts dropped, a margin added."""
    chance = rows["speech"].astype(np.float64)
    heard = [(s, e) for s, e in runs(chance >= STILL_SPEECH) if chance[s:e].max() >= SPEECH]
    spoken = np.zeros(len(chance), np.bool_)
    margin = round(MARGIN / STEP_SECONDS)
    for start, end in join_spans(heard, PAUSE / STEP_SECONDS):
        if (end - start) * STEP_SECONDS >= SHORTEST:
            spoken[max(start - margin, 0) : end + margin] = True
    return spoken


def join_spans(spans: Iterable[tuple[Number, Number]], pause: float) -> list[tuple[Number, Number]]:
    """Join spans across pauses of up to `pause`, in their unit; they come sorted by start."""
    joined: list[tuple[Number, Number]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= pause:
            first, last = joined.pop()
            start, end = first, max(last, end)
        joined.append((start, end))
    return joined


def _smooth(values: Floats, size: int) -> Floats:
    """Moving average over `size` rows, fewer at the ends."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    first, last = np.maximum(at - size // 2, 0), np.minimum(at + size // 2 + 1, len(values))
    return (total[last] - total[first]) / (last - first)


def _around(mask: NDArray[np.bool_], at: int) -> tuple[int, int]:
    """Run of true rows around one of them."""
    return next((start, end) for start, end in runs(mask) if start <= at < end)
