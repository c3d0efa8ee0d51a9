import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import flat
from tools.errors import ProviderUnavailable, RefusedRequest, UnknownVideo, UnreadableMedia
from tools.ingest import stages
from tools.ingest.pipeline import ingest
from tools.ingest.run import Progress, Result
from tools.integrity.verify import verify
from tools.library import Library
from tools.models.providers import BARE, Providers
from tools.store.frames import sample_frames
from tools.store.manifest import write_manifest
from tools.store.store import STAGES

Encode = Callable[..., Path]
QUICK = {"providers": BARE}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "home")


def test_an_indexed_video_has_all_that_was_promised(library: Library, shots: Path) -> None:
    said: list[Progress] = []
    video = ingest(library, shots, on_progress=said.append, **QUICK)
    assert video.state == "ready" and video.title == "four shots"
    assert (video.width, video.height, video.fps) == (320, 180, 10.0)
    assert [scene.start for scene in library.scenes(video.id)] == [0.0, 3.0, 6.0, 8.0]
    assert library.scenes(video.id)[-1].end == pytest.approx(video.duration)
    frames = library.frames(video.id)
    assert frames[0].reason == "first frame" and frames[1].reason == "new shot"
    assert all(library.image_path(frame.image).exists() for frame in frames)
    assert len(library.attributes(video.id)) == len(frames)
    assert verify(library) == []
    done = [p.stage for p in said if p.state in ("done", "skipped")]
    assert done == list(STAGES)


def test_the_video_can_be_asked_once_its_keyframes_are_there(library: Library, shots: Path) -> None:
    seen: list[tuple[str, str, int]] = []

    def watch(now: Progress) -> None:
        if now.stage == "keyframes" and now.state == "done":
            (video,) = library.list()
            seen.append((video.id, video.state, len(library.frames(video.id))))

    video = ingest(library, shots, on_progress=watch, **QUICK)
    assert seen == [(video.id, "indexing", 5)]


def test_a_second_index_does_nothing(
    library: Library, shots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ingest(library, shots, **QUICK)
    before = library.generation(first.id)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("decoded again"))
    for module in ("ingest.pipeline", "store.original"):
        monkeypatch.setattr(f"tools.{module}.digest", lambda _: pytest.fail("read again"))
    assert ingest(library, shots, **QUICK) == first
    assert library.generation(first.id) == before


