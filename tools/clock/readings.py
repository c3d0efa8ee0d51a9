"""Readings of a clock that stands on the picture or in subtitles: text with a time, and its date.

Text is as a recogniser read it: spaces and colons are lost, an O stands for a 0. Which clock it is,
and whether it is one at all, is told by how it goes on (`tools.clock.fit`).
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Literal, NamedTuple

from tools.media import ScreenText, Utterance
from tools.text.times_of_day import calendar_words

Order = Literal["ymd", "dmy", "mdy"]
Box = tuple[float, float, float, float]
LONGEST = 200
"""Characters of a text that are read, at most."""
NEAR = 0.05
"""How far apart, in shares of the picture, the left upper corners of one clock's texts may lie."""
MOSTLY = 0.8
"""Share of the dates, from which on an order of day, month and year is theirs: some are misread."""
_SEPARATOR = r"\s?[-/.,_:]\s?"
_YEAR_FIRST = re.compile(
    rf"(?<!\d)((?:19|20)\d\d)(?:{_SEPARATOR}|\s?\u5e74\s?)(\d{{1,2}})(?:{_SEPARATOR}|\s?\u6708\s?)"
    r"(\d\d|\d(?!\d))\u65e5?"
)
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?[-/.,]\s?(\d{1,2})\s?[-/.,]\s?((?:19|20)\d\d|\d\d)")
_TIME = re.compile(
    r"(?<![\d:])(\d{1,2})\s?([:.;h])\s?(\d\d)(?:\s?[:.;,m]?\s?(\d\d))?(?:[:.;,](\d{1,3}))?(?!\d)"
    r"\s*([ap])?\.?m?\b"
)
_LIKE_DIGITS = str.maketrans("oqil|", "00111")
_AMONG_DIGITS = re.compile(r"(?<=[\d:])[oqil|](?=[\d:./\-\s]|$)|(?<![^\W_])[oqil|](?=[\d:])")


class Reading(NamedTuple):
    """A clock as it was read at a second of the video.

    `at` is its digits in seconds since 1970, of the day alone where it is not dated; `step` is what
    it counts in, in seconds.
    """

    seconds: float
    at: float
    step: float
    dated: bool


@dataclass(frozen=True)
class _Text:
    """Content of one text: a time of day in seconds, its step, and its date by order."""

    seconds: float
    until: float
    box: Box
    at: float | None
    step: float
    dates: dict[Order, date] = field(default_factory=dict[Order, date])
    half: bool = False


class Shown(NamedTuple):
    """Readings at one place of the picture, in an order of day, month and year."""

    order: Order
    readings: tuple[Reading, ...]
    box: Box


def screen_readings(
    texts: Iterable[ScreenText], frames: Sequence[float], near: date | None = None
) -> list[Shown]:
    """Readings of each place in which a clock may stand, the one with most of them first.

    `frames` are the seconds of the kept pictures: a text was read in the first of its span. `near`
    is a day by another source, which decides what 05/06 means.
    """
    found: list[_Text] = []
    for one in texts:
        place = min(bisect_left(frames, one.start - 1e-3), max(len(frames) - 1, 0))
        seconds = frames[place] if frames else one.start
        if text := _read(one.text, seconds, max(one.end, seconds), one.box):
            found.append(text)
    return _by_place(found, near)


def subtitle_readings(cues: Iterable[Utterance], near: date | None = None) -> list[Shown]:
    """Readings in subtitles, as drones write them: a date and a time for each span."""
    whole = (0.0, 0.0, 1.0, 1.0)
    found = [text for cue in cues if (text := _read(cue.text, cue.start, cue.end, whole))]
    return _by_place([text for text in found if text.at is not None and text.dates], near)


def _by_place(found: Sequence[_Text], near: date | None) -> list[Shown]:
    days = [text for text in found if text.at is None]
    places: list[list[_Text]] = []
    for text in found:
        if text.at is not None:
            fits = (
                p for p in places if _is_near(p[0], text) and bool(p[0].dates) == bool(text.dates)
            )
            group = next(fits, None)
            if group is None:
                places.append([text])
            else:
                group.append(text)
    places.sort(key=len, reverse=True)
    return [_shown(texts, days, near) for texts in places if len(texts) > 1]


def _shown(texts: Sequence[_Text], days: Sequence[_Text], near: date | None) -> Shown:
    dated = [text.dates or _beside(text, days) for text in texts]
    order = _order(dated, any(text.half for text in texts), near)
    readings: list[Reading] = []
    for text, dates in zip(texts, dated, strict=True):
        day, at = dates.get(order), text.at
        if at is None or (dates and day is None):
            continue
        midnight = _midnight(day) if day else 0.0
        readings.append(Reading(text.seconds, midnight + at, text.step, day is not None))
    most = sum(one.dated for one in readings) * 2 >= len(readings)
    kept = tuple(sorted(one for one in readings if one.dated == most))
    left, top = (min(text.box[side] for text in texts) for side in (0, 1))
    right, bottom = (max(text.box[side] for text in texts) for side in (2, 3))
    return Shown(order, kept, (left, top, right, bottom))


