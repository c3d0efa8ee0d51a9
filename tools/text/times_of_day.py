"""Times of day that a text names, and the dates beside them: "yesterday at 2 PM", "14 bis 16 Uhr".

Its words are data (`times_of_day.toml`). "2 PM", "14 Uhr" and "yesterday at 14:00" are of the
clock; a bare "14:00" may be a time of a video.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

MOMENT = timedelta(minutes=1)
"""Length of a moment that is named by one time without seconds."""
INSTANT = timedelta(seconds=1)
"""Length of one that is named to the second."""
LONGEST = 400
"""Characters of a text that are read, at most."""


@dataclass(frozen=True)
class Day:
    """A day: so many days before today, a weekday (0 is Monday), or a date; none of them is any.

    `of_year` is a date without its year: month and day.
    """

    ago: int | None = None
    weekday: int | None = None
    on: date | None = None
    of_year: tuple[int, int] | None = None

    def is_on(self, day: date, today: date) -> bool:
        """True if a day is meant."""
        return (
            (self.ago is None or day == today - timedelta(days=self.ago))
            and (self.weekday is None or day.weekday() == self.weekday)
            and (self.on is None or day == self.on)
            and (self.of_year is None or (day.month, day.day) == self.of_year)
        )


ANY_DAY = Day()


@dataclass(frozen=True)
class Times:
    """Times of day that a text names; `rest` is the text without them, `told` their own words.

    `end` before or at `start` is of the day after. `marked` is false of bare times, such as 14:00,
    which may be times of the video, and of a day alone.
    """

    start: time
    end: time
    rest: str
    marked: bool
    on: Day = ANY_DAY
    told: str = field(default="", compare=False)
    is_day: bool = False
    """True where a day is named and no time of it."""

    @property
    def day(self) -> int | None:
        """Days before today; None where no such day is named."""
        return self.on.ago


class _Patterns(NamedTuple):
    both: re.Pattern[str]
    one: re.Pattern[str]
    alone: re.Pattern[str]
    day: re.Pattern[str]
    iso: re.Pattern[str]


class _Read(NamedTuple):
    """A time of day; `mark` is a, p, 24 for o'clock, or nothing."""

    at: time
    mark: str
    hour: int
    has_minutes: bool
    has_seconds: bool


def named_times(text: str) -> Times | None:
    """Times of day in a question; None where it names none."""
    return _named(text[:LONGEST], alone=False)


def only_times(text: str) -> Times | None:
    """Times of a text that is nothing else: "2 PM to 4 PM", "yesterday 14:05"; None otherwise."""
    if len(text) > LONGEST:
        return None
    found = _named(text, alone=True)
    return found if found and not any(map(str.isalnum, found.rest)) else None


def calendar_words() -> Mapping[str, int]:
    """Months by their names and short forms, 1 to 12."""
    return _data()["months"]


def _named(text: str, alone: bool) -> Times | None:
    patterns = _patterns()
    text = patterns.iso.sub(r"\1 at \2", text)
    day, places = _day(text, patterns.day)
    bare = _without(text, places)
    found = _span(bare, patterns, alone, has_day=day != ANY_DAY)
    if found is None:
        # A day alone is one at the begin or the end of a question: "what happened yesterday?"
        words = [place for place in places if _is_outermost(text, place)]
        if day == ANY_DAY or len(words) != len(places):
            return None
        told = " ".join(text[a:b] for a, b in places)
        rest = _tidy(bare)
        return Times(time(0), time(0), rest, False, day, told, is_day=True)
    start, end, marked, place = found
    told = [text[a:b] for a, b in places] + [bare[slice(*place)]]
    rest = _tidy(_without(bare, [place]))
    return Times(start, end, rest, marked or day != ANY_DAY, day, " ".join(told))


def _span(
    text: str, patterns: _Patterns, alone: bool, has_day: bool
) -> tuple[time, time, bool, tuple[int, int]] | None:
    """Start and end of the times in a text, whether they are marked, and their place."""
    for both in patterns.both.finditer(text):
        introduced = bool(both["between"])
        first, last = _read(both, "1"), _read(both, "2")
        if first is None or last is None:
            if introduced:
                return None
            continue
        start, end = first.at, last.at
        if last.mark in ("a", "p") and not first.mark:  # "between 2 and 4 PM"
            start = _at(first.hour, start, last.mark) or start
            if start >= end:
                start = _at(first.hour, start, "a" if last.mark == "p" else "p") or start
        marked = bool(first.mark or last.mark)
        minutes = first.has_minutes and last.has_minutes
        if not (marked or minutes or (has_day and (introduced or alone))):
            return None  # "between 10 and 20 seconds"
        if introduced or alone or minutes or marked:
            return start, end, marked, both.span()
    for one in (patterns.alone if alone else patterns.one).finditer(text):
        if (read := _read(one, "1")) is None:
            continue
        marked = bool(read.mark)
        if not (marked or read.has_minutes or has_day):
            continue
        word = (one["word"] or "").casefold()
        data = _data()
        length = INSTANT if read.has_seconds else MOMENT
        end = (datetime.combine(date(2000, 1, 1), read.at) + length).time()
        if word in data["after"]:
            return read.at, time(0), marked, one.span()
        if word in data["before"]:
            return time(0), read.at, marked, one.span()
        return read.at, end, marked, one.span()
    return None


