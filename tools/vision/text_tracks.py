"""From lines read in single pictures to spans of text over time.

The same text is the same words in the same place, but for the noise of reading. Times are as
narrow as is known: from the picture where a text was first seen to the one where it is gone.
"""

import statistics
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from tools.media import Frame, ScreenText
from tools.vision.change_regions import Box


class Line(NamedTuple):
    """One line as read; box is left, top, right, bottom as shares of the picture."""

    text: str
    confidence: float
    box: Box


@dataclass
class Run:
    """Frames that look alike: from start to before end, the last of them at `last`.

    `lines` is None until the first frame is read.
    """

    frame: Frame
    start: float
    last: float
    end: float
    change: float
    scene: int
    lines: list[Line] | None = None


BRIDGE = 1.0
"""Seconds for which the reader may miss a text that is there before and after."""
UNREAD_BRIDGE = 5.0
"""Seconds of pictures that nobody read across which a text is taken to have stayed."""
SAME_STEP = 0.15
"""Seconds of rest that part two changes of the picture."""
SURE = 0.9
DOUBTFUL = 0.75
"""A confidence below which one sighting is not enough."""
HALF_DRAWN = 1.0
"""Seconds within which a text written letter by letter is a part of what it becomes."""
PART = 70
"""Per cent of a text's letters, from which it is the misread part of another. In lines of 58 videos
it finds 0.90 of misread parts and takes 6 of 1,000 other pairs for one."""


def join(
    runs: list[Run], cuts: list[float], changes: list[tuple[float, float]]
) -> list[ScreenText]:
    """The texts over time, numbered where a time repeats; all arguments in time order."""
    spans = [
        span
        for span in _spans(runs, cuts, changes)
        if span.sightings > 1 or span.line.confidence >= DOUBTFUL
    ]
    return _texts(_whole(spans))


@dataclass
class Span:
    """One text while it is on screen.

    `first` and `gone` are the frames where it was first seen and first not seen; `start` and `end`
    are when that came about, as far as is known.
    """

    video: str
    first: float
    start: float
    line: Line
    end: float = 0.0
    gone: float | None = None
    missed: bool = False
    sightings: int = 0
    weights: dict[str, float] = field(default_factory=dict[str, float])
    variants: dict[str, Line] = field(default_factory=dict[str, Line])

    def see(self, line: Line, run: Run) -> None:
        """The text is there, in these words, for the length of a run."""
        self.sightings += not self.variants or line is not self.line  # taken over is not seen again
        self.line, self.end, self.gone, self.missed = line, run.end, None, False
        weight = line.confidence * max(run.end - run.start, 0.1)
        self.weights[line.text] = self.weights.get(line.text, 0) + weight
        if line.confidence >= self.variants.get(line.text, line).confidence:
            self.variants[line.text] = line

    def miss(self, run: Run, before: Run, ended: Callable[[float, float], float]) -> None:
        """The text is not seen in a run."""
        if self.gone is None:
            self.gone = run.start
            self.end = ended(before.last, run.start)
        self.missed = self.missed or run.lines is not None

    def lost(self, run: Run, cuts: list[float]) -> bool:
        """Too long unseen for a sighting in this run to be the same appearance."""
        if self.gone is None:
            return False
        apart = run.start - self.gone
        if self.missed:
            return apart > BRIDGE
        return apart > UNREAD_BRIDGE or bisect_right(cuts, self.end) < bisect_right(cuts, run.start)


def _spans(runs: list[Run], cuts: list[float], changes: list[tuple[float, float]]) -> list[Span]:
    shown: list[Span] = []
    over: list[Span] = []

    def ended(after: float, until: float) -> float:
        return _moment(after, until, cuts, changes, last=False)

    for at, run in enumerate(runs):
        before = runs[at - 1] if at else None
        over += [span for span in shown if span.lost(run, cuts)]
        shown = [span for span in shown if not span.lost(run, cuts)]
        seen = _matched(shown, run.lines or [])
        for span, line in zip(shown, seen, strict=True):
            if line is not None:
                span.see(line, run)
            elif before:
                span.miss(run, before, ended)
        known = {id(line) for line in seen}
        for line in run.lines or []:
            if id(line) in known:
                continue
            # Whether it was there in a picture that nobody read is not known: say what is.
            start = run.start
            if before is not None and before.lines is not None:
                start = _moment(before.last, run.start, cuts, changes, last=True)
            span = Span(run.frame.video, run.start, start, line)
            span.see(line, run)
            shown.append(span)
    return over + shown


def _matched(spans: list[Span], lines: list[Line]) -> list[Line | None]:
    """For each span the line that shows its text, each line once; in its place before elsewhere."""
    free = list(lines)
    result: list[Line | None] = [None] * len(spans)
    for fits in (_stays, _moves):
        for at, span in enumerate(spans):
            if result[at] is None:
                result[at] = next((line for line in free if fits(span.line, line)), None)
                free = [line for line in free if line is not result[at]]
    return result


