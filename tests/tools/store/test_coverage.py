"""A stretch that was not looked at is named beside what is cited there."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from tools.store.coverage import Unseen, unseen


def _store(times: list[float], decoded: list[float], damaged: int = 0) -> Any:
    video = SimpleNamespace(
        width=64, duration=100.0, stages={"pass": SimpleNamespace(state="done")}
    )
    return SimpleNamespace(
        get=lambda _: video,
        manifest=lambda _: {"options": {"max_gap": 20.0}, "stages": {"pass": {"damaged": damaged}}},
        frames=lambda _: [SimpleNamespace(seconds=at) for at in times],
        signals=lambda _: np.array([(at,) for at in decoded], [("seconds", "f8")]),
    )


def test_a_stretch_without_room_or_damaged_is_unseen_and_a_long_slide_is_not() -> None:
    times = [0.0, 15.0, 42.0, 70.0, 85.0, 99.0]
    assert unseen(_store(times, times), "v") == []
    gaps = [Unseen("v", 15.0, 42.0), Unseen("v", 42.0, 70.0)]
    assert unseen(_store(times, times, 1), "v") == gaps
    assert unseen(_store(times, [*times, 50.0]), "v") == gaps[1:]


def test_only_evidence_beside_a_stretch_names_it() -> None:
    gap = Unseen("v", 42.0, 70.0, (1, 3))
    assert gap.text == "Beside [1] [3]: 0:42 to 1:10 not looked at."
    assert gap.meets(41.5, 41.5) and gap.meets(50.0, 51.0) and gap.meets(70.5, 80.0)
    assert not gap.meets(30.0, 40.0) and not gap.meets(72.0, 80.0)