def _beside(text: _Text, days: Sequence[_Text]) -> dict[Order, date]:
    """The date that stands on the picture with a time: the one nearest to it."""
    there = [day for day in days if day.seconds <= text.seconds < day.until]
    if not there:
        return {}
    return min(there, key=lambda day: abs(day.box[1] - text.box[1])).dates


def _order(dated: Sequence[dict[Order, date]], half: bool, near: date | None) -> Order:
    """Order of day, month and year that most dates allow; by the nearest day, else by habit."""
    habit: list[Order] = ["ymd", "mdy", "dmy"] if half else ["ymd", "dmy", "mdy"]
    every = [dates for dates in dated if dates]

    def fit(order: Order) -> tuple[bool, float, int]:
        days = [dates[order] for dates in every if order in dates]
        apart = min((abs((day - near).days) for day in days), default=0) if near else 0
        return len(days) < MOSTLY * len(every), apart, habit.index(order)

    return min(habit, key=fit)


def _is_near(one: _Text, other: _Text) -> bool:
    return all(abs(a - b) <= NEAR for a, b in zip(one.box[:2], other.box[:2], strict=True))


def _read(text: str, seconds: float, until: float, box: Box) -> _Text | None:
    """Time and date in a text; None for one that names neither."""
    text = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    text = _AMONG_DIGITS.sub(lambda match: match[0].translate(_LIKE_DIGITS), text)
    dates, text = _dates(text)
    match = next((one for one in _TIME.finditer(text) if dates or ":" in one[0]), None)
    if match is None:
        return _Text(seconds, until, box, None, 0.0, dates) if dates else None
    hour, minute = int(match[1]), int(match[3])
    second, half = int(match[4] or 0), match[6] or ""
    if half and 1 <= hour <= 12:
        hour = hour % 12 + 12 * (half == "p")
    is_counter = not dates and not half and len(match[1]) == 1  # 1:23:45 of a race
    if hour > 23 or minute > 59 or second > 59 or is_counter:
        return None
    part = float(f"0.{match[5]}") if match[5] and match[4] and len(match[5]) == 3 else 0.0
    step = 60.0 if not match[4] else 1.0 if not part else 0.001
    at = hour * 3600.0 + minute * 60 + second + part
    return _Text(seconds, until, box, at, step, dates, bool(half))


def _dates(text: str) -> tuple[dict[Order, date], str]:
    """The date in a text by the order of its numbers, and the text without it."""
    if match := _YEAR_FIRST.search(text):
        found = {"ymd": (match[1], match[2], match[3])}
    elif match := _named_date().search(text):
        named = match.groupdict()
        day, month = named["d1"] or named["d2"], named["m1"] or named["m2"]
        number = str(calendar_words()[month])
        found = {"ymd": (named["y1"] or named["y2"], number, day)}
    elif match := _YEAR_LAST.search(text):
        first, second, third = match.groups()
        found = {"dmy": (third, second, first), "mdy": (third, first, second)}
        if len(third) == 2 and len(first) == 2:
            found["ymd"] = first, second, third
    else:
        return {}, text
    dates: dict[Order, date] = {}
    for order, (year, month, day) in found.items():
        full = int(year) + (2000 if len(year) == 2 else 0)
        try:
            dates[order] = date(full, int(month), int(day))  # type: ignore[index]
        except ValueError:
            continue
    rest = text[: match.start()] + " " + text[match.end() :]
    return (dates, rest) if dates else ({}, text)


@cache
def _named_date() -> re.Pattern[str]:
    names = "|".join(sorted(calendar_words(), key=len, reverse=True))
    year = r"(?:19|20)\d\d"
    return re.compile(
        rf"(?<!\d)(?P<d1>\d{{1,2}})[\s.\-/]*(?P<m1>{names})[\s.,\-/]*(?P<y1>{year})"
        rf"|(?P<m2>{names})[\s.\-/]*(?P<d2>\d{{1,2}})[\s.,\-/]+(?P<y2>{year})"
    )


def _midnight(day: date) -> float:
    return (day - date(1970, 1, 1)).days * 86400.0


def digits_of(text: str, order: Order) -> Reading | None:
    """The clock in a text, in an order of day, month and year; None for one without a time."""
    read = _read(text, 0.0, 0.0, (0.0, 0.0, 1.0, 1.0))
    if read is None or read.at is None:
        return None
    day = read.dates.get(order)
    return Reading(0.0, (_midnight(day) if day else 0.0) + read.at, read.step, day is not None)
