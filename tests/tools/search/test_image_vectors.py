"""Words, pictures and labels against the frames of a real library, with an embedder of colours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tools.errors import NotIndexed, ProviderUnavailable, RefusedRequest
from tools.files.durable import digest, write_lines
from tools.ingest.on_demand import DenseSampler
from tools.library import Library
from tools.search.image_vectors import VisualSearch
from tools.search.vector_index import ExactIndex
from tools.store import manifest as manifests
from tools.toolbox import Toolbox

COLOURS = {"red": (200, 30, 30), "blue": (30, 60, 220), "black": (10, 10, 12), "white": (240,) * 3,
           "green": (20, 180, 40)}  # fmt: skip


class Colours:
    """Pictures by the colour nearest to theirs, texts by the one they name; the rest is noise."""

    name, dimensions = "colours", 54

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self._row(self._named(text), text, 1.0) for text in texts])

    def images(self, images: Sequence[Path]) -> np.ndarray:
        return np.stack([self._row(self._mean(path), path.name, 0.0) for path in images])

    def _named(self, text: str) -> np.ndarray:
        return np.array([float(name in text) for name in COLOURS])

    def _mean(self, path: Path) -> np.ndarray:
        mean = np.asarray(Image.open(path).convert("RGB"), float).mean(axis=(0, 1))
        away = [np.abs(mean - rgb).sum() for rgb in COLOURS.values()]
        return np.eye(len(COLOURS))[int(np.argmin(away))]

    def _row(self, tint: np.ndarray, seed: str, gap: float) -> np.ndarray:
        noise = np.random.default_rng(list(seed.encode())).standard_normal(48)
        row = np.concatenate([tint, [gap], noise / np.linalg.norm(noise) * 0.3])
        return (row / np.linalg.norm(row)).astype(np.float32)


class Others(Colours):
    """The same name in a folder where another model lies now."""

    dimensions = Colours.dimensions + 2

    def _row(self, *given: Any) -> np.ndarray:
        return np.pad(super()._row(*given), (0, 2))


def see(library: Library, video: str) -> None:
    """What the stage of pictures leaves behind."""
    folder, frames = library.folder(video), library.frames(video)
    array = Colours().images([library.picture(one.image) for one in frames])
    np.save(folder / "pictures.npy", array)
    write_lines(folder / "pictures.jsonl", [{"id": one.id} for one in frames])
    names = ("pictures.npy", "pictures.jsonl")
    manifest = library.manifest(video)
    manifest["stages"]["pictures"] = {
        "state": "done",
        "provider": "colours",
        "files": {name: digest(folder / name) for name in names},
    }
    manifests.write_manifest(folder, manifest)
    library.catalog.sync()


@pytest.fixture
def box(shelf: Any) -> Toolbox:
    see(shelf.library, shelf.video)
    colours = Colours()
    return Toolbox(shelf.library, image_embedder=lambda: colours)


@pytest.mark.parametrize("scoped", [False, True])
def test_words_find_what_is_shown_and_nothing_else(box: Toolbox, shelf: Any, scoped: bool):
    videos = [shelf.video] if scoped else None
    visual = box.pictures.visual
    assert visual is not None
    found = visual.fitting("a blue thing", videos)
    assert found and all(3000 <= int(id.partition("@")[2]) < 6000 for id in found)
    assert all(0.5 <= score <= 1 for score in found.values())
    assert visual.fitting("something green", videos) == {}
    assert visual.fitting("a blue thing", videos, start=6) == {}


def test_a_question_about_things_is_answered_in_spans_of_a_scene(box: Toolbox):
    assert box.search_frames("a kettle") == []
    (one,) = box.search_frames("a whiteboard")  # no colour that pixels are asked for
    assert one.start >= 8.0 and one.score >= 0.5 and one.image
    (red,) = box.search_frames("mostly red")
    assert red.end < 3.0


def test_more_like_this_finds_other_moments_of_the_same_look(box: Toolbox, shelf: Any):
    visual = box.pictures.visual
    assert visual is not None
    frame = next(one for one in shelf.library.frames(shelf.video) if one.seconds >= 3)
    alike = visual.alike(visual.picture(shelf.library.picture(frame.image)))
    assert frame.id in alike and all(3 <= int(id.partition("@")[2]) / 1000 < 6 for id in alike)
    assert box.find_similar(frame.id) == []  # its own scene is no other
    assert box.find_similar(frame.id, [shelf.video]) == []


def test_what_a_closer_look_saw_is_found_in_all_videos(box: Toolbox, shelf: Any):
    visual = box.pictures.visual
    assert visual is not None
    DenseSampler(shelf.library, shelf.video, None, visual.embedder).sample(4.0, 4.1)
    frames = {f"frame:{shelf.video}@{4000 + 100 * n}" for n in range(10)}
    assert frames <= visual.fitting("a blue thing").keys()
    assert len(frames & visual.fitting("a blue thing", start=4.5).keys()) == 5


def test_labels_with_none_of_them(box: Toolbox, shelf: Any):
    (red,) = box.classify(["red", "blue"], shelf.video, 0, 3)
    assert red.text.startswith("red") and red.score > 0.5 and (red.start, red.end) == (0, 3)
    (none,) = box.classify(["green"], shelf.video, 6, 8)
    assert none.text.startswith("none of them")
    with pytest.raises(RefusedRequest, match="20 labels at most"):
        box.classify(["red"] * 21, shelf.video)


def test_what_cannot_see_says_so(shelf: Any):
    blind = Toolbox(shelf.library)
    assert blind.classify not in blind.tools() and blind.search_frames("a kettle") == []
    with pytest.raises(ProviderUnavailable, match="models pull"):
        blind.classify(["a kettle"], shelf.video)
    assert blind.pictures.blind([shelf.video]).endswith("run: cuepoint models pull siglip2")
    unseen = Toolbox(shelf.library, image_embedder=Colours).pictures.blind([shelf.video])
    assert unseen.endswith("run: cuepoint index")
    visual = VisualSearch(shelf.library, ExactIndex(shelf.library.catalog), Colours())
    with pytest.raises(NotIndexed, match="cuepoint index"):
        visual.classify(["red"], shelf.video)
    with pytest.raises(NotIndexed, match="cuepoint index"):
        visual.alike(Colours().texts(["red"])[0])


@pytest.mark.parametrize("scoped", [False, True])
def test_pictures_that_another_model_of_the_same_name_saw_are_told_and_left_out(
    box: Toolbox, shelf: Any, scoped: bool
):
    videos = [shelf.video] if scoped else None
    frame = shelf.library.frames(shelf.video)[0].id
    others = Others()
    other = Toolbox(shelf.library, image_embedder=lambda: others)
    assert other.search_frames("a kettle", videos) == [] == box.unseen(videos)
    assert [one.id for one in other.unseen(videos)] == [shelf.video]
    assert other.pictures.blind([shelf.video]).endswith("run: cuepoint index")
    with pytest.raises(NotIndexed, match="cuepoint index"):
        other.find_similar(frame, videos)
    with pytest.raises(NotIndexed, match="cuepoint index"):
        other.classify(["red", "blue"], shelf.video)
    other.look_closer(shelf.video, 4.0, 4.1)  # whose vectors fit no others yet
    assert len(shelf.library.frames(shelf.video)) > len(shelf.library.index_frames(shelf.video))
    visual = box.pictures.visual
    assert visual is not None and visual.fitting("a blue thing", videos)
