"""Best views of objects: made once, kept in both indexes, searched by likeness and by words."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.road import index_road
from tools.embed.crops import box_at
from tools.errors import RefusedRequest
from tools.ingest.pipeline import ingest
from tools.ingest.run import IngestRun
from tools.integrity.repair import repair
from tools.integrity.verify import verify
from tools.library import Library
from tools.media import Evidence
from tools.models.providers import BARE, Providers
from tools.search import chroma
from tools.store.manifest import write_manifest
from tools.store.records import SIGHTINGS
from tools.toolbox import Toolbox, open_toolbox

SEEING = replace(BARE, picture_embedder="siglip2")


def starts(found: list[Evidence]) -> list[int]:
    return sorted(round(one.start) for one in found)


@pytest.fixture
def road(road_film: Path, tmp_path: Path) -> tuple[Library, str]:
    """A red thing at 4 s, a blue one at 9 s, and a red one at 14 s; nothing names them."""
    library = Library(tmp_path / "home")
    return library, ingest(library, road_film, providers=BARE).id


@pytest.fixture
def seeing(
    tiny: Any, road_film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Toolbox, str]:
    """The same, seen by a model that knows colours and was told of none but three at once."""
    drawn = np.random.default_rng(5).choice(list(tiny.COLOURS), (96, 3))
    captions = tuple(" ".join(one) for one in drawn)
    monkeypatch.setattr("tools.search.calibration.DISTRACTORS", captions)
    library = Library(tmp_path / "home")
    tiny.install_pair(library.home)
    video = ingest(library, road_film, providers=SEEING).id
    return open_toolbox(library, SEEING), video


def test_each_object_has_the_vector_of_its_best_view(road: tuple[Library, str]) -> None:
    library, video = road
    seen, crops = library.words(video, SIGHTINGS), library.crop_vectors(video)
    assert crops and crops.ids == [one.id for one in seen] and crops.provider == "appearance"
    red, blue, again = crops.array
    assert red @ again > 0.99 > 0.9 > red @ blue
    for one in seen:  # 44 pixels of 320 wide, at 0.56 to 0.72 of the height
        left, top, right, bottom = box_at(one.boxes, one.seconds)
        assert right - left == pytest.approx(0.14, abs=0.03)
        assert (top, bottom) == pytest.approx((0.56, 0.72), abs=0.03)


def test_between_two_boxes_an_object_goes_straight_on() -> None:
    boxes = ((1.0, 0.0, 0.1, 0.2, 0.5), (2.0, 0.5, 0.1, 0.9, 0.5))
    assert box_at(boxes, 1.5) == pytest.approx((0.25, 0.1, 0.55, 0.5))
    assert box_at(boxes, 0.0) == (0.0, 0.1, 0.2, 0.5)


def test_more_like_an_object_are_the_objects_that_look_like_it(road: tuple[Library, str]) -> None:
    library, video = road
    box = Toolbox(library)
    red, blue, again = box.find_objects(videos=[video])
    (found,) = box.find_similar(red.id)
    assert found.id == again.id and found.facts["likeness"] == found.score > 0.9
    assert found.text == f"alike in colours and layout: {again.text}"
    assert box.find_similar(blue.id) == []
    assert box.find_similar(red.id, end=9.0) == [] == box.find_similar(red.id, start=17.0)
    (at_14,) = box.find_similar(red.id, start=10.0)
    assert at_14.id == again.id


def test_an_object_that_was_replaced_since_is_still_compared(
    road: tuple[Library, str], road_film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, video = road
    red = library.words(video, SIGHTINGS)[0]
    monkeypatch.setattr("tools.ingest.stages.tracking.detector_fingerprint", lambda *_: "cars")
    index_road(library.home, road_film)  # its cars have names now, and other spans
    crops = library.crop_vectors(video)
    assert crops and red.id not in crops.ids and len(crops.ids) == 3
    assert starts(Toolbox(library).find_similar(red.id)) == [4, 14]


def test_a_library_of_before_gets_them_at_its_next_index_and_nothing_is_decoded(
    road: tuple[Library, str], road_film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, video = road
    folder, manifest = library.folder(video), library.manifest(video)
    for name in manifest["stages"].pop("crops")["files"]:
        (folder / name).unlink()
    write_manifest(folder, manifest)
    assert library.get(video).state == "ready" and verify(library) == []
    box = Toolbox(library)
    red = box.find_objects(videos=[video])[0]
    assert box.looks.alike(red, None, None, None, 6) is None  # whole pictures are compared
    assert box.find_similar(red.id) == []
    before = library.manifest(video)["stages"]
    monkeypatch.setattr(IngestRun, "decode", lambda *_, **__: pytest.fail("decoded again"))
    ingest(library, road_film, providers=BARE)
    after = library.manifest(video)["stages"]
    assert {name: after[name] for name in before} == before and after["crops"]["state"] == "done"
    assert starts(box.find_similar(red.id)) == [14]


def test_they_are_in_chroma_counted_verified_mended_and_removed(
    road: tuple[Library, str], cuepoint: Callable[..., tuple[int, str, str]]
) -> None:
    library, video = road
    chroma.fill(library.catalog, [video])
    counted = chroma.collection_counts(library.catalog, video)
    kinds = {name.partition("-")[0]: rows for name, rows in counted.items() if video in name}
    assert kinds["crops"] == 3
    at_home = ("--library", library.home)
    assert "3  vectors in crops-" in cuepoint(*at_home, "library", "show", video)[1]
    assert ", 3 of crops" in cuepoint(*at_home, "doctor")[1].replace("vectors: ", ", ")
    assert verify(library) == []
    path = library.folder(video) / "crops.npy"
    path.write_bytes(path.read_bytes()[:-8])
    assert [one.what for one in verify(library)] == ["crops.npy is damaged"]
    assert repair(library).left == [] and verify(library) == []
    library.remove(video)
    left = [path for path in library.root.rglob("*") if video in str(path)]
    left += [p for p in library.root.rglob("*") if p.is_file() and video.encode() in p.read_bytes()]
    assert left == [] and chroma.collection_counts(library.catalog, video) == {}


def test_what_no_detector_knows_is_found_by_its_look(seeing: tuple[Toolbox, str]) -> None:
    box, video = seeing
    found = box.find_objects("a red wheelbarrow", videos=[video])
    assert starts(found) == [4, 14] and all(one.score >= 0.5 for one in found)
    assert all(one.text.startswith("looks like a red wheelbarrow: red thing") for one in found)
    assert starts(box.find_objects("blue tricycle with a flag")) == [9]
    assert starts(box.find_objects("a red wheelbarrow", start=10.0)) == [14]
    assert starts(box.find_objects("a red wheelbarrow", region=[0, 0, 1, 0.5])) == []
    assert box.find_objects("the green robot") == []  # nothing is nearer to it than to anything
    assert starts(box.search("red wheelbarrow", kinds=["object"])) == [4, 14]
    assert not [one for one in box.search("red wheelbarrow") if one.kind == "object"]
    assert starts(box.find_objects("red car")) == [4, 14]  # no detector named anything here
    red = box.find_objects("a red wheelbarrow")[0]
    assert [one.text.partition(":")[0] for one in box.find_similar(red.id)] == ["alike"]


def test_what_fits_no_better_than_by_chance_is_only_the_closest(
    seeing: tuple[Toolbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    box, video = seeing
    monkeypatch.setattr("tools.search.image_vectors.FITS", 0.99)
    found = box.find_objects("a red wheelbarrow", videos=[video])
    assert starts(found) == [4, 14] and not any(one.facts["fits"] for one in found)
    assert all(one.text.startswith("not sure, closest to a red wheelbarrow: ") for one in found)
    assert box.search("red wheelbarrow", kinds=["object"]) == []


@pytest.mark.parametrize(
    ("providers", "missing"),
    [(replace(BARE, picture_embedder="auto"), "run: cuepoint models pull siglip2"),
     (BARE, "picture search is switched off")],
)  # fmt: skip
def test_without_a_picture_model_an_unknown_thing_is_told_in_a_sentence(
    road: tuple[Library, str], providers: Providers, missing: str
) -> None:
    box = open_toolbox(road[0], providers)
    with pytest.raises(RefusedRequest, match="no detector here knows 'wheelbarrow'") as refused:
        box.find_objects("wheelbarrow")
    assert missing in str(refused.value)
    assert box.search("wheelbarrow", kinds=["object"]) == []


def test_objects_that_the_model_has_not_seen_yet_are_told_to_be_indexed(
    road: tuple[Library, str], tiny: Any, road_film: Path
) -> None:
    library, video = road
    tiny.install_pair(library.home)
    box = open_toolbox(library, SEEING)
    with pytest.raises(RefusedRequest, match="no vectors of siglip2; run: cuepoint index"):
        box.find_objects("wheelbarrow")
    assert starts(box.find_similar(box.find_objects()[0].id)) == [14]  # by their appearance
    ingest(library, road_film, providers=SEEING)
    assert library.get(video).stages["crops"].provider == "siglip2"
    assert box.looks.blind([video]) == ""
