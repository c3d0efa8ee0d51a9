"""More like this, over a library of several videos, without a picture model."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tools.errors import Damaged
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.search import image_vectors
from tools.store.store import Store
from tools.toolbox import Toolbox, open_toolbox

SIDE = (180, 320, 3)
Encode = Callable[..., Path]


def spots(number: int) -> np.ndarray:
    """A picture of soft spots in two colours of its own."""
    random = np.random.default_rng(number)
    one, other = random.uniform(0, 230, (2, 1, 1, 3))
    share = random.uniform(0, 1, (5, 9, 1))
    image = Image.fromarray((one * share + other * (1 - share)).astype(np.uint8))
    return np.asarray(image.resize((SIDE[1], SIDE[0]), Image.Resampling.BICUBIC))


def films(folder: Path, encode: Encode, *shown: tuple[int, ...]) -> tuple[Library, list[str]]:
    """A library with one video for each row of numbers; a picture of spots for two seconds each."""
    library, made = Library(folder / "home"), list[str]()
    for place, numbers in enumerate(shown):
        pictures = [spots(number) for number in numbers]

        def paint(at: float, pictures: list[np.ndarray] = pictures) -> np.ndarray:
            return pictures[min(int(at / 2), len(pictures) - 1)]

        path = encode(folder / f"{place}.mp4", paint, 2.0 * len(numbers), fps=5)
        made.append(ingest(library, path, providers=BARE).id)
    return library, made


@pytest.fixture(scope="module")
def many(encode: Encode, tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, list[str]]:
    """Twelve videos; the first and the last one share a picture."""
    rows = [(1, 2), *((n, n + 20) for n in range(3, 13)), (40, 1, 41)]
    return films(tmp_path_factory.mktemp("many"), encode, *rows)


def frame_of(library: Library, video: str, at: float) -> str:
    return next(frame.id for frame in library.frames(video) if frame.seconds >= at)


def test_the_same_picture_of_another_video_comes_first_and_is_told(
    many: tuple[Library, list[str]],
) -> None:
    library, videos = many
    box = Toolbox(library)
    one, *_ = box.find_similar(frame_of(library, videos[0], 0))
    assert one.video == videos[-1] and 2 <= one.start <= one.end < 4
    assert one.text.startswith(("the same picture: ", "almost the same picture: "))
    assert one.score > 0.9
    assert box.find_similar(frame_of(library, videos[0], 0), videos[1:6]) == []
    scene = box.find_scenes(videos[-1])[1]  # a picture of it is several side by side
    back, *_ = box.find_similar(scene.id)
    assert back.video == videos[0] and back.end < 2


def test_a_picture_from_outside_finds_its_moment_and_what_is_alike_is_told_as_that(
    many: tuple[Library, list[str]], tmp_path: Path
) -> None:
    library, videos = many
    search, copy = Toolbox(library).pictures, tmp_path / "copy.jpg"
    Image.fromarray(spots(5)).resize((480, 270)).save(copy, quality=50)
    (same,) = search.like_picture(copy)
    assert (same.video, same.start < 2) == (videos[3], True)
    assert same.text.startswith("almost the same picture: ")
    moved = np.roll(spots(5), 12, axis=1)
    Image.fromarray(moved).save(copy)
    (alike,) = search.like_picture(copy, videos[2:8])
    assert alike.video == videos[3] and alike.score < same.score
    assert alike.text.startswith("alike in colours and layout: ")
    Image.fromarray(255 - spots(5)).save(copy)
    assert search.like_picture(copy) == []


def test_of_a_large_library_only_the_nearest_videos_are_opened(
    many: tuple[Library, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    library, videos = many
    monkeypatch.setattr(image_vectors, "VIDEOS", 2)
    opened = set[str]()
    vectors = Store.picture_vectors
    monkeypatch.setattr(
        Store, "picture_vectors", lambda self, video: opened.add(video) or vectors(self, video)
    )
    shown = frame_of(library, videos[0], 0)
    for scope in (None, [*videos[:5], videos[-1]]):
        opened.clear()
        found = Toolbox(library).find_similar(shown, scope)
        assert found[0].video == videos[-1] and opened == {videos[0], videos[-1]}


def test_what_else_is_in_the_library_changes_no_score(
    many: tuple[Library, list[str]], encode: Encode, tmp_path: Path
) -> None:
    library, videos = many
    small, (first, last) = films(tmp_path, encode, (1, 2), (40, 1, 41))
    assert (first, last) == (videos[0], videos[-1])
    frame = frame_of(library, first, 0)
    alone, among = Toolbox(small).find_similar(frame), Toolbox(library).find_similar(frame)
    assert [(one.id, one.score) for one in alone] == [
        (one.id, one.score) for one in among if one.video in (first, last)
    ]


def test_with_a_model_neither_does_it(
    tiny: Any, encode: Encode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = np.random.default_rng(5).choice(list(tiny.COLOURS), (96, 12))
    captions = tuple(" ".join(one) for one in drawn)
    monkeypatch.setattr("tools.search.calibration.DISTRACTORS", captions)
    library, seeing = Library(tmp_path / "home"), replace(BARE, picture_embedder="siglip2")
    tiny.install_pair(library.home)

    def film(*colours: str) -> str:
        def paint(at: float) -> np.ndarray:
            return np.full(SIDE, tiny.COLOURS[colours[min(int(at / 2), len(colours) - 1)]], "u1")

        path = encode(tmp_path / f"{'-'.join(colours)}.mp4", paint, 2.0 * len(colours), fps=5)
        return ingest(library, path, providers=seeing).id

    def scores(video: str) -> list[dict[str, float]]:
        visual = open_toolbox(library, seeing).pictures.visual
        assert visual is not None
        picture = visual.picture(library.picture(library.frames(video)[0].image))
        found = [visual.fitting("a red thing"), visual.alike(picture)]
        return [{id: one for id, one in fits.items() if video in id} for fits in found]

    video = film("red", "orange", "blue")
    alone = scores(video)
    others = [film("red", colour) for colour in ("green", "cyan", "pink", "grey", "brown")]
    assert all(alone) and scores(video) == alone and all(map(all, map(scores, others)))


def test_what_a_closer_look_saw_is_found_by_its_appearance(encode: Encode, tmp_path: Path) -> None:
    library, (video,) = films(tmp_path, encode, (1, 2, 1))
    box = Toolbox(library)
    box.look_closer(video, 0.9, 1.0)
    sampled = [one.seconds for one in library.dense_samples(video)[0].frames]
    assert library.dense_samples(video)[0].embedder == "appearance"
    found = box.find_similar(frame_of(library, video, 4.5))
    assert any(one.start <= at <= one.end for one in found for at in sampled)
    assert len(found) == 1, "a scene is one span"


@pytest.mark.parametrize("harm", ["cut short", "changed", "gone"])
def test_vectors_that_are_not_what_was_written_are_named(shelf: Any, harm: str) -> None:
    path = shelf.folder / "pictures.npy"
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(data if harm == "changed" else data[:-100])
    with pytest.raises(Damaged, match=r"pictures\.npy of .* is (damaged|missing): run"):
        Toolbox(shelf.library).find_similar(frame_of(shelf.library, shelf.video, 0))


def test_words_never_search_appearance_vectors(many: tuple[Library, list[str]]) -> None:
    library, videos = many
    box = Toolbox(library)
    assert box.pictures.visual is None and box.search_frames("a kettle") == []
    assert box.pictures.blind(videos).endswith("run: cuepoint models pull siglip2")
    assert (
        ingest(
            library, library.original(videos[0]), providers=replace(BARE, picture_embedder="none")
        )
        .stages["pictures"]
        .provider
        == "appearance"
    )
