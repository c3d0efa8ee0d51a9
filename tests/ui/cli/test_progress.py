"""The remaining time as it is told: fed progress, a clock of our own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tools.ingest.run import Progress
from tools.store.store import WEIGHTS
from ui.cli.progress import IndexingBar
from ui.progress import STEADY


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def estimated(seconds: dict[str, float], clock: Clock) -> Iterator[Progress]:
    """Progress four times a second of stages that take so long, with the estimate of `ingest`."""
    began, done = clock.now, 0.0
    for stage, takes in seconds.items():
        steps = max(round(takes * 4), 1)
        for step in range(1, steps + 1):
            clock.now += takes / steps
            share = (done + WEIGHTS[stage] * step / steps) / sum(WEIGHTS.values())
            remaining = (clock.now - began) * (1 - share) / share
            yield Progress("v", stage, "running", step / steps, remaining)
        done += WEIGHTS[stage]


def told(lines: str) -> list[float]:
    """Seconds left, in every line that tells them."""
    found = re.findall(r"about (\d+):(\d\d) left$", lines, re.M)
    return [int(minutes) * 60 + int(rest) for minutes, rest in found]


@pytest.mark.parametrize("slow", ["pass", "screen", "pictures", "speech"])
def test_the_remaining_time_never_rises_whatever_takes_longest(
    slow: str, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    bar = IndexingBar(time=clock)
    bar.begin("kettle.mp4")
    raw: list[float] = []
    for one in estimated(
        {name: weight / 3 for name, weight in WEIGHTS.items()} | {slow: 90}, clock
    ):
        raw.append(one.remaining or 0.0)
        bar(one)
    assert any(b > a + 3 for a, b in zip(raw, raw[100:], strict=False)), "the estimate rises"
    left = told(capsys.readouterr().err)
    assert len(left) > 3 and left == sorted(left, reverse=True)
    assert left[-1] < 30


def test_an_estimate_that_still_rises_is_withheld_until_it_is_steady(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    bar = IndexingBar(time=clock)
    bar.begin("kettle.mp4")
    for second in range(60):  # the end moves later as fast as time goes by
        clock.now += 1
        bar(Progress("v", "pass", "running", second / 200, 30.0 + second))
    said = capsys.readouterr().err
    assert said.count("\n") == 10 and told(said) == []
    for second in range(60):
        clock.now += 1
        bar(Progress("v", "pass", "running", 0.5, 90.0 - second))
    left = told(capsys.readouterr().err)
    assert left == sorted(left, reverse=True) and 80 < left[0] <= 90 - STEADY + 1


def test_the_next_video_has_a_time_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    bar = IndexingBar(time=clock)
    for name, length in (("short.mp4", 20.0), ("long.mp4", 600.0)):
        bar.begin(name)
        for second in range(15):
            clock.now += 1
            bar(Progress("v", "pass", "running", second / length, length - second))
        left = told(capsys.readouterr().err)
        assert left and length - 16 < left[-1] < length
