"""Sources of the time at which a video was recorded, and the clock that they make together."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from tools.clock import CONFIDENCE, DAY, SOURCES, Clock, Segment, Source, beside, clock_from
from tools.clock.fit import Fit, fitted, moved
from tools.clock.readings import Shown

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Time before which no file says when it was recorded: an unset clock begins in 1904 or 1970."""
AHEAD = timedelta(days=1)
"""How far digits may lie in the future: their zone is not known."""
PLACES = 8
"""Places of the picture that are tried, at most."""
COUNTED = 2.0
"""Seconds after midnight, up to which what begins with a video and has no date counts seconds."""
SURE, MOSTLY = 5, 0.9
"""Readings, and share of them on the clock, from which on it is sure."""
DOUBTED, DAY_OF_FILE, FUTURE = 0.85, 0.6, 0.3
"""Confidence of few readings or a day by another source; of a day by the file's time; of a clock
that is set to the future."""
QUARTER, SAME_MINUTE, FARTHEST = 900, 90.0, 14 * 3600
"""Seconds: zones differ by quarters of an hour; two clocks of one time; the farthest zone."""
JUMPS = 16
"""Jumps whose place is looked for, at most."""
PlaceJump = Callable[[Shown, Segment, Segment, float, float], float | None]
_IN_NAME = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[T _.-]{0,3}"
    r"([0-2]\d)[-_:.h]?([0-5]\d)(?:[-_:.m]?([0-5]\d))?(?!\d)",
    re.ASCII,
)


def recorded_by_name(name: str) -> datetime | None:
    """Time in a file's name, as cameras write it: digits, whatever the zone."""
    if match := _IN_NAME.search(name):
        try:
            year, month, day, *clock = (int(part or 0) for part in match.groups())
            hour, minute, second = clock
            return datetime(year, month, day, hour, minute, second)
        except ValueError:  # the 31st of February
            return None
    return None


def plausible(text: str | None, now: datetime | None = None) -> datetime | None:
    """A time in ISO 8601, in UTC if it names no zone; None for what an unset clock writes.

    One in the future is none.
    """
    try:
        at = datetime.fromisoformat(text or "")
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return at if EARLIEST < at < (now or datetime.now(UTC)) else None
    except (ValueError, OverflowError):
        return None


def file_clocks(
    recorded_at: str | None,
    tag: str | None,
    name: str,
    written: float | None,
    duration: float,
    now: datetime | None = None,
) -> list[Clock]:
    """Clocks by what is known of a file itself.

    `recorded_at` (ISO 8601) was given by hand, or taken from the tag or the name by an earlier
    release. `written` is the time at which the file was last changed, in seconds since 1970: that
    is its end.
    """
    tagged, named = plausible(tag, now), recorded_by_name(name)
    given = datetime.fromisoformat(recorded_at) if recorded_at else None
    if given and (given == tagged or (named and given.replace(tzinfo=None) == named)):
        given = None
    latest = (now or datetime.now(UTC)) + AHEAD
    if named and named.replace(tzinfo=UTC) > latest:
        named = None
    begun = None
    if written is not None and EARLIEST.timestamp() < written - duration < latest.timestamp():
        begun = datetime.fromtimestamp(written - duration, UTC)
    times: dict[Source, datetime | None] = {
        "argument": given, "tag": tagged, "name": named, "file": begun,
    }  # fmt: skip
    return [clock_from(at, source) for source, at in times.items() if at]


def combined(clocks: Sequence[Clock]) -> Clock | None:
    """The clock by the best of several sources, with the others beside it; None without any.

    What is given by hand says when a video begins, and the clock on the picture how it goes on. The
    time at which a file was written is no match for any other, and is not told beside one.
    """
    ranked = sorted(clocks, key=lambda one: (not one.is_relied_on, SOURCES.index(one.source)))
    if not ranked:
        return None
    clock, *others = ranked
    shown = next((one for one in others if one.source == "screen" and one.is_relied_on), None)
    if clock.source == "argument" and shown:
        clock = _paced(clock, shown)
    for other in others:
        if other.source != "file":
            clock = beside(clock, other)
    return clock


def _paced(clock: Clock, shown: Clock) -> Clock:
    """A clock that begins as it does, and goes on as another one, which is digits."""
    ahead = clock.segments[0].at - shown.segments[0].at
    segments = (Segment(start, at + ahead, rate) for start, at, rate in shown.segments)
    return replace(clock, segments=tuple(segments))


def shown_clock(
    shown: Sequence[Shown],
    source: Source,
    known: Sequence[Clock],
    now: datetime | None = None,
    place_jump: PlaceJump | None = None,
) -> Clock | None:
    """The clock by what stands on the picture or in subtitles; None where no clock goes on there.

    Of several the one that is read most often is taken. `known` are other sources: the best tells
    the day of a clock without a date, and its zone, where both are the same time. A clock in the
    future is not relied on. `place_jump` finds the second of a jump between two readings.
    """
    fits = [(fit, one) for one in shown[:PLACES] if (fit := fitted(one.readings))]
    if not fits:
        return None
    fit, one = max(fits, key=lambda pair: pair[0].held)
    other = combined([clock for clock in known if clock.source != source])
    dated = one.readings[0].dated
    if not dated and (other is None or 0 <= fit.segments[0].at % DAY < COUNTED):
        return None  # it counts from the begin of the video
    if place_jump:
        fit = _placed(fit, one, place_jump)
    digits = _digits(other) if other else 0.0
    days = 0 if dated else round((digits - fit.segments[0].at) / DAY) * DAY
    segments = tuple(Segment(start, at + days, rate) for start, at, rate in fit.segments)
    confidence = CONFIDENCE[source] if fit.held >= SURE and fit.share >= MOSTLY else DOUBTED
    if not dated and other:
        confidence = min(confidence, DAY_OF_FILE if other.source == "file" else DOUBTED)
    latest = (now or datetime.now(UTC)) + AHEAD
    if not EARLIEST.timestamp() < segments[0].at < latest.timestamp():
        confidence = FUTURE
    return Clock(source, confidence, segments, _zone(segments[0].at, other), is_local=True)


def _digits(clock: Clock) -> float:
    """The local time at which a video begins, as digits in seconds since 1970."""
    return clock.begun.replace(tzinfo=UTC).timestamp()


def _zone(digits: float, other: Clock | None) -> tzinfo | None:
    """Zone in which digits are the same time as another source says; None where none is known."""
    if other is None or other.is_local:
        return None
    if other.zone:
        return other.zone
    apart = digits - other.segments[0].at
    quarters = round(apart / QUARTER) * QUARTER
    same = abs(apart - quarters) <= SAME_MINUTE and 0 < abs(quarters) <= FARTHEST
    return timezone(timedelta(seconds=quarters)) if same else None


def _placed(fit: Fit, shown: Shown, place_jump: PlaceJump) -> Fit:
    """A fit whose jumps lie where a closer look says."""
    for number, (start, end) in enumerate(fit.jumps[:JUMPS]):
        before, after = fit.segments[number], fit.segments[number + 1]
        if (seconds := place_jump(shown, before, after, start, end)) is not None:
            fit = moved(fit, number, seconds)
    return fit