def _stays(before: Line, now: Line) -> bool:
    return _overlap(before.box, now.box) > 0.5 and same_text(before, now)


def _moves(before: Line, now: Line) -> bool:
    key = letters(now.text)
    return len(key) > 5 and key == letters(before.text)


def same_text(one: Line, other: Line) -> bool:
    """The same words but for the noise of reading; other digits, or another word, are not."""
    a, b = letters(one.text), letters(other.text)
    if a == b:
        return True
    length = max(len(a), len(b))
    sure = min(one.confidence, other.confidence) >= SURE
    allowed = 0 if sure and length < 12 else max(1, length // 10)
    if abs(len(a) - len(b)) > allowed or _digits(a) != _digits(b):
        return False
    return Levenshtein.distance(a, b) <= allowed


def letters(text: str) -> str:
    """What of a text is compared: letters and digits, in one form."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _digits(key: str) -> str:
    return "".join(filter(str.isdigit, key))


def _overlap(one: Box, other: Box) -> float:
    """The shared area as a share of the smaller box."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return across * down / smaller if across > 0 and down > 0 and smaller else 0.0


def _moment(
    after: float, until: float, cuts: list[float], changes: list[tuple[float, float]], *, last: bool
) -> float:
    """When the picture changed within (after, until]: the first time, or the last.

    At a cut, else where the frames between changed, else `until`, which is known to differ.
    """
    within = cuts[bisect_right(cuts, after) : bisect_right(cuts, until)]
    if within:
        return within[-1 if last else 0]
    low = bisect_right(changes, (after, float("inf")))
    rows = changes[low : bisect_right(changes, (until, float("inf")))]
    if not rows:
        return until
    usual = statistics.median(amount for _, amount in rows)
    rows = [row for row in rows if row[1] > 3 * usual] or rows  # noise is not change
    steps: list[list[tuple[float, float]]] = [[]]
    for row in rows:
        if steps[-1] and row[0] - steps[-1][-1][0] > SAME_STEP:
            steps.append([])
        steps[-1].append(row)
    at, amount = changes[low - 1] if low else (-1.0, 0.0)
    if len(steps) > 1 and steps[0][0][0] - at <= SAME_STEP and amount * 2 > steps[0][0][1]:
        del steps[0]  # what is left of a movement in whose midst the frame before was kept
    most = max(map(_amount, steps))
    steps = [step for step in steps if _amount(step) >= most / 2]
    # A title that fades in is there when half of the change is done.
    step = steps[-1 if last else 0]
    done = 0.0
    for seconds, amount in step:
        done += amount
        if done >= _amount(step) / 2:
            return seconds
    return until


def _amount(rows: list[tuple[float, float]]) -> float:
    return sum(amount for _, amount in rows)


def _whole(spans: list[Span]) -> list[Span]:
    """Join what was read of a text while it was written or wiped out to the text itself."""
    parts = [s for s in spans if s.gone is not None and s.gone - s.first < HALF_DRAWN]
    gone: set[int] = set()
    starts: dict[float, list[Span]] = {}
    ends: dict[float, list[Span]] = {}
    for span in spans:
        starts.setdefault(span.first, []).append(span)
        if span.gone is not None:
            ends.setdefault(span.gone, []).append(span)

    def whole_of(part: Span, near: list[Span]) -> Span | None:
        left = (span for span in near if id(span) not in gone)
        return next((span for span in left if _becomes(part, span)), None)

    for part in sorted(parts, key=lambda span: span.first, reverse=True):
        if whole := whole_of(part, starts.get(part.gone or 0.0, [])):
            whole.start, whole.first = part.start, part.first
            starts.setdefault(part.first, []).append(whole)
            gone.add(id(part))
    for part in sorted(parts, key=lambda span: span.first):
        if id(part) not in gone and (whole := whole_of(part, ends.get(part.first, []))):
            whole.end, whole.gone = part.end, part.gone
            if part.gone is not None:
                ends.setdefault(part.gone, []).append(whole)
            gone.add(id(part))
    return [span for span in spans if id(span) not in gone]


def _becomes(part: Span, whole: Span) -> bool:
    a, b = letters(part.line.text), letters(whole.line.text)
    if part is whole or _overlap(part.line.box, whole.line.box) < 0.5 or len(b) <= len(a):
        return False
    if len(a) > 3 and a in b:
        return True
    return len(b) > len(a) + 2 and fuzz.partial_ratio(a, b) > PART


def _texts(spans: list[Span]) -> list[ScreenText]:
    """Spans with the words that were read surest and longest, in time order, numbered."""
    count: Counter[tuple[int, int]] = Counter()
    result: list[ScreenText] = []
    for span in sorted(spans, key=lambda span: (span.start, span.line.box[1], span.line.box[0])):
        line = span.variants[max(span.weights, key=lambda text: span.weights[text])]
        end = max(span.start, span.end)
        key = round(span.start * 1000), round(end * 1000)
        count[key] += 1
        found = ScreenText(span.video, span.start, end, line.text, line.box, line.confidence)
        result.append(replace(found, n=count[key]))
    return result
