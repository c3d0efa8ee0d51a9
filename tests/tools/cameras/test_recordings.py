"""Recordings of a camera in order, and what is not covered."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.watched import SECONDS, watched
from tools.cameras.recordings import recorded
from tools.library import Library

CET = timezone(timedelta(hours=1))


def test_recordings_are_in_order_and_gaps_are_told(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    noon = datetime(2026, 11, 19, 12, 0, 0, tzinfo=CET)
    third = watched(library, tmp_path, "c", [], noon + timedelta(minutes=10))
    first = watched(library, tmp_path, "a", [], noon)
    second = watched(library, tmp_path, "b", [], noon + timedelta(seconds=SECONDS + 1))
    unknown = watched(library, tmp_path, "d", [])
    held = recorded(library, [third, unknown, first, second])
    assert [one.video for one in held.recordings] == [first, second, third, unknown]
    (gap,) = held.gaps
    assert gap.begun == noon + timedelta(seconds=2 * SECONDS + 1)
    assert gap.ended == noon + timedelta(minutes=10)
    assert [one.clock for one in held.recordings] == ["argument"] * 3 + [""]
    assert recorded(library, []).gaps == ()
