"""A time as an argument: seconds of a video, `[H:]MM:SS`, or a wall-clock time in ISO 8601."""

import math
import re
from datetime import datetime, time
from typing import NamedTuple

from tools.errors import RefusedRequest

FORMS = "83.5 or 1:23.5 or 1:02:03, or 2026-11-19T14:00:05 by the clock"
_OF_DAY = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)


class Written(NamedTuple):
    """A time as it is written. 14:00:05 may be both: seconds of a video, and a time of day."""

    seconds: float | None
    at: datetime | time | None


def seconds_of(text: str) -> float | None:
    """Seconds of `83.5`, `1:23.5` or `1:02:03`; None where a text is none of them."""
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        return None
    if len(parts) > 3 or not all(part >= 0 and math.isfinite(part) for part in parts):
        return None
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


def read_time(text: str) -> Written:
    """Time of an argument; RefusedRequest for a text that is none."""
    text = text.strip()
    seconds = seconds_of(text)
    try:
        if seconds is None:
            return Written(None, datetime.fromisoformat(text))
        if _OF_DAY.fullmatch(text):
            hour, _, rest = text.partition(":")
            return Written(seconds, time.fromisoformat(f"{hour:>02}:{rest}"))
    except ValueError:
        pass
    if seconds is None:
        raise RefusedRequest(f"{text[:40]!r} is not a time; write {FORMS}")
    return Written(seconds, None)
