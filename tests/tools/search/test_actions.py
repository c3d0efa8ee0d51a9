"""What tracked objects do, in paths and films whose truth is known."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.watched import going
from tools.errors import ProviderUnavailable
from tools.evidence import of_sighting
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Evidence, Sighting
from tools.models.providers import BARE
from tools.search.objects.actions import find_object_actions, stated
from tools.toolbox import Toolbox, open_toolbox

SECONDS = 100.0
RIGHT = [(0.1 + 0.1 * n, 0.6) for n in range(9)]


def does(seen: Sequence[Sighting], *labels: str) -> list[tuple[float, list[str]]]:
    """What each object does, by when it comes, in a square picture of 100 s."""
    store: Any = SimpleNamespace(
        get=lambda _: SimpleNamespace(duration=SECONDS, width=100, height=100),
        words=lambda *_: [*seen],
    )
    by_id = {one.id: of_sighting(one) for one in seen}
    found = find_object_actions(store, "v", 0.0, SECONDS, labels, None, by_id.__getitem__)
    return [(one.start, [o["label"] for o in one.facts["actions"]]) for one in found]


def test_who_comes_crosses_and_goes() -> None:
    across = going(10.0, RIGHT)
    there, stays = going(0.2, RIGHT[:4]), going(95.0, RIGHT[:3], end=99.8)
    assert does([there, across, stays]) == [
        (0.2, ["leaves"]),
        (10.0, ["enters", "crosses", "leaves"]),
        (95.0, ["enters", "stops"]),
    ]


def test_who_stops_and_for_how_long() -> None:
    waits = going(10.0, [*RIGHT[:4], *[RIGHT[3]] * 5, *RIGHT[4:]])
    passes, parks = going(40.0, RIGHT), going(60.0, RIGHT[:5], end=75.0)
    assert does([waits, passes, parks], "stops") == [(10.0, ["stops"]), (60.0, ["stops"])]
    (first, second) = does_when([waits, passes, parks], "stops")
    assert first == pytest.approx((13.0, 18.0)) and second == pytest.approx((64.0, 75.0))


def does_when(seen: Sequence[Sighting], label: str) -> list[tuple[float, float]]:
    store: Any = SimpleNamespace(
        get=lambda _: SimpleNamespace(duration=SECONDS, width=100, height=100),
        words=lambda *_: [*seen],
    )
    by_id = {one.id: of_sighting(one) for one in seen}
    found = find_object_actions(store, "v", 0.0, SECONDS, [label], None, by_id.__getitem__)
    return [(o["start"], o["end"]) for one in found for o in one.facts["actions"]]


def test_who_turns_and_when() -> None:
    corner = [(0.1 + 0.1 * n, 0.4) for n in range(5)] + [(0.5, 0.5 + 0.1 * n) for n in range(5)]
    curve = [
        (0.2 + 0.3 * float(np.sin(a)), 0.9 - 0.3 + 0.3 * (1 - float(np.cos(a))))
        for a in np.linspace(0, np.pi / 2, 9)
    ]
    back = [*RIGHT[:6], *RIGHT[:5][::-1]]
    slope = [(0.1 + 0.09 * n, 0.4 + 0.05 * n) for n in range(9)]
    seen = [going(10.0, corner), going(30.0, back), going(50.0, slope), going(70.0, curve)]
    small = [replace(one, boxes=tuple(_small(box) for box in one.boxes)) for one in seen]
    assert [round(one.start) for one in small if does([one], "turns")] == [10, 30, 70]
    ((first, _),) = does_when(small[:1], "turning")
    ((second, _),) = does_when(small[1:2], "turns")
    assert first == pytest.approx(14.0, abs=1.0) and second == pytest.approx(35.0, abs=1.0)


def _small(box: tuple[float, ...]) -> Any:
    at, left, _, right, bottom = box
    return at, (left + right) / 2 - 0.02, bottom - 0.05, (left + right) / 2 + 0.02, bottom


def test_who_is_faster_than_others_of_its_kind() -> None:
    walk = [(0.1 + 0.05 * n, 0.6) for n in range(12)]
    walkers = [going(5.0 + n, walk) for n in range(4)]
    runner, car = going(30.0, RIGHT), going(40.0, RIGHT, "car")
    assert does([*walkers, runner, car], "running") == [(30.0, ["running"])]
    assert does([*walkers[:3], runner, car], "running") == []  # three are too few to tell
    assert does([*walkers, runner, car], "a person is hurrying")[0][0] == 30.0


@pytest.mark.parametrize(
    ("label", "motion", "classes"),
    [("a car stops", "stops", {"car"}), ("entering", "enters", set()),
     ("Person überquert", "crosses", {"person"}), ("ein Auto hält", "stops", {"car"})],
)  # fmt: skip
def test_words_that_tracks_answer(label: str, motion: str, classes: set[str]) -> None:
    assert stated(label) == (motion, classes)


@pytest.mark.parametrize("label", ["waving", "a stop sign", "turns and leaves", "person at a door"])
def test_words_that_no_track_answers(label: str) -> None:
    assert stated(label) is None
    with pytest.raises(ProviderUnavailable, match=r"models pull.*enters, leaves, crosses, stops"):
        does([going(10.0, RIGHT)], "stops", label)


def test_only_what_is_asked_for_is_told_of_those_who_are_asked_about() -> None:
    car, person = going(10.0, RIGHT, "car"), going(30.0, RIGHT)
    assert does([car, person], "a car leaves") == [(10.0, ["a car leaves"])]
    assert does([car, person], "stops") == []


PASSES, STANDS = (200, 30, 35), (40, 70, 200)


def yard(seconds: float) -> np.ndarray:
    """A red thing crosses from 4 to 7 s; a blue one comes at 10 s and stands from 12 s on."""
    picture = np.full((180, 320, 3), 124, np.uint8)
    picture[:60] = (205, 214, 226)
    for colour, left in (
        (PASSES, -44 + 364 * (seconds - 4) / 3 if 4 <= seconds < 7 else -44),
        (STANDS, -44 + 90 * min(seconds - 10, 2) if seconds >= 10 else -44),
    ):
        left = round(left)
        picture[100:130, max(left, 0) : max(left + 44, 0)] = colour
    return picture


@pytest.fixture(scope="module")
def yard_film(tmp_path_factory: pytest.TempPathFactory, encode: Callable[..., Path]) -> Path:
    return encode(tmp_path_factory.mktemp("yard") / "yard.mp4", yard, 24.0, fps=12)


def actions(one: Evidence) -> list[str]:
    return [row["label"] for row in one.facts["actions"]]


def test_a_film_is_told_by_its_objects_without_any_model(yard_film: Path, tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    video = ingest(library, yard_film, providers=BARE).id
    box = Toolbox(library)
    red, blue = box.find_actions(video)
    assert actions(red) == ["enters", "crosses", "leaves"] and actions(blue) == ["enters", "stops"]
    assert red.kind == "object" and library.evidence(red.id).start == red.start
    assert red.text.endswith("red thing that moves, to the right, 3 s in view")
    (stops,) = box.find_actions(video, labels=["stops"])
    row = stops.facts["actions"][0]
    assert stops.id == blue.id and (row["start"], row["end"]) == pytest.approx((12, 24), abs=1.5)
    assert box.find_actions(video, 0.0, 9.0, ["stops"]) == []
    with pytest.raises(ProviderUnavailable, match="needs a detector"):
        box.find_actions(video, labels=["a car stops"])
    with pytest.raises(ProviderUnavailable, match="needs a model that sees"):
        box.find_actions(video, labels=["waving"])


def test_other_actions_are_seen_along_the_track(
    yard_film: Path, tmp_path: Path, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = np.random.default_rng(5).choice(list(tiny.COLOURS), (96, 3))
    captions = tuple(" ".join(one) for one in drawn)
    monkeypatch.setattr("tools.search.calibration.DISTRACTORS", captions)
    library, seeing = Library(tmp_path / "home"), replace(BARE, picture_embedder="siglip2")
    tiny.install_pair(library.home)
    video = ingest(library, yard_film, providers=seeing).id
    box = open_toolbox(library, seeing)
    red, blue = box.find_actions(video, labels=["red waving", "blue waving"])
    assert actions(red) == ["red waving"] and actions(blue) == ["blue waving"]
    assert red.facts["colour"] == "red" and 4 <= red.facts["actions"][0]["start"] <= red.end
    assert 0.3 < red.score < 1 and red.text.startswith("red waving ")
    assert box.find_actions(video, labels=["green waving"]) == []
    both = box.find_actions(video, labels=["stops", "blue waving"])
    assert [sorted(actions(one)) for one in both] == [["blue waving", "stops"]]
