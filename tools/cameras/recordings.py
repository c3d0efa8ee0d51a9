"""Recordings of a camera in their order, and the gaps between them, which are not covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.store.store import Store

GAP = 2.0
"""Seconds between two recordings up to which the second goes on with the first."""


@dataclass(frozen=True)
class Recording:
    """One file of a camera; `begun`, `ended` and `clock`, their source, are empty if not known."""

    video: str
    title: str
    begun: datetime | None
    ended: datetime | None
    clock: str
    confidence: float


@dataclass(frozen=True)
class Gap:
    """Time that a camera did not record."""

    begun: datetime
    ended: datetime


@dataclass(frozen=True)
class Recorded:
    """Recordings of a camera by time, those without a clock last, and the gaps between them."""

    recordings: tuple[Recording, ...]
    gaps: tuple[Gap, ...]


def recorded(store: Store, videos: Sequence[str]) -> Recorded:
    """Order the recordings of a camera by their clocks, and find what is not covered."""
    found = sorted(
        (_recording(store, video) for video in videos),
        key=lambda one: (one.begun is None, one.begun or datetime.min.replace(tzinfo=UTC)),
    )
    gaps: list[Gap] = []
    end: datetime | None = None
    for one in found:
        if one.begun is None or one.ended is None:
            continue
        if end is not None and (one.begun - end).total_seconds() > GAP:
            gaps.append(Gap(end, one.begun))
        end = one.ended if end is None else max(end, one.ended)
    return Recorded(tuple(found), tuple(gaps))


def _recording(store: Store, id: str) -> Recording:
    video, clock = store.get(id), store.clock(id)
    if clock is None or not clock.is_relied_on:
        return Recording(id, video.title, None, None, "", 0.0)
    ends = clock.wall(0.0), clock.wall(video.duration)
    return Recording(id, video.title, *ends, clock.source, clock.confidence)
