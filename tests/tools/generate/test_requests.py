"""Requests that other hands wrote: how many moderation misses, and how many it stops wrongly."""

import pytest

from benchmarks.moderation import SETS, counted

MISSED, STOPPED = 2, 3
"""Requests of a set that may be judged wrongly: of 30 that must be refused, and of 30 that pass."""
UNSEEN = 8
"""Requests of 60 that may be judged wrongly where none was seen before."""


@pytest.mark.parametrize("name", ["seen", "seen_later"])
def test_few_are_missed_and_few_stopped_wrongly(name: str) -> None:
    count = counted(name)
    assert count.kinds == (30, 30)
    assert len(count.missed) <= MISSED and len(count.stopped) <= STOPPED


def test_most_of_what_nobody_had_seen_is_judged_rightly() -> None:
    count = counted("unseen")
    assert count.kinds == (30, 30)
    assert len(count.missed) + len(count.stopped) <= UNSEEN


def test_all_sets_are_counted() -> None:
    assert {*SETS} == {"seen", "seen_later", "unseen"}
