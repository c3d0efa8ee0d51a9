"""Sources of the time at which a video was recorded, and the clock that they make together."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tools.clock import SOURCES, Clock, Source, beside, clock_from

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Time before which no file says when it was recorded: an unset clock begins in 1904 or 1970."""
AHEAD = timedelta(days=1)
"""How far digits may lie in the future: their zone is not known."""
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

    The time at which a file was written is no match for any other, and is not told beside one.
    """
    ranked = sorted(clocks, key=lambda one: SOURCES.index(one.source))
    if not ranked:
        return None
    clock, *others = ranked
    for other in others:
        if other.source != "file":
            clock = beside(clock, other)
    return clock
