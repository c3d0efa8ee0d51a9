import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agent.toolbelt import Toolbelt
from tools.embed import load_image_embedder, resolve_image_embedder
from tools.embed.dual_encoder import OnnxPair
from tools.errors import NotIndexed
from tools.files.durable import digest, read_lines
from tools.ingest.pipeline import ingest
from tools.ingest.stages.embeddings import picture_sources, pictures
from tools.integrity.verify import verify
from tools.library import Library
from tools.models.providers import BARE, Providers
from tools.models.registry import seal
from tools.search.image_vectors import VisualSearch
from tools.search.vector_index import ExactIndex
from tools.store.coverage import coverage
from tools.store.manifest import write_manifest
from tools.toolbox import open_toolbox

MODELS = Path(os.environ.get("CUEPOINT_MODELS", "models")).absolute()


def work_on(library: Library, video: str, **chosen: Any) -> Any:
    """What a run hands to a stage, as far as this one asks for it."""
    return SimpleNamespace(
        library=library, video=video, folder=library.folder(video), sampling="adaptive",
        providers=Providers(**chosen), manifest=library.manifest(video),
        report=lambda *_: None, mark_waiting=lambda: None,
    )  # fmt: skip


def test_a_text_finds_the_frames_that_show_it_and_what_looks_the_same_is_embedded_once(
    tiny, shots, tmp_path, monkeypatch
):
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=BARE).id
    tiny.install_pair(library.home)
    embedded: list[Path] = []
    images = OnnxPair.images
    monkeypatch.setattr(
        OnnxPair, "images", lambda pair, paths: embedded.extend(paths) or images(pair, paths)
    )
    done = pictures(work_on(library, video))
    assert (done.state, done.provider, len(embedded)) == ("done", "siglip2", 4)
    rows = read_lines(library.folder(video) / "pictures.jsonl")
    array = np.load(library.folder(video) / "pictures.npy")
    frames = library.frames(video)
    assert [row["id"] for row in rows] == [frame.id for frame in frames]
    assert len(array) == len(frames) > 4 == len(np.unique(array, axis=0))
    pair = load_image_embedder("siglip2", library.home)
    for colour, start, end in (("red", 0, 3), ("blue", 3, 6), ("black", 6, 8), ("white", 8, 10)):
        fits = array @ pair.texts([f"a {colour} picture"])[0]
        shown = [f.seconds for f, fit in zip(frames, fits, strict=True) if fit > fits.max() - 1e-3]
        assert shown and all(start <= at <= end for at in shown), colour


def test_a_slide_that_returns_is_found_at_each_of_its_times(tiny, encode, tmp_path):
    def slides(at: float) -> np.ndarray:
        return np.full((180, 320, 3), tiny.COLOURS["red" if at < 4 or at >= 8 else "blue"], "u1")

    library, seeing = Library(tmp_path / "home"), replace(BARE, picture_embedder="siglip2")
    tiny.install_pair(library.home)
    video = ingest(library, encode(tmp_path / "talk.mp4", slides, 12.0), providers=seeing).id
    pair = load_image_embedder("siglip2", library.home)
    visual = VisualSearch(library, ExactIndex(library.catalog), pair)
    reds = {frame.id for frame in library.frames(video) if not 4 <= frame.seconds < 8}
    later = {frame.id for frame in library.frames(video) if frame.seconds >= 9}
    red = pair.texts(["red"])[0]
    assert visual.alike(red).keys() == reds
    assert visual.alike(red, start=9.0).keys() == later and later


def test_without_a_model_frames_get_appearance_vectors_and_a_note_on_what_one_adds(
    tiny, shots, tmp_path
):
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=BARE).id
    made = pictures(work_on(library, video))
    assert (made.state, made.provider) == ("done", "appearance")
    assert made.note.endswith("cuepoint models pull siglip2")
    vectors = library.index_picture_vectors(video)
    assert vectors and vectors.ids == [frame.id for frame in library.index_frames(video)]
    assert np.allclose(np.linalg.norm(vectors.array, axis=1), 1, atol=1e-5)
    off = pictures(work_on(library, video, picture_embedder="none"))
    assert (off.state, off.provider) == ("done", "appearance") and "switched off" in off.note
    assert off.note in coverage(library, video).notes
    before = picture_sources(work_on(library, video))
    tiny.install_pair(library.home)
    assert picture_sources(work_on(library, video)) != before


def released(library: Library, video: str, **stage: Any) -> None:
    """Leave the stage of pictures as a released version did, without appearance vectors."""
    folder, manifest = library.folder(video), library.manifest(video)
    for name in manifest["stages"]["pictures"]["files"]:
        (folder / name).unlink()
    frames = manifest["stages"]["pass"]["files"]
    entry = {
        "state": "skipped",
        "provider": "",
        "files": {},
        "from": [1, "none", "adaptive", frames],
    }
    manifest["stages"]["pictures"] = entry | stage
    write_manifest(folder, manifest)


