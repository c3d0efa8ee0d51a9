"""Piecewise-linear clocks through rounded readings, some of which are wrong."""

import random
from datetime import datetime
from typing import Any

import pytest

from tests.made_clocks import Made, frames, made, misread, utc
from tools.clock import fit as fit_module
from tools.clock.fit import Fit, fitted, moved
from tools.clock.readings import Reading, digits_of

BEGUN = datetime(2026, 11, 19, 13, 59, 40)


def readings(
    chance: random.Random, one: Made, gap: float = 5.0, wrong: float = 0.0, step: float = 1.0
) -> list[Reading]:
    found: list[Reading] = []
    for seconds in frames(chance, one.duration, gap):
        text = one.digits(seconds).strftime("%Y-%m-%d %H:%M:%S" if step == 1 else "%Y-%m-%d %H:%M")
        text = misread(chance, text) if chance.random() < wrong else text
        if read := digits_of(text, "ymd"):
            found.append(read._replace(seconds=seconds))
    return found


def error(fit: Fit, one: Made, seconds: float) -> float:
    segment = [part for part in fit.segments if part.start <= seconds][-1]
    return abs(segment.at + (seconds - segment.start) * segment.rate - utc(one.digits(seconds)))


@pytest.mark.parametrize("rate", [0.5, 0.8, 0.9995, 1.0, 1.001, 1.2, 30.0])
@pytest.mark.parametrize("wrong", [0.0, 0.1])
def test_a_rate_is_measured_to_a_second(rate: float, wrong: float) -> None:
    chance = random.Random(f"{rate} {wrong}")
    one = Made(1800.0, ((0.0, BEGUN, rate),))
    fit = fitted(readings(chance, one, wrong=wrong))
    assert fit and max(error(fit, one, seconds) for seconds in range(0, 1800, 7)) <= 1.0


@pytest.mark.parametrize("seed", range(12))
def test_jumps_are_breaks_and_misread_digits_are_none(seed: int) -> None:
    chance = random.Random(seed)
    one = made(chance, BEGUN, 1800.0, 3, chance.choice([1.0, 1.2, 0.9]))
    fit = fitted(readings(chance, one, wrong=0.05))
    assert fit and len(fit.segments) == 4
    for segment, (true, _, _) in zip(fit.segments[1:], one.stretches[1:], strict=True):
        assert segment.start == pytest.approx(true, abs=5.0)
    for seconds in range(0, 1800, 7):
        if all(abs(seconds - true) > 6 for true, _, _ in one.stretches[1:]):
            assert error(fit, one, seconds) <= 1.0


def test_a_clock_without_seconds_is_exact_between_its_minutes() -> None:
    one = Made(1800.0, ((0.0, BEGUN, 1.0),))
    fit = fitted(readings(random.Random(3), one, step=60))
    assert fit and max(error(fit, one, seconds) for seconds in range(0, 1800, 7)) <= 2.0


def test_a_digit_that_is_misread_for_a_while_is_no_jump() -> None:
    one = Made(600.0, ((0.0, BEGUN, 1.0),))
    rows = readings(random.Random(5), one)
    rows = [row._replace(at=row.at - 7200) if 30 <= n < 36 else row for n, row in enumerate(rows)]
    fit = fitted(rows)
    assert fit and len(fit.segments) == 1 and fit.held == len(rows) - 6


def test_the_place_of_a_jump_can_be_told_later() -> None:
    one = Made(120.0, ((0.0, BEGUN, 1.0), (61.5, BEGUN.replace(hour=15), 1.0)))
    fit = fitted(readings(random.Random(8), one))
    assert fit and fit.jumps[0][0] <= 61.5 <= fit.jumps[0][1]
    exact = moved(fit, 0, 61.5)
    assert max(error(exact, one, seconds / 4) for seconds in range(480)) <= 1.0


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(0, 0)],
        [(0, 0), (5, 5)],
        [(n * 5, 1000) for n in range(9)],  # a sign that stands
        [(n * 5, 1000 - n * 5) for n in range(9)],  # a countdown
        [(n * 5, (n * 7919) % 86400) for n in range(60)],  # other numbers
        [(0, n) for n in range(20)],  # all at once
    ],
)
def test_other_numbers_are_no_clock(rows: list[tuple[float, float]]) -> None:
    assert fitted([Reading(seconds, at, 1.0, False) for seconds, at in rows]) is None


def test_many_hostile_readings_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reading is compared with few others: counted, not timed."""
    chance, cuts = random.Random(1), 0
    rows = [Reading(n * 0.5, chance.randrange(10**9), 1.0, True) for n in range(20_000)]
    rows += [Reading(n * 0.5 + 0.1, float(n // 4 * 997 % 7919), 1.0, True) for n in range(20_000)]
    cut = fit_module._cut  # pyright: ignore[reportPrivateUsage]

    def counted(*arguments: Any) -> Any:
        nonlocal cuts
        cuts += 1
        return cut(*arguments)

    monkeypatch.setattr(fit_module, "_cut", counted)
    assert fitted(rows) is None
    assert cuts < 1000 * fit_module.MOST
