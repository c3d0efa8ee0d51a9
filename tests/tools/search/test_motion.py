from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tools.errors import ProviderUnavailable
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Scene
from tools.models.providers import BARE
from tools.search.motion import find_actions
from tools.search.zero_shot import Label
from tools.summary.highlights import find_highlights
from tools.vision.signals import ROW

CHANCE = np.random.default_rng(3)
WALL = np.kron(CHANCE.integers(40, 200, (18, 64)), np.ones((10, 10))).astype(np.uint8)


def crossing(seconds: float) -> np.ndarray:
    """A white block before a grey wall: it goes from left to right from 3 to 6 s."""
    picture = np.full((180, 320, 3), 70, np.uint8)
    left = int(np.clip((seconds - 3) / 3, 0, 1) * 260)
    picture[70:110, left : left + 50] = 250
    return picture


def panning(seconds: float) -> np.ndarray:
    """A camera that turns to the right: what it sees goes to the left."""
    left = int(np.clip(seconds - 1, 0, 4) * 60)
    return np.repeat(WALL[:, left : left + 320, None], 3, axis=2)


@pytest.mark.parametrize(
    "paint, length, told, span",
    [
        (crossing, 9.0, "something moves from left to right", (3.0, 6.0)),
        (panning, 6.0, "the camera pans right", (1.0, 5.0)),
    ],
)
def test_a_movement_is_told_with_its_span_and_its_way(encode, tmp_path, paint, length, told, span):
    library = Library(tmp_path / "home")
    path = encode(tmp_path / "moves.mp4", paint, length, fps=10)
    video = ingest(library, path, providers=BARE, sampling="dense").id
    (one,) = find_actions(library, video, 0.0, length)
    assert (one.start, one.end) == pytest.approx(span, abs=0.6)
    assert told in one.text and 0.5 < one.score <= 1
    assert library.evidence(one.id) == one
    assert find_actions(library, video, span[1] + 1, length) == []


def test_a_cut_is_no_movement_and_nothing_is_named_without_a_model(shots, tmp_path):
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=BARE).id
    assert find_actions(library, video, 0.0, 10.0) == []
    with pytest.raises(ProviderUnavailable, match="cuepoint models pull"):
        find_actions(library, video, 0.0, 10.0, ["walking"])


class Sees:
    """A model that knows when somebody walks."""

    def classify(self, labels, video, start=None, end=None):
        walks = 2.0 <= start < 6.0
        chances = {"walking": 0.7 if walks else 0.2, "": 0.2 if walks else 0.7, "running": 0.1}
        found = [Label(text, chance, 0.0) for text, chance in chances.items()]
        return sorted(found, key=lambda one: -one.probability)


def test_with_a_model_a_label_has_a_span_and_a_confidence(encode, tmp_path):
    library = Library(tmp_path / "home")
    path = encode(tmp_path / "walk.mp4", crossing, 9.0, fps=10)
    video = ingest(library, path, providers=BARE, sampling="uniform").id
    visual: object = Sees()
    (one,) = find_actions(library, video, 0.0, 9.0, ["walking", "running"], visual)  # type: ignore[arg-type]
    assert one.text == "walking 70%" and one.score == 0.7
    assert one.start <= 3.0 and 6.0 <= one.end < 9.0


def test_what_is_loud_stands_out_with_its_reason(sample: Path, tmp_path):
    library = Library(tmp_path / "home")
    video = ingest(library, sample, providers=BARE).id
    found = find_highlights(library, video)
    for horn in (50.0, 88.0):
        (one,) = [one for one in found if one.start - 2 <= horn <= one.end + 2]
        assert "loud sound" in one.reasons
        assert any("loud" in cited.text for cited in one.evidence)


class Store:
    """A library of one film that moves in every scene, which counts what is read of it."""

    scenes_of, frames_of = 40, 20

    def __init__(self) -> None:
        self.reads = Counter[str]()

    def get(self, video):
        return SimpleNamespace(width=320)

    def signals(self, video):
        self.reads["signals"] += 1
        count = self.scenes_of * self.frames_of
        return np.array([(n / 10, 9, 0, 0.05, 0, 0, 0.5, 0.2, 0, 0) for n in range(count)], ROW)

    def scenes(self, video):
        self.reads["scenes"] += 1
        return [Scene(video, 2.0 * n, 2.0 * n + 2, None) for n in range(self.scenes_of)]

    def frames(self, video):
        self.reads["frames"] += 1
        return []


def test_however_many_movements_there_are_a_video_is_read_once():
    store: object = Store()
    found = find_actions(store, "7f3a9c21d0e4b512", 0.0, 1e9)  # type: ignore[arg-type]
    assert len(found) == Store.scenes_of
    assert store.reads == {"signals": 1, "scenes": 1, "frames": 1}
