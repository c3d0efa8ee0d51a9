"""Requests that other hands wrote: how many moderation misses, and how many it stops wrongly."""

import pytest

from benchmarks.moderation import counted

KINDS = (30, 30)
"""Requests of a set that must be refused, and those that must pass."""


@pytest.mark.parametrize(
    ("name", "missed", "stopped"),
    [("seen", 2, 3), ("unseen", 6, 2)],
)
def test_few_are_missed_and_few_stopped_wrongly(name: str, missed: int, stopped: int) -> None:
    count = counted(name)
    assert count.kinds == KINDS
    assert len(count.missed) <= missed and len(count.stopped) <= stopped