def test_equal_content_is_one_video_and_equal_names_are_two(
    library: Library, shots: Path, encode: Encode, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.mp4"
    shutil.copy(shots, copy)
    other = encode(tmp_path / shots.name, lambda _: np.zeros((64, 64, 3), np.uint8), 1.0)
    ids = [ingest(library, path, **QUICK).id for path in (shots, copy, other)]
    assert ids[0] == ids[1] != ids[2]
    assert len(library.list()) == 2
    with pytest.raises(UnknownVideo, match="ambiguous"):
        library.get("four shots")
    with pytest.raises(UnknownVideo, match="`cuepoint library list`") as refused:
        library.get("nothing like it")
    assert "four shots" not in str(refused.value)  # titles are for who asks for them
    assert library.get(ids[2][:6]).id == ids[2]


def test_a_changed_setting_redoes_only_its_stages(library: Library, shots: Path) -> None:
    video = ingest(library, shots, **QUICK)
    before = dict(library.manifest(video.id)["stages"])
    ingest(library, shots, sampling="uniform", **QUICK)
    after = library.manifest(video.id)["stages"]
    changed = {name for name in after if after[name]["from"] != before[name]["from"]}
    assert "pass" in changed and not changed & {"probe", "subtitles", "keyframes"}
    frames = library.frames(video.id)
    assert len(frames) == 12 and {f.reason for f in frames} == {"evenly spaced, one of 12"}
    assert all(library.image_path(frame.image).exists() for frame in frames)


def test_a_library_of_an_older_release_stays_ready_and_a_killed_redo_does_not(
    library: Library, shots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = ingest(library, shots, **QUICK).id
    old = deepcopy(library.manifest(video))
    for name in ("sound", "pictures", "speech", "speakers"):  # which it did not know
        del old["stages"][name]
    write_manifest(library.folder(video), old)
    assert library.get(video).state == "ready"
    assert "sound is still to come" in library.coverage(video).notes

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("tools.ingest.stages.picture.scenes.spans", killed)
        ingest(library, shots, sampling="uniform", **QUICK)
    assert library.get(video).state == "queued"
    assert ingest(library, shots, sampling="uniform", **QUICK).state == "ready"


def test_subtitles_beside_the_file_are_read_and_a_change_is_seen(
    library: Library, shots: Path, tmp_path: Path
) -> None:
    path = tmp_path / "talk.mp4"
    shutil.copy(shots, path)
    assert library.utterances(ingest(library, path, **QUICK).id) == []
    words = "1\n00:00:01,000 --> 00:00:02,500\nThe kettle is red.\n"
    path.with_suffix(".srt").write_text(words)
    video = ingest(library, path, **QUICK)
    (line,) = library.utterances(video.id)
    assert (line.start, line.end, line.text) == (1.0, 2.5, "The kettle is red.")
    vectors = library.vectors(video.id)
    assert vectors and vectors.ids == [line.id] and vectors.array.shape == (1, 256)


def test_an_upload_is_moved_in_and_a_link_is_never_deleted(
    library: Library, shots: Path, tmp_path: Path
) -> None:
    upload = tmp_path / "upload.tmp"
    shutil.copy(shots, upload)
    taken = ingest(library, upload, title="holiday\n<b>", take=True, **QUICK)
    assert taken.title == "holiday <b>"
    assert not upload.exists() and library.original(taken.id).exists()
    library.remove(taken.id)
    assert library.list() == []
    linked = ingest(library, shots, **QUICK)
    library.remove(linked.id)
    assert shots.exists() and not library.folder(linked.id).exists()


def test_recording_time_is_kept(library: Library, shots: Path) -> None:
    at = datetime(2026, 5, 14, 5, 40, tzinfo=UTC)
    assert ingest(library, shots, recorded_at=at, **QUICK).recorded_at == at
    assert ingest(library, shots, **QUICK).recorded_at == at


def test_only_the_named_stages_run(library: Library, shots: Path) -> None:
    video = ingest(library, shots, only=("keyframes",), **QUICK)
    states = {name: stage.state for name, stage in video.stages.items()}
    assert states["keyframes"] == "done" and states["pass"] == "waiting"
    assert video.state == "queued"
    assert library.scenes(video.id) == []
    later = ingest(library, shots, only=("speech",), **QUICK).stages
    assert (later["pass"].state, later["sound"].state, later["speech"].state) == (
        "done", "done", "skipped",
    )  # fmt: skip
    assert {later[name].state for name in ("screen", "pictures", "vectors")} == {"waiting"}


def test_names_that_do_not_exist_are_refused(library: Library, shots: Path) -> None:
    with pytest.raises(RefusedRequest, match="adaptive"):
        ingest(library, shots, sampling="clever")  # type: ignore[arg-type]
    with pytest.raises(RefusedRequest, match="keyframes"):
        ingest(library, shots, only=("everything",))


@pytest.mark.parametrize("content", [b"", b"words, not frames", b"\x00" * 4096])
def test_what_is_no_video_leaves_nothing_behind(
    library: Library, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(content)
    with pytest.raises(UnreadableMedia, match=r"bad\.mp4"):
        ingest(library, path)
    assert library.list() == []
    assert not list(library.root.glob("videos/*"))


def test_folders_and_missing_files_are_named(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match="folder"):
        ingest(library, tmp_path)
    with pytest.raises(UnreadableMedia, match="no file"):
        ingest(library, tmp_path / "missing.mp4")


INDEX = """
import sys
from pathlib import Path
from typing import Any
from tools.ingest.pipeline import ingest
from tools.models.providers import BARE, Providers
from tools.library import Library
def stop(now):
    if now.stage == sys.argv[3] and now.state == sys.argv[4]:
        sys.stdout.write("there\\n"); sys.stdout.flush(); sys.stdin.read()
ingest(Library(Path(sys.argv[1])), Path(sys.argv[2]), providers=BARE, on_progress=stop)
"""


@pytest.mark.parametrize("stage", ["subtitles", "keyframes", "pass", "vectors"])
@pytest.mark.parametrize("state", ["running", "done"])
def test_a_killed_index_goes_on_where_it_was(
    library: Library, shots: Path, tmp_path: Path, stage: str, state: str
) -> None:
    path = tmp_path / "talk.mp4"
    shutil.copy(shots, path)
    path.with_suffix(".srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nRed kettle.\n")
    work = subprocess.Popen(
        [sys.executable, "-c", INDEX, str(library.home), str(path), stage, state],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert work.stdout and work.stdin
    assert work.stdout.readline() == b"there\n"
    os.kill(work.pid, signal.SIGKILL)
    work.wait()
    work.stdin.close()
    work.stdout.close()
    for video in library.list():  # what is visible is whole
        assert all(library.image_path(f.image).exists() for f in library.frames(video.id))
    video = ingest(library, path, **QUICK)
    assert video.state == "ready" and verify(library) == []
    fresh = Library(tmp_path / "undisturbed")
    ingest(fresh, path, **QUICK)
    for one in library.folder(video.id).glob("*.*l*"):
        if one.suffix in (".jsonl", ".npy"):
            assert one.read_bytes() == (fresh.folder(video.id) / one.name).read_bytes(), one.name


def test_several_at_once_make_one_index(library: Library, shots: Path) -> None:
    runs: list[int] = []
    original = stages.STAGE["pass"].run

    def counted(work: object) -> Result:
        runs.append(1)
        return original(work)  # type: ignore[arg-type]

    step = stages.Step(counted, stages.STAGE["pass"].fingerprint)
    results: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(stages.STAGE, "pass", step)
        threads = [
            threading.Thread(target=lambda: results.append(ingest(library, shots, **QUICK).state))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == ["ready"] * 4 and len(runs) == 1


def test_pictures_of_any_strategy_are_there_when_asked(library: Library, shots: Path) -> None:
    video = ingest(library, shots, **QUICK)
    frames = sample_frames(library, video.id, "uniform", count=7, start=2.0, end=9.0)
    assert len(frames) == 7 and all(2.0 <= f.seconds < 9.0 for f in frames)
    assert all(library.image_path(f.image).exists() for f in frames)
    assert library.evidence(frames[3].id).image == frames[3].image


def test_damage_is_found(library: Library, shots: Path) -> None:
    video = ingest(library, shots, **QUICK)
    folder = library.folder(video.id)
    scenes = folder / "scenes.jsonl"
    scenes.write_bytes(scenes.read_bytes().replace(b"3.0", b"4.0"))
    (folder / "attributes.jsonl").unlink()
    found = {problem.what for problem in verify(library)}
    assert found == {"scenes.jsonl is damaged", "attributes.jsonl is missing"}


def test_the_manifest_is_plain_json(library: Library, shots: Path) -> None:
    video = ingest(library, shots, **QUICK)
    manifest = json.loads((library.folder(video.id) / "manifest.json").read_text())
    assert manifest["id"] == video.id == manifest["sha256"][:16]


def test_a_model_that_fails_stops_no_other_stage(library: Library, shots: Path) -> None:
    shots = Path(shutil.copy(shots, library.home.parent / "kettle.mp4"))
    shots.with_suffix(".srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nThe kettle is red.\n")
    broken = Providers("none", "auto", "none", "no-such-model", "none")
    with pytest.raises(ProviderUnavailable, match="no-such-model"):
        ingest(library, shots, providers=broken)
    (video,) = library.list()
    states = {name: stage.state for name, stage in video.stages.items()}
    assert video.state == "failed" and states["pictures"] == "failed"
    assert states["vectors"] == states["pass"] == "done" and verify(library) == []
    assert "no-such-model" in " ".join(library.coverage(video.id).notes)
    mended = ingest(library, shots, **QUICK)
    assert mended.state == "ready" and mended.stages["pictures"].provider == "appearance"


def test_a_video_that_was_removed_and_indexed_again_has_no_former_life(
    shots: Path, tmp_path: Path
) -> None:
    door = Library(tmp_path / "home")
    video = ingest(door, shots, providers=BARE).id
    before, generation = door.frames(video), door.generation(video)
    door.remove(video)
    ingest(Library(door.home), shots, providers=BARE, sampling="uniform")
    assert door.generation(video) == generation
    assert door.frames(video) == Library(door.home).frames(video) != before


@pytest.mark.parametrize("sampling", ["sparse", "keyframe", "adaptive"])
def test_no_gap_is_longer_than_asked_for(
    tmp_path: Path, encode: Callable[..., Path], sampling: Any
) -> None:
    library = Library(tmp_path / "home")
    film = encode(tmp_path / "still.mp4", lambda _: flat((40, 90, 40)), 24.0, fps=5)
    video = ingest(library, film, sampling=sampling, max_gap=3.0, providers=BARE)
    near = library.coverage(video.id)
    assert near.longest_gap <= 3.0
    assert all(frame.reason for frame in library.frames(video.id))
    wider = ingest(library, film, sampling=sampling, max_gap=9.0, providers=BARE)
    far = library.coverage(wider.id)
    assert far.longest_gap <= 9.0 and (far.frames < near.frames or sampling == "keyframe")
