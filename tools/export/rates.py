"""Frame rates of editing: the standard ones, and times as their frames."""

import math
import re
from fractions import Fraction

NTSC = Fraction(1000, 1001)
STANDARD = tuple(
    sorted(
        [*map(Fraction, (24, 25, 30, 50, 60)), *(NTSC * whole for whole in (24, 30, 60))],
    )
)
"""Rates that every editing program knows."""
SAME = 0.005
"""Pictures a second by which two rates differ and are the same: files round them."""
ROUNDED = 0.0006
"""Seconds by which a time may be rounded: evidence is told in whole milliseconds."""


def standard_rate(fps: float) -> Fraction:
    """The rate of an edit list for a video: its own, a whole multiple of it, or the nearest."""
    nearest = min(STANDARD, key=lambda rate: abs(rate - fps))
    if abs(nearest - fps) <= SAME:
        return nearest
    multiples = (rate for rate in STANDARD if is_whole(float(rate) / max(fps, 1e-3)))
    return next(multiples, nearest)


def is_whole(number: float) -> bool:
    """True of a number of one or more that is whole, but for rounding."""
    return number > 0.99 and abs(number - round(number)) < 1e-4


def is_drop_frame(rate: Fraction) -> bool:
    """True of the rates whose timecode leaves out numbers, so that it keeps with the clock."""
    return rate in (NTSC * 30, NTSC * 60)


def timecode_frames(code: str, rate: Fraction) -> int | None:
    """Frames of a timecode (`01:00:00:00`, with a semicolon or point where it drops numbers).

    None for what is none of this rate.
    """
    found = re.fullmatch(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)", code, re.ASCII)
    if not found:
        return None
    hours, minutes, seconds, frames = (int(found[n]) for n in (1, 2, 3, 5))
    whole = math.ceil(rate)
    if hours > 23 or minutes > 59 or seconds > 59 or frames >= whole:
        return None
    minutes += 60 * hours
    dropped = 0
    if drops(code) and is_drop_frame(rate):
        dropped = whole // 15 * (minutes - minutes // 10)  # two or four numbers of most minutes
    return (60 * minutes + seconds) * whole + frames - dropped


def drops(code: str) -> bool:
    """True of a timecode that leaves out numbers."""
    return code[-3:-2] in (";", ".")


def frame_span(start: float, end: float, rate: Fraction, length: float) -> tuple[int, int]:
    """First frame that is shown from start on, and the first that is not before the end.

    At least one frame, and none beyond `length`, in seconds.
    """
    last = max(frames_in(length, rate), 1)
    first = min(math.floor((start + ROUNDED) * rate), last - 1)
    return first, min(max(math.ceil((end - ROUNDED) * rate), first + 1), last)


def frames_in(seconds: float, rate: Fraction) -> int:
    """Whole frames of a length."""
    return math.floor((seconds + ROUNDED) * rate)
