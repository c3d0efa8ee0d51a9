"""Text tracks: lines read in single pictures, joined over time.

Two lines are one text if they have the same words in the same place, apart from reading errors.
A text begins and ends where the picture changed between two kept frames.
"""

import math
import statistics
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from tools.media import Frame, ScreenText, numbered
from tools.vision.change_regions import Box, area, shared
from tools.vision.change_times import FEWEST, RegionChange


class Line(NamedTuple):
    """A line as read; confidence and the sides of the box are 0 to 1."""

    text: str
    confidence: float
    box: Box


@dataclass
class Run:
    """A run of kept frames that look the same, [start, end) in seconds, the last of them at `last`.

    `lines` is None until its first frame is read.
    """

    frame: Frame
    start: float
    last: float
    end: float
    change: float
    scene: int
    lines: list[Line] | None = None


BRIDGE = 1.0
"""Seconds for which a reader may miss a text that is there before and after."""
UNREAD_BRIDGE = 5.0
"""Seconds of unread pictures that a text is assumed to last through."""
SAME_STEP = 0.15
"""Seconds of rest between two changes of the picture."""
SURE = 0.9
"""Confidence from which on the letters of a short text are taken as read."""
DOUBTFUL = 0.75
"""Confidence below which one sighting is not enough."""
HALF_DRAWN = 1.0
"""Seconds, at most, that a text shows a part of itself while it is written or wiped."""
PART = 70
"""Per cent of a text's letters, from which it is the misread part of another. In lines of 58 videos
it finds 0.90 of misread parts and takes 6 of 1,000 other pairs for one."""


@dataclass(frozen=True)
class Changes:
    """Changes of the picture, by time: they place a start or an end between two kept frames.

    `steps` are (seconds, difference from the frame before).
    """

    cuts: Sequence[float] = ()
    steps: Sequence[tuple[float, float]] = ()
    regions: Sequence[RegionChange] = ()

    def time(self, after: float, until: float, box: Box, *, last: bool) -> float:
        """Seconds of the first or last change of a part of the picture within (after, until].

        A cut, else the change of the blocks in the part, else the largest change of a frame, else
        `until`, which is known to differ.
        """
        within = self.cuts[bisect_right(self.cuts, after) : bisect_right(self.cuts, until)]
        if within:
            return within[-1 if last else 0]
        seconds = self._region_time(after, until, box)
        return self._step_time(after, until, last=last) if seconds is None else seconds

    def _region_time(self, after: float, until: float, box: Box) -> float | None:
        """Seconds at which half of the blocks in a part have changed; None without any."""
        low = bisect_right(self.regions, after, key=_seconds)
        high = bisect_right(self.regions, until, key=_seconds)
        changed = [
            (change.seconds, change.blocks * shared(change.box, box) / area(change.box))
            for change in self.regions[low:high]
        ]
        blocks = sum(count for _, count in changed)
        return _half(changed) if blocks >= FEWEST else None

    def _step_time(self, after: float, until: float, *, last: bool) -> float:
        low = bisect_right(self.steps, (after, math.inf))
        rows = self.steps[low : bisect_right(self.steps, (until, math.inf))]
        if not rows:
            return until
        usual = statistics.median(amount for _, amount in rows)
        rows = [row for row in rows if row[1] > 3 * usual] or rows  # noise is not change
        steps: list[list[tuple[float, float]]] = [[]]
        for row in rows:
            if steps[-1] and row[0] - steps[-1][-1][0] > SAME_STEP:
                steps.append([])
            steps[-1].append(row)
        at, amount = self.steps[low - 1] if low else (-1.0, 0.0)
        if len(steps) > 1 and steps[0][0][0] - at <= SAME_STEP and amount * 2 > steps[0][0][1]:
            del steps[0]  # what is left of a movement in whose midst the frame before was kept
        most = max(map(_amount, steps))
        steps = [step for step in steps if _amount(step) >= most / 2]
        return _half(steps[-1 if last else 0])


def _seconds(change: RegionChange) -> float:
    return change.seconds


def _half(rows: Sequence[tuple[float, float]]) -> float:
    """Seconds at which half of a change is done: a title that fades in is there then."""
    done, half = 0.0, _amount(rows) / 2
    return next(seconds for seconds, amount in rows if (done := done + amount) >= half)


def _amount(rows: Sequence[tuple[float, float]]) -> float:
    return sum(amount for _, amount in rows)


def join(runs: list[Run], changes: Changes) -> list[ScreenText]:
    """Join the lines of runs, which come by time, to texts, by time."""
    tracks = _tracks(runs, changes)
    return _texts(_joined([t for t in tracks if t.sightings > 1 or t.line.confidence >= DOUBTFUL]))


