"""Two hundred questions by the clock over made recordings, each exact to a second.

What is read of their clocks goes through the whole way: readings, fit, zone, windows, times told.
"""

import random
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from tests.made_clocks import FORMATS, Made, frames, made, read
from tools.clock import Clock, Segment, clock_from
from tools.clock.readings import Shown, screen_readings
from tools.clock.sources import combined, file_clocks, shown_clock
from tools.text.times_of_day import named_times

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ZONES = (
    ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"),
    timezone(timedelta(hours=5, minutes=45)), ZoneInfo("Africa/Casablanca"),
)  # fmt: skip
CHANGES = (
    (ZoneInfo("Europe/Berlin"), datetime(2026, 3, 29, 1, 20)),
    (ZoneInfo("Europe/Berlin"), datetime(2026, 10, 25, 1, 20)),
    (ZoneInfo("America/New_York"), datetime(2026, 3, 8, 1, 20)),
    (ZoneInfo("America/New_York"), datetime(2026, 11, 1, 0, 20)),
)
"""Begins of recordings within which summer time begins or ends."""
AWAY = 6.0
"""Seconds around a jump that are not asked for: where it lies is known between two pictures."""
ASKED = (
    ("what was said between {a} and {b}?", 60.0), ("was war zwischen {a} und {b} Uhr?", 60.0),
    ("who came from {a} to {b}?", 600.0), ("what happens at {c}?", 1.0),
    ("what happened on {day} at {c}?", 1.0), ("was passiert am {tag} um {c}?", 1.0),
    ("find all red cars between {p} and {q}", 3600.0),
)  # fmt: skip


def recording(chance: random.Random) -> tuple[Clock, Made]:
    """A recording with a clock on its picture, as it is read and fitted, and as it is."""
    duration = chance.choice([300.0, 900.0, 3600.0])
    begun = datetime(2026, 1, 1) + timedelta(seconds=chance.randrange(86_400 * 320))
    if chance.random() < 0.3:  # over midnight
        begun = begun.replace(hour=23, minute=57)
    form, rate = chance.choice(FORMATS), chance.choice([1.0, 1.0, 1.2, 0.9, 1.0005])
    one = made(chance, begun, duration, chance.choice([0, 0, 1, 2]), rate)
    kept = frames(chance, duration, 5.0)
    texts = read(chance, one, kept, form, wrong=0.03)
    zone = chance.choice(ZONES)
    tag = begun.replace(tzinfo=zone).astimezone(UTC).isoformat()
    known = file_clocks(None, tag, "cam", None, duration, NOW)

    def place(_: Shown, before: Segment, after: Segment, start: float, end: float) -> float:
        return next(at for at, _, _ in one.stretches[1:] if start <= at <= end)

    seen = shown_clock(screen_readings(texts, kept, begun.date()), "screen", known, NOW, place)
    assert seen and seen.is_relied_on
    clock = combined([*known, seen])
    assert clock
    return clock, one


def over_summer_time(chance: random.Random) -> tuple[Clock, Made]:
    """A recording of a known begin within which summer time begins or ends."""
    zone, begun = chance.choice(CHANGES)
    duration, at = 7200.0, begun.replace(tzinfo=zone)
    instants = [at.timestamp() + second for second in range(int(duration))]
    stretches: list[tuple[float, datetime, float]] = []
    offset = None
    for second, instant in enumerate(instants):
        local = datetime.fromtimestamp(instant, UTC).astimezone(zone)
        if local.utcoffset() != offset:
            offset = local.utcoffset()
            stretches.append((float(second), local.replace(tzinfo=None), 1.0))
    assert len(stretches) == 2
    return clock_from(at, "argument"), Made(duration, tuple(stretches))


def question(chance: random.Random, digits: datetime) -> tuple[str, datetime, datetime]:
    """A question for a time, and the span of digits that it means."""
    text, length = chance.choice(ASKED)
    start = digits.replace(microsecond=0)
    if "{c}" not in text:
        start = start.replace(second=0)
    if "{p}" in text:
        start = start.replace(minute=0)
    end = start + timedelta(seconds=length)
    asked = text.format(
        a=f"{start:%H:%M}", b=f"{end:%H:%M}", c=f"{start:%H:%M:%S}", day=f"{start:%Y-%m-%d}",
        tag=f"{start:%d.%m.%Y}", p=f"{start:%I %p}", q=f"{end:%I %p}",
    )  # fmt: skip
    return asked, start, end


def true_windows(one: Made, start: datetime, end: datetime, dated: bool) -> list[list[float]]:
    """Seconds of a recording whose digits lie in a span, on that day or on any, in tenths."""
    found: list[list[float]] = []
    for tenth in range(int(one.duration * 10)):
        digits = one.digits(tenth / 10)
        days = [0] if dated else [-1, 0, 1]
        if any(start <= digits - timedelta(days=day) < end for day in days):
            if found and tenth / 10 - found[-1][1] < 0.15:
                found[-1][1] = tenth / 10
            else:
                found.append([tenth / 10, tenth / 10])
    return found


@pytest.mark.parametrize("seed", range(200))
def test_a_question_is_answered_to_a_second(seed: int) -> None:
    chance = random.Random(seed)
    clock, one = (over_summer_time if seed % 5 == 0 else recording)(chance)
    edges = [at for at, _, _ in one.stretches[1:]]
    while True:
        at = chance.uniform(1.0, one.duration - 1.0)
        if all(abs(at - edge) > AWAY for edge in edges):
            break
    told = clock.wall(at).replace(tzinfo=None)
    assert abs((told - one.digits(at)).total_seconds()) <= 1.0
    asked, start, end = question(chance, one.digits(at))
    times = named_times(asked)
    assert times, asked
    windows = clock.windows(times, one.duration)
    true = true_windows(one, start, end, "am " in asked or " on " in asked)
    inside = [w for w in windows if w[1] - w[0] > 1.0]
    assert true, asked
    for begin, finish in true:
        if finish - begin > 2.0 or not edges:
            assert any(abs(w[0] - begin) <= 1.0 and abs(w[1] - finish) <= 1.1 for w in windows), (
                asked, windows, true,
            )  # fmt: skip
    assert len(inside) <= len(true), (asked, windows, true)
