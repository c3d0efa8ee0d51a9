"""Boxes of pictures joined to objects: crossings, gaps, and what stands still."""

from collections.abc import Callable

import pytest

from tools.errors import ProviderUnavailable
from tools.vision.objects import matchers
from tools.vision.objects.matchers import MATCHERS, load_matcher
from tools.vision.objects.tracking import Seen, Tracker, overlap


@pytest.fixture(params=MATCHERS)
def made(request: pytest.FixtureRequest) -> Callable[[float], Tracker]:
    """Makes trackers with each of the matchers."""
    if request.param == "norfair":
        pytest.importorskip("norfair")
    matcher = load_matcher(request.param)
    return lambda patience: Tracker(patience, matcher())


def box(left: float, top: float, width: float = 0.1, height: float = 0.1) -> tuple[float, ...]:
    return left, top, left + width, top + height


def test_two_objects_that_pass_each_other_stay_two(made: Callable[[float], Tracker]) -> None:
    tracker = made(1.0)
    for n in range(20):
        seen = [Seen(box(0.04 * n, 0.3)), Seen(box(0.76 - 0.04 * n, 0.5))]
        tracker.add(n / 6, seen[:: 1 if n % 2 else -1])
    first, second = tracker.finish()
    assert [len(first.seen), len(second.seen)] == [20, 20]
    tops = {one.box[1] for track in (first, second) for one in track.seen[:1]}
    assert tops == {0.3, 0.5} and len({one.box[1] for one in first.seen}) == 1


def test_a_short_gap_is_bridged_and_a_long_one_begins_another_object(
    made: Callable[[float], Tracker],
) -> None:
    tracker = made(1.0)
    for n in (0, 1, 2, 3, 6, 7):
        tracker.add(n / 6, [Seen(box(0.1 + 0.03 * n, 0.4))])
    tracker.add(3.0, [])
    tracker.add(3.1, [Seen(box(0.31, 0.4))])
    assert [len(one.seen) for one in tracker.finish()] == [6, 1]


def test_who_stands_still_is_there_until_it_is_gone(made: Callable[[float], Tracker]) -> None:
    tracker = made(1.0)
    for n in range(12):
        tracker.add(n / 6, [Seen(box(0.1 + 0.03 * min(n, 6), 0.4, 0.1, 0.3))])
    for second in range(3, 9):
        tracker.add(float(second), [], lambda _: True)
    tracker.rest(20.0, lambda _: True)
    (one,) = tracker.running
    assert one.end == 20.0
    tracker.add(21.0, [], lambda _: False)
    tracker.add(23.0, [], lambda _: False)
    assert not tracker.running and tracker.finish()[0].end == 20.0


def test_the_hole_that_it_leaves_is_not_taken_for_it(made: Callable[[float], Tracker]) -> None:
    tracker = made(1.0)
    for n in range(8):
        tracker.add(n / 6, [Seen(box(0.3, 0.4))])
    tracker.add(5.0, [], lambda _: True)
    tracker.add(5.8, [Seen(box(0.36, 0.4)), Seen(box(0.3, 0.4))], lambda _: False)
    gone, hole = tracker.finish()
    assert gone.box == box(0.36, 0.4) and len(hole.seen) == 1


@pytest.mark.parametrize(
    "other, share", [(box(0.0, 0.0), 1.0), (box(0.05, 0.0), 1 / 3), (box(0.5, 0.5), 0.0)]
)
def test_overlap_is_intersection_over_union(other: tuple[float, ...], share: float) -> None:
    assert overlap(box(0.0, 0.0), other) == pytest.approx(share)  # type: ignore[arg-type]


def test_who_stood_for_long_and_goes_on_is_the_same(made: Callable[[float], Tracker]) -> None:
    tracker = made(1.0)
    for n in range(12):
        tracker.add(n / 6, [Seen(box(0.1 + 0.03 * min(n, 6), 0.4, 0.1, 0.3))])
    for n in range(12, 60):
        tracker.add(n / 6, [Seen(box(0.8, 0.1))], lambda _: True)  # another one, beside it
    for n in range(60, 70):
        there = box(0.28 + 0.02 * (n - 59), 0.4, 0.1, 0.3)
        tracker.add(n / 6, [Seen(there), Seen(box(0.8, 0.1))], lambda _: True)
    assert sorted(len(one.seen) for one in tracker.finish()) == [22, 58]


def test_a_tracker_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProviderUnavailable, match="there are: nearest, norfair"):
        load_matcher("sort")
    monkeypatch.setattr(matchers, "find_spec", lambda _: None)
    with pytest.raises(ProviderUnavailable, match=r"pip install 'cuepoint\[tracking\]'"):
        load_matcher("norfair")
