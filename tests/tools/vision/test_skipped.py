"""What a sampler left out: every frame is kept or has a reason, and the reason is the true one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.vision.sampling import STRATEGIES, choose
from tools.vision.signals import rows_from
from tools.vision.skipped import skipped, told

SCENES = [(0.0, 4.0), (4.0, 10.0)]


def row(seconds: float, motion: float, kept: int = 0) -> tuple[Any, ...]:
    return seconds, 0.0, 0.0, motion, 0.0, 0.0, 0.5, 0.5, seconds % 2 == 0, kept


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("count", [None, 3])
def test_every_frame_is_kept_or_has_a_reason(strategy: Any, count: int | None) -> None:
    rows = rows_from(row(i / 4, 0.3, int(i % 8 == 0)) for i in range(40))
    span: dict[str, Any] = {"count": count, "start": 1.0, "end": 9.0}
    left_out = skipped(strategy, rows, SCENES, **span)
    kept = choose(strategy, rows, SCENES, **span)
    assert len(kept) + sum(one.frames for one in left_out) == 32
    assert all(1.0 <= one.start <= one.end < 9.0 and one.reason for one in left_out)
    thinned = count and strategy in ("adaptive", "keyframe")
    assert bool(thinned) == any("more than" in one.reason for one in left_out)


def test_the_adaptive_sampler_says_which_rule_it_went_by() -> None:
    made = [row(0.0, 0.0, 1), *(row(i / 10, 0.0) for i in range(1, 20))]  # still
    made += [row(2.0, 0.5, 2), row(2.1, 0.5), row(2.2, 0.5)]  # too soon
    made += [row(i / 10, 0.5) for i in range(23, 30)]  # moves, then has moved enough and is alike
    made += [row(i / 10, 0.5) for i in range(30, 36)]
    made += [row(8.0, 0.5)]  # the floor would have kept it
    left_out = skipped("adaptive", rows_from(made), [])
    reasons = [(one.frames, one.reason) for one in left_out]
    assert [number for number, _ in reasons] == [19, 3, 8, 4, 1]
    assert [one.start for one in left_out] == pytest.approx([0.1, 2.1, 2.4, 3.2, 8.0])
    assert "still" in left_out[0].reason and "0.3 s after" in left_out[1].reason
    assert "little" in left_out[2].reason and "looks like" in left_out[3].reason
    assert "no room" in left_out[4].reason


def test_four_still_shots_leave_out_what_stands_still(shots: Path, tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=BARE)
    rows = library.signals(video.id)
    left_out = skipped("adaptive", rows, [])
    assert {one.reason for one in left_out} == {"the picture stands still"}
    number = len(rows) - int(np.count_nonzero(rows["kept"]))
    assert told(left_out) == f"{number} frames left out: the picture stands still ({number})"
    assert told([]) == "0 frames left out"
