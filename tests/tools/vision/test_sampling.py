"""What a sampler keeps, and what it leaves out: every frame is kept or has a true reason."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.vision.sampling import (
    BURST,
    CHANGED,
    FIRST,
    FLOOR,
    MOVED,
    PEAK,
    REASONS,
    SHOT,
    STRATEGIES,
    Adaptive,
    choose,
    describe_skipped,
    fill_gaps,
    longest_gap,
    skipped,
    thin,
)
from tools.vision.signals import COLUMNS, LINES, NOISE, ROW, Grid, apart


def _run(pictures: list[Grid], fps: float = 10.0, floor: float = 5.0) -> list[tuple[float, int]]:
    """Feed pictures to the sampler as the decode pass does."""
    sampler = Adaptive(floor)
    kept, before = [], pictures[0]
    for number, grid in enumerate(pictures):
        step = apart(grid, before)
        motion = float((step > NOISE).mean())
        reason = sampler.keep(number / fps, grid, float(step.mean()), motion)
        if reason:
            kept.append((number / fps, reason))
        before = grid
    return kept


def _flat(level: int) -> Grid:
    return np.full((LINES, COLUMNS), level, np.uint8)


def test_a_still_picture_gives_the_first_frame_and_the_floor() -> None:
    kept = _run([_flat(90)] * 121)
    assert kept == [(0.0, FIRST), (5.0, FLOOR), (10.0, FLOOR)]


def test_a_cut_is_kept_at_once() -> None:
    kept = _run([_flat(40)] * 20 + [_flat(200)] * 20)
    assert kept == [(0.0, FIRST), (2.0, SHOT)]


def test_a_line_of_text_on_a_slide_is_kept_when_it_has_settled() -> None:
    slide = _flat(230)
    changed = slide.copy()
    changed[24:29, 10:60] = 20
    kept = _run([slide] * 15 + [changed] * 15)
    assert [reason for _, reason in kept] == [FIRST, CHANGED]
    assert 1.5 <= kept[1][0] <= 1.7


def test_thin_letters_on_a_still_picture_are_kept() -> None:
    page = _flat(250)
    written = page.copy()
    written[30:32, 10:60:3] = 40  # a twentieth of the samples of a line
    kept = _run([page] * 15 + [written] * 15)
    assert [reason for _, reason in kept] == [FIRST, CHANGED]


def test_a_fade_that_no_two_frames_show_is_followed() -> None:
    fade = [_flat(min(4 * n, 255)) for n in range(64)]  # 4 levels a frame, below the noise
    kept = _run(fade + [_flat(255)] * 20)
    times = [at for at, _ in kept]
    assert {reason for _, reason in kept[1:]} <= {CHANGED, FLOOR}
    assert max(b - a for a, b in pairwise(times) if b < 6.4) <= 1.0
    assert all(at < 7.5 for at in times)  # and nothing of it is kept once it stands still


def test_a_sudden_movement_gets_a_burst() -> None:
    pictures = [_flat(60) for _ in range(60)]
    for number in range(20, 26):  # something crosses in six tenths of a second
        pictures[number][:, (number - 20) * 16 : (number - 20) * 16 + 20] = 100
    kept = _run(pictures)
    peaks = [at for at, reason in kept if reason == PEAK]
    assert len(peaks) == 1 + len(BURST)
    assert peaks[0] >= 2.0 and peaks[-1] <= 2.7


def test_steady_movement_is_kept_more_often_than_the_floor() -> None:
    noise = np.random.default_rng(1)
    texture = noise.integers(0, 255, (LINES, COLUMNS + 200)).astype(np.uint8)
    kept = _run([texture[:, n : n + COLUMNS] for n in range(150)])
    assert sum(reason == MOVED for _, reason in kept) >= 8


def _rows(seconds: list[float], kept: dict[float, int], keys: tuple[float, ...] = ()):
    made = [(at, 0, 0, 0, 0, 0, 0.5, 0.2, at in keys, kept.get(at, 0)) for at in seconds]
    return np.array(made, ROW)


def test_every_strategy_says_why() -> None:
    seconds = [n / 10 for n in range(100)]
    rows = _rows(seconds, {0.0: FIRST, 4.0: SHOT}, keys=(0.0, 5.0))
    scenes = [(0.0, 4.0), (4.0, 10.0)]
    assert choose("adaptive", rows, scenes) == [(0.0, REASONS[FIRST]), (4.0, REASONS[SHOT])]
    assert choose("keyframe", rows, scenes) == [(0.0, "keyframe"), (5.0, "keyframe")]
    assert choose("sparse", rows, scenes) == [
        (2.0, "middle of scene 1"),
        (7.0, "middle of scene 2"),
    ]
    assert [at for at, _ in choose("uniform", rows, scenes, count=3)] == [1.6, 4.9, 8.2]
    dense = choose("dense", rows, scenes)
    assert len(dense) == 21 and dense[0][0] == 0.0 and dense[-1][0] == 9.9


def test_no_gap_is_longer_than_allowed_where_there_is_a_frame() -> None:
    seconds = [n / 10 for n in range(400)] + [70.0, 71.0]  # 30 s without any frame
    chosen = [(0.0, "keyframe"), (39.0, "keyframe")]
    filled = fill_gaps(chosen, _rows(seconds, {}), 15.0, 71.0)
    assert [at for at, _ in filled] == [0.0, 15.0, 30.0, 39.0, 39.9, 70.0]
    assert [why for _, why in filled].count("no other frame within 15 s") == 4
    assert longest_gap([at for at, _ in filled], 0.0, 71.0) == (39.9, 70.0)
    assert longest_gap([], 2.0, 5.0) == (2.0, 5.0)
    assert fill_gaps([], _rows(seconds, {}), 15.0, 12.0) == []


def test_a_window_is_half_open() -> None:
    rows = _rows([n / 10 for n in range(100)], {2.0: SHOT, 3.0: SHOT})
    assert [at for at, _ in choose("adaptive", rows, [], start=2.0, end=3.0)] == [2.0]
    assert choose("uniform", rows, [], start=50.0) == []


def test_thinning_spreads_evenly() -> None:
    chosen = [(float(n), "x") for n in range(11)]
    assert [at for at, _ in thin(chosen, 3)] == [0.0, 5.0, 10.0]
    assert thin(chosen, 20) == chosen


SCENES = [(0.0, 4.0), (4.0, 10.0)]


def row(seconds: float, motion: float, kept: int = 0) -> tuple[Any, ...]:
    return seconds, 0.0, 0.0, motion, 0.0, 0.0, 0.5, 0.5, seconds % 2 == 0, kept


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("count", [None, 3])
def test_every_frame_is_kept_or_has_a_reason(strategy: Any, count: int | None) -> None:
    rows = np.array([row(i / 4, 0.3, int(i % 8 == 0)) for i in range(40)], ROW)
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
    left_out = skipped("adaptive", np.array(made, ROW), [])
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
    assert (
        describe_skipped(left_out)
        == f"{number} frames left out: the picture stands still ({number})"
    )
    assert describe_skipped([]) == "0 frames left out"