def test_a_library_of_a_released_version_gets_appearance_vectors_at_its_next_index(
    shots: Path, tmp_path: Path
) -> None:
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=BARE).id
    released(library, video)
    assert library.index_picture_vectors(video) is None and verify(library) == []
    toolbox = open_toolbox(library, BARE)
    frame = library.frames(video)[0]
    with pytest.raises(NotIndexed, match="cuepoint index"):
        toolbox.find_similar(frame.id)
    with pytest.raises(NotIndexed, match="cuepoint index"):
        toolbox.pictures.like_picture(library.picture(frame.image))
    kept = {path: path.stat().st_mtime_ns for path in library.folder(video).glob("frames*")}
    assert ingest(library, shots, providers=BARE).stages["pictures"].provider == "appearance"
    assert kept == {path: path.stat().st_mtime_ns for path in kept}  # nothing is decoded again
    assert toolbox.pictures.like_picture(library.picture(frame.image))


def test_the_segments_of_a_released_version_are_read_over_and_go_with_its_vectors(
    tiny: Any, shots: Path, tmp_path: Path
) -> None:
    library, seeing = Library(tmp_path / "home"), replace(BARE, picture_embedder="siglip2")
    place = tiny.install_pair(library.home)
    video = ingest(library, shots, providers=seeing).id
    folder, manifest = library.folder(video), library.manifest(video)
    segments = folder / "segments.npy"
    np.save(segments, np.zeros(3))
    manifest["stages"]["pictures"]["files"][segments.name] = digest(segments)
    write_manifest(folder, manifest)
    toolbox = open_toolbox(library, seeing)
    assert toolbox.search_frames("the red one") and verify(library) == []
    assert ingest(library, shots, providers=seeing).state == "ready" and segments.exists()
    shutil.rmtree(place)
    tiny.make_pair(place, 48)
    seal(place, "siglip2")
    for _ in range(2):  # what a manifest lists no more goes at the next start
        ingest(library, shots, providers=seeing)
    assert not segments.exists() and verify(library) == []
    assert toolbox.search_frames("the red one")


def test_a_model_that_is_pulled_or_removed_is_seen_by_the_next_question(tiny, shots, tmp_path):
    library = Library(tmp_path / "home")
    seeing = replace(BARE, picture_embedder="auto")
    video = ingest(library, shots, providers=seeing).id
    toolbox = open_toolbox(library, seeing)
    belt = Toolbelt(toolbox)

    def offered() -> bool:
        return "classify" in {tool.name for tool in belt.tools}

    assert toolbox.pictures.visual is None and not offered()
    assert toolbox.pictures.blind([video]).endswith("cuepoint models pull siglip2")
    place = tiny.install_pair(library.home)
    ingest(library, shots, providers=seeing)
    assert offered() and toolbox.search_frames("the red one", [video])
    first = toolbox.pictures.visual
    assert first is not None and toolbox.pictures.visual is first
    shutil.rmtree(place)
    tiny.make_pair(place, 48)
    seal(place, "siglip2")
    second = toolbox.pictures.visual
    assert second is not None and second is not first and second.embedder.dimensions == 48
    assert [one.id for one in toolbox.unseen([video])] == [video]
    shutil.rmtree(place)
    assert toolbox.pictures.visual is None and not offered()


def test_other_weights_of_the_same_name_see_again(tiny, shots, tmp_path):
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=BARE).id
    own = tiny.make_pair(tmp_path / "own")
    pulled = tiny.install_pair(library.home)
    for name, place in ((str(own), own), ("siglip2", pulled)):
        before = picture_sources(work_on(library, video, picture_embedder=name))
        assert picture_sources(work_on(library, video, picture_embedder=name)) == before
        with next(place.rglob("*vision*.onnx")).open("ab") as file:
            file.write(b"another")
        if place == pulled:
            seal(place, name)
        assert picture_sources(work_on(library, video, picture_embedder=name)) != before


def test_a_real_model_finds_the_lighthouse_and_no_dog(sample: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(MODELS)
    name, _ = resolve_image_embedder("auto", home)
    if name is None:
        pytest.skip("no weights of a picture model (CUEPOINT_MODELS)")
    seeing = Providers("none", "auto", "none", name, "none")
    library = Library(home)
    video = ingest(library, sample, providers=seeing)
    toolbox = open_toolbox(library, seeing)
    found = toolbox.search_frames("a drawing of a lighthouse by the sea", [video.id])
    assert found and all(one.score >= 0.5 for one in found)
    assert toolbox.search_frames("a dog on a skateboard", [video.id]) == []