def _day(text: str, pattern: re.Pattern[str]) -> tuple[Day, list[tuple[int, int]]]:
    """The day that a text names, and the places of its words."""
    data, day = _data(), ANY_DAY
    places: list[tuple[int, int]] = []
    for match in pattern.finditer(text):
        if match["day"] and day.ago is None:
            day = replace(day, ago=data["days"][match["day"].casefold()])
        elif match["weekday"] and day.weekday is None:
            day = replace(day, weekday=data["weekdays"][match["weekday"].casefold()])
        elif (on := _date(match)) and day.on is None and day.of_year is None:
            day = replace(day, on=on.on, of_year=on.of_year)
        else:
            continue
        places.append(match.span())
    return day, places


def _date(match: re.Match[str]) -> Day | None:
    for n in "123":
        if match[f"m{n}"]:
            name, year = match[f"m{n}"].casefold(), match[f"y{n}"]
            month, number = calendar_words().get(name, 0) or int(name), int(match[f"d{n}"])
            if not year and not match["on"]:
                return None  # "5 may be seen"
            try:
                on = date(int(year or 2000), month, number)
            except ValueError:  # the 31st of February
                return None
            return Day(on=on) if year else Day(of_year=(month, number))
    return None


def _is_outermost(text: str, place: tuple[int, int]) -> bool:
    before, after = text[: place[0]], text[place[1] :]
    return not any(map(str.isalnum, before)) or not any(map(str.isalnum, after))


def _without(text: str, places: Iterable[tuple[int, int]]) -> str:
    """A text with spaces in these places."""
    for start, end in places:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _tidy(text: str) -> str:
    return re.sub(r"\s+(?=[?!.,]|$)", "", " ".join(text.split()))


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("tools.text") / "times_of_day.toml").read_text("utf-8"))


@cache
def _patterns() -> _Patterns:
    data = _data()

    def any_of(*names: str) -> str:
        words = {word for name in names for word in data[name]}
        return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))

    def clock(n: str) -> str:
        marks = "|".join(
            f"(?P<{name}{n}>(?:{any_of(name)})(?!\\w))" for name in ("am", "pm", "of_24")
        )
        return (
            rf"(?:(?P<h{n}>\d{{1,2}})(?:[:.](?P<m{n}>\d{{2}})(?::(?P<s{n}>\d{{2}}))?)?"
            rf"(?![\d]|[:.]\d)(?:\s*(?:{marks}))?|(?P<name{n}>\b(?:{any_of('hours')})\b))"
        )

    months = any_of("months")
    day = (
        rf"(?:\b(?P<on>{any_of('on')})\s+)?(?<!\w)(?:(?P<day>{any_of('days')})"
        rf"|(?P<weekday>{any_of('weekdays')})"
        r"|(?P<y1>20\d\d)-(?P<m1>\d{1,2})-(?P<d1>\d{1,2})"
        r"|(?P<d2>\d{1,2})\.\s?(?P<m2>\d{1,2}|" + months + r")\b\.?(?:\s?(?P<y2>20\d\d))?"
        rf"|(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m3>{months})\b\.?(?:,?\s+(?P<y3>20\d\d))?"
        r")(?!\w)"
    )
    both = rf"(?:\b(?P<between>{any_of('between')})\s+|(?<![\w:.])){clock('1')}"
    both += rf"\s*(?:{any_of('to')})\s*(?:{any_of('at')}\s+)?{clock('2')}"
    words = any_of("at", "after", "before")
    one = rf"\b(?P<word>{words})\s+(?:about\s+)?{clock('1')}"
    alone = rf"(?:\b(?P<word>{words})\s+|(?<![\w:.])){clock('1')}"
    iso = rf"(?:\b(?:{any_of('at')})\s+)?" r"\b(20\d\d-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?"
    compiled = (re.compile(pattern, re.IGNORECASE) for pattern in (both, one, alone, day, iso))
    return _Patterns(*compiled)


def _read(match: re.Match[str], n: str) -> _Read | None:
    data = _data()
    if name := match[f"name{n}"]:
        hour = data["hours"][name.casefold()]
        return _Read(time(hour), "24", hour, True, False)
    hour, minute = int(match[f"h{n}"]), int(match[f"m{n}"] or 0)
    second = int(match[f"s{n}"] or 0)
    mark = "a" if match[f"am{n}"] else "p" if match[f"pm{n}"] else ""
    if minute > 59 or second > 59 or (hour > 23 and (hour, minute, second) != (24, 0, 0)):
        return None
    at = _at(hour, time(hour % 24, minute, second), mark)
    mark = mark or ("24" if match[f"of_24{n}"] else "")
    return _Read(at, mark, hour, bool(match[f"m{n}"]), bool(match[f"s{n}"])) if at else None


def _at(hour: int, at: time, half: str) -> time | None:
    """A time of day with its hour in the morning (a) or the afternoon (p)."""
    if not half:
        return at
    return at.replace(hour=hour % 12 + 12 * (half == "p")) if 1 <= hour <= 12 else None
