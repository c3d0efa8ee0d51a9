"""Objects before a fixed camera, in made scenes whose truth is known."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tools.errors import ProviderUnavailable, RefusedRequest
from tools.ingest.pipeline import ingest
from tools.ingest.stages import tracking as stage
from tools.library import Library
from tools.media import Sighting
from tools.models.providers import BARE
from tools.store.records import SIGHTINGS
from tools.store.sighting_rows import Wanted
from tools.toolbox import Toolbox
from tools.vision.objects.blobs import Pixels
from tools.vision.objects.tracking import Seen

COLOURS = {
    "red": (200, 30, 35), "blue": (40, 70, 200), "green": (40, 150, 60), "yellow": (235, 205, 40),
    "white": (245, 245, 245), "black": (18, 18, 20), "orange": (240, 130, 30),
    "purple": (120, 50, 160),
}  # fmt: skip
WIDTH, HEIGHT, FPS = 320, 180, 12
CHANCE = np.random.default_rng(19)
GRAIN = CHANCE.normal(0, 3, (16, HEIGHT, WIDTH, 1))
YARD = np.full((HEIGHT, WIDTH, 3), (122, 124, 120), np.float64)
YARD[:50] = (205, 214, 226)
YARD[50:60] = (96, 120, 70)


class Passing(NamedTuple):
    """A shape that crosses the picture: its colour, when, which way, and how long it stops."""

    colour: str
    start: float
    to_right: bool = True
    top: int = 100
    stops: float = 0.0


def scene(passing: Sequence[Passing], light: float = 1.0, infrared: bool = False):
    """Paint the yard with what passes, 4 s each and what it stops; `light` dims it."""

    def paint(seconds: float) -> np.ndarray:
        picture = YARD.copy()
        for one in passing:
            at = seconds - one.start
            at = min(at, 2.0) + max(at - 2.0 - one.stops, 0.0)
            left = round(-44 + (WIDTH + 44) * at / 4.0)
            left = left if one.to_right else WIDTH - 44 - left
            if 0 <= at <= 4.0 and left < WIDTH:
                picture[one.top : one.top + 30, max(left, 0) : max(left + 44, 0)] = COLOURS[
                    one.colour
                ]
        picture = picture * light + GRAIN[round(seconds * FPS) % 16]
        if infrared:
            picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
        return np.clip(picture, 0, 255).astype(np.uint8)

    return paint


DAY = [
    Passing(colour, 4.0 + 6.0 * n, n % 2 == 0, (70, 110, 140)[n % 3])
    for n, colour in enumerate(COLOURS)
]


@pytest.fixture(scope="module")
def day(tmp_path_factory, encode: Callable[..., Path]) -> Path:
    path = tmp_path_factory.mktemp("day") / "day.mp4"
    return encode(path, scene(DAY), 4.0 + 6.0 * len(DAY), fps=FPS)


def indexed(home: Path, path: Path, **chosen: str) -> tuple[Library, str]:
    library = Library(home)
    return library, ingest(library, path, providers=replace(BARE, **chosen)).id


def seen(library: Library, video: str) -> list[Sighting]:
    return library.words(video, SIGHTINGS)


def test_by_day_counts_times_ways_and_colours_are_exact(day: Path, tmp_path: Path) -> None:
    library, video = indexed(tmp_path / "home", day)
    found = seen(library, video)
    assert [one.colour for one in found] == [one.colour for one in DAY]
    for one, truth in zip(found, DAY, strict=True):
        assert one.start == pytest.approx(truth.start, abs=0.7)
        assert one.end == pytest.approx(truth.start + 4.0, abs=0.7)
        assert one.direction == ("right" if truth.to_right else "left")
        assert one.dwell == 0 and one.source == "motion" and one.label == ""
        assert one.image and library.has_picture(one.image)
        assert 3 <= len(one.boxes) <= 6
    assert library.get(video).stages["sightings"].provider == "motion"
    assert library.coverage(video).objects == "motion"


@pytest.mark.parametrize("how", [{"light": 0.12}, {"infrared": True}])
def test_at_night_and_in_infrared_no_colour_is_told(
    how: dict[str, float], encode: Callable[..., Path], tmp_path: Path
) -> None:
    truth = [Passing("white", 4.0), Passing("yellow", 10.0, to_right=False)]
    path = encode(tmp_path / "night.mp4", scene(truth, **how), 16.0, fps=FPS)
    library, video = indexed(tmp_path / "home", path)
    assert [one.colour for one in seen(library, video)] == ["", ""]


def test_who_stops_is_one_object_and_its_stay_is_known(
    encode: Callable[..., Path], tmp_path: Path
) -> None:
    truth = [Passing("blue", 4.0, stops=40.0), Passing("red", 20.0, top=60)]
    path = encode(tmp_path / "stops.mp4", scene(truth), 54.0, fps=FPS)
    library, video = indexed(tmp_path / "home", path)
    blue, red = seen(library, video)
    assert (blue.colour, red.colour) == ("blue", "red")
    assert blue.end - blue.start == pytest.approx(44.0, abs=1.5)
    assert blue.dwell == pytest.approx(40.0, abs=2.5) and red.dwell == 0


def test_a_camera_that_moves_is_left_out(encode: Callable[..., Path], tmp_path: Path) -> None:
    wall = np.kron(CHANCE.integers(40, 200, (18, 80, 3)), np.ones((10, 10, 1))).astype(np.uint8)

    def panning(seconds: float) -> np.ndarray:
        left = round(abs(seconds % 8 - 4) * 110)
        return wall[:, left : left + WIDTH]

    path = encode(tmp_path / "pan.mp4", panning, 8.0, fps=FPS)
    library, video = indexed(tmp_path / "home", path)
    stages = library.get(video).stages
    assert stages["sightings"].state == "skipped" and seen(library, video) == []


class Shapes:
    """A detector that knows a red shape as a car and a blue one as a person."""

    name = "shapes"

    def find(self, picture: Pixels) -> list[Seen]:
        found: list[Seen] = []
        for label, near in (("car", COLOURS["red"]), ("person", COLOURS["blue"])):
            rows, columns = np.nonzero(np.abs(picture[:, :, ::-1] - np.array(near)).max(2) < 40)
            if len(rows) > 200:
                height, width = picture.shape[:2]
                box = columns.min() / width, rows.min() / height
                box = *box, (columns.max() + 1) / width, (rows.max() + 1) / height
                found.append(Seen((*map(float, box),), label, 0.8))
        return found


def test_a_detector_names_what_passes_and_searches_find_it(
    day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, video = indexed(tmp_path / "home", day)
    first = seen(library, video)[0]
    box = Toolbox(library)
    with pytest.raises(ProviderUnavailable, match="cuepoint models pull dfine-nano"):
        box.find_objects("car", videos=[video])
    monkeypatch.setattr(stage, "load_detector", lambda *_: Shapes())
    monkeypatch.setattr(stage, "detector_fingerprint", lambda *_: "shapes")
    ingest(library, day, providers=BARE)  # indexed before: looked at again, nothing else is
    assert library.get(video).stages["sightings"].provider == "shapes"
    (car,) = box.find_objects("cars", videos=[video])
    (person,) = box.find_objects("people", "blue")
    assert car.start == pytest.approx(4.3, abs=0.7) and car.facts["colour"] == "red"
    assert person.facts["label"] == "person" and library.evidence(person.id) == person
    assert library.evidence(first.id).kind == "object"  # cited before it was replaced
    assert len(box.find_objects(videos=[video])) == len(DAY)
    assert box.find_objects(start=9.0, end=15.0) == [person]
    assert box.search("red car", kinds=["object"]) == [car]
    assert box.search("green dog", kinds=["object"]) == []
    assert [one.colour for one in seen(library, video)] == [*COLOURS]
    for wrong in ({"label": "budget"}, {"colour": "loud"}):
        with pytest.raises(RefusedRequest):
            box.find_objects(**wrong)
    library.remove(video)
    assert library.catalog.sightings.find(Wanted(), 9) == []


def test_a_detector_that_is_broken_leaves_the_rest_whole(day: Path, tmp_path: Path) -> None:
    broken = tmp_path / "cut.onnx"
    broken.write_bytes(b"\x08\x07")
    with pytest.raises(ProviderUnavailable, match=r"the detector cut\.onnx is damaged"):
        indexed(tmp_path / "home", day, detector=str(broken))
    library = Library(tmp_path / "home")
    (video,) = library.list()
    states = {name: one.state for name, one in video.stages.items()}
    assert states["sightings"] == "failed" and states["vectors"] in ("done", "skipped")
