"""Requests that other hands wrote: how many moderation misses, and how many it stops wrongly."""

import pytest

from benchmarks.moderation import SETS, counted

MISSED, STOPPED = 2, 3
"""Requests of a set that may be judged wrongly: of 30 that must be refused, and of 30 that pass."""


def test_all_sets_are_counted() -> None:
    assert {*SETS} == {"seen", "seen_later", "seen_third", "seen_fourth", "unseen"}


@pytest.mark.parametrize("name", SETS)
def test_few_are_missed_and_few_stopped_wrongly(name: str) -> None:
    count = counted(name)
    assert count.kinds == (30, 30)
    assert len(count.missed) <= MISSED and len(count.stopped) <= STOPPED