@dataclass
class Track:
    """One text while it is on screen, in seconds.

    `first` and `gone` are the frames where it was first seen and first missed; `start` and `end`
    are the changes of the picture that made it appear and vanish. `unread_before` and
    `unread_after` are true if the picture beside that was not read: it may stand there too.
    """

    video: str
    first: float
    start: float
    line: Line
    end: float = 0.0
    gone: float = math.inf
    missed: bool = False
    sightings: int = 0
    unread_before: bool = False
    unread_after: bool = False
    readings: dict[str, tuple[float, Line]] = field(default_factory=dict[str, tuple[float, Line]])

    def see(self, line: Line, run: Run) -> None:
        """Add a sighting, in these words, for the length of a run."""
        # Taken over is not seen again.
        self.sightings += not self.readings or line[:2] != self.line[:2]
        self.line, self.end, self.gone, self.missed = line, run.end, math.inf, False
        self.unread_after = False
        weight, surest = self.readings.get(line.text, (0.0, line))
        weight += line.confidence * max(run.end - run.start, 0.1)
        best = line if line.confidence >= surest.confidence else surest
        self.readings[line.text] = weight, best

    def lost(self, run: Run, cuts: Sequence[float]) -> bool:
        """True if the text was unseen for too long to be the same appearance in this run."""
        apart = run.start - self.gone
        if apart < 0 or self.missed:
            return apart > BRIDGE
        return apart > UNREAD_BRIDGE or bisect_right(cuts, self.end) < bisect_right(cuts, run.start)


def _tracks(runs: list[Run], changes: Changes) -> list[Track]:
    shown: list[Track] = []
    over: list[Track] = []
    for before, run in zip([None, *runs], runs, strict=False):
        over += [track for track in shown if track.lost(run, changes.cuts)]
        shown = [track for track in shown if not track.lost(run, changes.cuts)]
        seen, appeared = _matched(shown, run.lines or [])
        for track, line in zip(shown, seen, strict=True):
            if line is not None:
                track.see(line, run)
            elif before:
                if track.gone == math.inf:
                    track.gone = run.start
                    box = track.line.box
                    track.end = changes.time(before.last, run.start, box, last=False)
                    track.unread_after = run.lines is None
                track.missed = track.missed or run.lines is not None
        for line in appeared:
            # Whether it was there in a picture that nobody read is not known: say what is.
            start, unread = run.start, before is not None and before.lines is None
            if before is not None and not unread:
                start = changes.time(before.last, run.start, line.box, last=True)
            track = Track(run.frame.video, run.start, start, line, unread_before=unread)
            track.see(line, run)
            shown.append(track)
    return over + shown


def _matched(tracks: list[Track], free: list[Line]) -> tuple[list[Line | None], list[Line]]:
    """Line that shows each track's text, in the same place or else anywhere, and the lines left."""
    result: list[Line | None] = [None] * len(tracks)
    for fits in (_stays, _moves):
        for at, track in enumerate(tracks):
            if result[at] is None:
                result[at] = next((line for line in free if fits(track.line, line)), None)
                free = [line for line in free if line is not result[at]]
    return result, free


def _stays(before: Line, now: Line) -> bool:
    return overlap(before.box, now.box) > 0.5 and same_text(before, now)


def _moves(before: Line, now: Line) -> bool:
    key = letters(now.text)
    return len(key) > 5 and key == letters(before.text)


def same_text(one: Line, other: Line) -> bool:
    """True for the same words apart from reading errors; digits must agree."""
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
    """Letters and digits of a text, normalised (NFKC) and casefolded for comparison."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _digits(key: str) -> str:
    return "".join(filter(str.isdigit, key))


def overlap(one: Box, other: Box) -> float:
    """Shared area of two boxes as a share of the smaller one."""
    smaller = min(area(one), area(other))
    return shared(one, other) / smaller if smaller else 0.0


def _joined(tracks: list[Track]) -> list[Track]:
    """Join parts that were read while a text was written or wiped out to the whole text."""
    parts = [track for track in tracks if track.gone - track.first < HALF_DRAWN]
    absorbed: set[int] = set()
    starts: dict[float, list[Track]] = {}
    ends: dict[float, list[Track]] = {}
    for track in tracks:
        starts.setdefault(track.first, []).append(track)
        ends.setdefault(track.gone, []).append(track)

    def whole_of(part: Track, near: list[Track]) -> Track | None:
        return next((t for t in near if id(t) not in absorbed and _becomes(part, t)), None)

    for part in sorted(parts, key=lambda track: track.first, reverse=True):
        if whole := whole_of(part, starts.get(part.gone, [])):
            whole.start, whole.first = part.start, part.first
            whole.unread_before = part.unread_before
            starts.setdefault(part.first, []).append(whole)
            absorbed.add(id(part))
    for part in sorted(parts, key=lambda track: track.first):
        if id(part) not in absorbed and (whole := whole_of(part, ends.get(part.first, []))):
            whole.end, whole.gone = part.end, part.gone
            whole.unread_after = part.unread_after
            ends.setdefault(part.gone, []).append(whole)
            absorbed.add(id(part))
    return [track for track in tracks if id(track) not in absorbed]


def _becomes(part: Track, whole: Track) -> bool:
    a, b = letters(part.line.text), letters(whole.line.text)
    if part is whole or overlap(part.line.box, whole.line.box) < 0.5 or len(b) <= len(a):
        return False
    if len(a) > 3 and a in b:
        return True
    return len(b) > len(a) + 2 and fuzz.partial_ratio(a, b) > PART


def _texts(tracks: list[Track]) -> list[ScreenText]:
    """Texts by time, worded as most confidence times duration says; equal spans are numbered."""
    texts: list[ScreenText] = []
    for track in sorted(tracks, key=lambda t: (t.start, t.line.box[1], t.line.box[0])):
        _, line = max(track.readings.values(), key=lambda reading: reading[0])
        span = track.video, track.start, max(track.start, track.end)
        at_least = track.unread_before or track.unread_after
        texts.append(ScreenText(*span, line.text, line.box, line.confidence, at_least=at_least))
    return list(numbered(texts))
