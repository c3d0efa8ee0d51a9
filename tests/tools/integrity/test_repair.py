"""What `--repair` makes of each damage, and what it leaves alone."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from agent.settings import Settings
from tools.errors import Damaged
from tools.files.checksums import is_intact_picture, load_checked
from tools.files.durable import lock
from tools.ingest.pipeline import ingest
from tools.integrity.repair import repair
from tools.integrity.verify import verify
from tools.library import Library
from tools.models.providers import BARE, Providers
from tools.search import chroma
from tools.store import manifest as manifests
from tools.store.frames import sample_frames
from tools.store.manifest import REPAIR
from ui.web.server import build_app

RECORDED = datetime(2026, 5, 14, 5, 40, tzinfo=UTC)
Shelf = Any
"""A library of one video that can be damaged: see conftest."""


def change(path: Path) -> None:
    """One byte in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_only_the_damaged_stage_and_what_rests_on_it_is_done_again(shelf: Shelf) -> None:
    at = {n: s["at"] for n, s in shelf.library.manifest(shelf.video)["stages"].items()}
    change(shelf.folder / "speech.jsonl")
    done: list[str] = []
    repair(shelf.library, lambda now: done.append(now.stage))
    assert set(done) == {"subtitles"}  # the same came out, so the vectors still hold
    assert set(at) == set(shelf.library.manifest(shelf.video)["stages"])


def test_a_stage_that_an_older_release_did_not_know_is_not_made_by_a_repair(shelf: Shelf) -> None:
    manifest = dict(shelf.library.manifest(shelf.video))
    later = ("sound", "audio_events", "pictures", "speech", "speakers")
    known = {name: one for name, one in manifest["stages"].items() if name not in later}
    manifests.write_manifest(shelf.folder, {**manifest, "stages": known})
    for name in ("sound.npy", "pictures.npy", "pictures.jsonl"):
        (shelf.folder / name).unlink()
    change(shelf.folder / "scenes.jsonl")
    assert shelf.mend() == ["scenes.jsonl is damaged"]
    assert shelf.library.manifest(shelf.video)["stages"].keys() == known.keys()


def test_indexing_the_same_file_mends_its_stages_and_its_pictures(shelf: Shelf) -> None:
    image = shelf.library.image_path(shelf.library.frames(shelf.video)[3].image)
    before = image.read_bytes()
    image.write_bytes(before[:100])
    (shelf.folder / "scenes.jsonl").write_bytes(b"")
    ingest(shelf.library, shelf.file, providers=BARE, sampling="uniform")
    assert verify(shelf.library) == [] and image.read_bytes() == before


def test_a_stage_that_fails_keeps_no_picture_from_being_mended(shelf: Shelf) -> None:
    asked = {frame.image for frame in sample_frames(shelf.library, shelf.video, "dense", end=2.0)}
    image = min(asked - shelf.library.pictures(shelf.video))
    path = shelf.library.image_path(image)
    change(path)
    manifest = dict(shelf.library.manifest(shelf.video))
    manifest["options"] = {**manifest["options"], "picture_embedder": "siglip2"}
    manifests.write_manifest(shelf.folder, manifest)
    assert shelf.found() == [f"the picture {image} is damaged"]
    assert [one.video for one in repair(shelf.library).mended] == [shelf.video]
    assert is_intact_picture(path)


def test_a_picture_that_cannot_be_made_again_is_one_line(shelf: Shelf) -> None:
    image = shelf.library.frames(shelf.video)[0].image
    change(shelf.library.image_path(image))
    shelf.file.unlink()
    with pytest.raises(Damaged, match=r"no longer at .*kettle.mp4.*verify --repair"):
        shelf.library.picture(image)
    found = verify(shelf.library)
    assert {one.fix for one in found} == {"cuepoint index FILE"} and len(found) == 2
    assert repair(shelf.library).left == found


@pytest.mark.parametrize("fault", ["byte", "title", "space", "cut", "empty", "missing"])
def test_a_lost_manifest_is_made_again_with_all_that_was_known(shelf: Shelf, fault: str) -> None:
    path = shelf.folder / "manifest.json"
    before, data = shelf.library.get(shelf.video), path.read_bytes()
    stages = {p.name: p.read_bytes() for p in shelf.folder.glob("*.*[ly]")}
    if fault == "missing":
        path.unlink()
    elif fault == "byte":
        change(path)
    elif fault == "title":
        path.write_bytes(data.replace(b"kettle!", b"kettle?"))
    elif fault == "space":
        path.write_bytes(data.replace(b"\n ", b"\n\t", 1))
    else:
        path.write_bytes(data[: len(data) // 2 if fault == "cut" else 0])
    if fault != "missing":
        with pytest.raises(Damaged, match=REPAIR):
            shelf.library.list()
    what = f"manifest.json is {'missing' if fault == 'missing' else 'damaged'}"
    assert shelf.found() == [what] and shelf.mend() == [what]
    after = Library(shelf.library.home).get(shelf.video)
    assert (after.title, after.recorded_at, after.path) == ("kettle!", RECORDED, before.path)
    assert {p.name: p.read_bytes() for p in shelf.folder.glob("*.*[ly]")} == stages


def test_a_lost_manifest_and_what_was_kept_beside_it(shelf: Shelf) -> None:
    for name in ("manifest.json", "about.json"):
        (shelf.folder / name).unlink()
    assert shelf.found() == ["manifest.json is missing"]  # checksums.json knows the file
    shelf.mend()
    assert shelf.library.get(shelf.video).title == "kettle"
    manifest = shelf.folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-9])  # what is left of it knows, too
    (shelf.folder / "about.json").unlink()
    (shelf.library.root / "checksums.json").unlink()
    assert "manifest.json is damaged" in shelf.found()
    shelf.mend()


def test_a_manifest_whose_original_nobody_knows_is_named_and_kept(shelf: Shelf) -> None:
    (shelf.folder / "manifest.json").write_bytes(b"")
    shelf.file.rename(shelf.file.with_name("elsewhere.mp4"))
    (problem,) = verify(shelf.library)
    assert problem.fix == "cuepoint index FILE" and str(shelf.file) in problem.what
    assert problem.what.endswith(f"; without it: cuepoint library remove {shelf.video}")
    assert repair(shelf.library).left == [problem]
    ingest(shelf.library, shelf.file.with_name("elsewhere.mp4"), providers=BARE)
    assert verify(shelf.library) == [] and shelf.library.get(shelf.video).title == "kettle!"


@pytest.mark.parametrize("fault", ["damaged", "missing"])
def test_what_is_known_of_a_video_is_written_again(shelf: Shelf, fault: str) -> None:
    path = shelf.folder / "about.json"
    before = load_checked(path.read_bytes())
    path.unlink() if fault == "missing" else change(path)
    assert shelf.found() == ["about.json is missing or damaged"]
    shelf.mend()
    after = load_checked(path.read_bytes())
    assert all(after[name] == before[name] for name in ("title", "recorded_at", "options"))


def test_nothing_is_made_from_a_damaged_original(shelf: Shelf) -> None:
    stat = shelf.file.stat()
    change(shelf.file)
    os.utime(shelf.file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (shelf.folder / "scenes.jsonl").unlink()
    found = verify(shelf.library)
    assert [one.what for one in found][1:] == ["scenes.jsonl is missing"]
    assert found[0].fix == found[1].fix != REPAIR
    assert repair(shelf.library).left == found
    assert not (shelf.folder / "scenes.jsonl").exists()


@pytest.mark.parametrize("fault", ["damaged", "missing"])
def test_an_original_inside_is_mended_by_a_good_copy(inside: Shelf, fault: str) -> None:
    original = inside.folder / "original"
    original.unlink() if fault == "missing" else change(original)
    (one,) = verify(inside.library)
    assert fault in one.what and one.fix == "cuepoint index FILE"
    left = original.read_bytes() if original.exists() else None
    assert repair(inside.library).left == [one]
    assert (original.read_bytes() if original.exists() else None) == left
    ingest(inside.library, inside.file, providers=BARE)
    assert verify(inside.library) == [] and inside.file.exists()
    assert inside.library.get(inside.video).title == "holiday"


def test_an_original_whose_manifest_is_lost_is_indexed_and_never_deleted(inside: Shelf) -> None:
    (inside.folder / "manifest.json").unlink()
    assert inside.found() == ["manifest.json is missing"]
    inside.mend()
    assert inside.library.get(inside.video).title == "holiday"
    assert inside.library.original(inside.video) == inside.folder / "original"
    for path in inside.folder.iterdir():
        if path.is_file() and path.name not in ("original", "lock"):
            path.unlink()
    shutil.rmtree(inside.folder / "frames")
    inside.mend()
    assert inside.library.original(inside.video).exists()


def test_a_damaged_original_without_a_manifest_is_named_and_stays(inside: Shelf) -> None:
    (inside.folder / "manifest.json").unlink()
    change(inside.folder / "original")
    (one,) = verify(inside.library)
    assert "damaged" in one.what and one.fix == "cuepoint index FILE"
    assert repair(inside.library).left == [one] and (inside.folder / "original").exists()
    ingest(inside.library, inside.file, providers=BARE)
    assert verify(inside.library) == []


@pytest.mark.parametrize("fault", ["damaged", "missing"])
def test_the_memory_of_checksums_is_made_again(shelf: Shelf, fault: str) -> None:
    path = shelf.library.root / "checksums.json"
    path.unlink() if fault == "missing" else path.write_bytes(
        path.read_bytes().replace(shelf.video.encode(), shelf.video[::-1].encode())
    )
    assert shelf.found() == [f"checksums.json is {fault}"]
    if fault == "damaged":  # it is not believed
        assert ingest(
            shelf.library, shelf.file, providers=BARE, sampling="uniform"
        ).id == shelf.video  # fmt: skip
    else:
        shelf.mend()
    assert verify(shelf.library) == []
    assert str(shelf.file) in path.read_text()


def test_what_a_killed_process_left_is_found_and_removed(shelf: Shelf) -> None:
    folder, root = shelf.folder, shelf.library.root
    for name in ("scratch", "look-1234", "proxies"):
        (folder / name).mkdir(exist_ok=True)
    for path in (
        folder / "scratch" / "signals.npy", folder / ".manifest.json.12.tmp",
        folder / "proxies" / "a.part", root / ".checksums.json.12.tmp",
    ):  # fmt: skip
        path.write_bytes(b"half")
        os.utime(path, (1, 1))
    (root / "videos" / "0123456789abcdef").mkdir()
    with lock(root / "checksums.lock"):  # somebody is writing it now
        assert ".checksums.json.12.tmp is left over" not in shelf.found()
    found = shelf.found()
    left = {".checksums.json.12.tmp", ".manifest.json.12.tmp", "a.part", "look-1234", "scratch"}
    left.add("a folder without a video")
    assert set(found) == {f"{name} is left over" for name in left}
    assert sorted(shelf.mend()) == sorted(found)
    assert not (root / "videos" / "0123456789abcdef").exists()


def test_what_a_run_left_that_was_given_up_is_found_and_removed(shelf: Shelf) -> None:
    names = ["heard.3.jsonl", "heard.jsonl", "segments.npy"]
    for name in names:
        (shelf.folder / name).write_bytes(b"{}\n")
    assert shelf.found() == [f"{name} is left over" for name in names]
    assert sorted(shelf.mend()) == sorted(f"{name} is left over" for name in names)
    (shelf.folder / "heard.jsonl").write_bytes(b"{}\n")
    before = shelf.library.utterances(shelf.video)
    ingest(shelf.library, shelf.file, providers=BARE, sampling="uniform")
    assert not (shelf.folder / "heard.jsonl").exists()
    assert shelf.library.utterances(shelf.video) == before != []


def test_a_library_without_checksums_still_answers_and_gets_them(shelf: Shelf) -> None:
    path = shelf.folder / "manifest.json"
    manifest = load_checked(path.read_bytes())
    del manifest["check"], manifest["options"]
    path.write_text(json.dumps(manifest, indent=1))
    (shelf.folder / "about.json").unlink()
    image = shelf.library.image_path(shelf.library.frames(shelf.video)[0].image)
    image.write_bytes(image.read_bytes().replace(b"sha256:", b"sha999:"))
    assert shelf.library.picture(f"videos/{shelf.video}/frames/{image.name}") == image
    assert shelf.library.get(shelf.video).title == "kettle!"
    assert shelf.found() == ["manifest.json has no checksum in it"]
    frames = (shelf.folder / "frames.jsonl").read_bytes()
    shelf.mend()
    assert is_intact_picture(image) and (shelf.folder / "frames.jsonl").read_bytes() == frames


@contextmanager
def served(shelf: Shelf) -> Iterator[TestClient]:
    settings = Settings(home=shelf.library.home, port=8000, providers=Providers("none"))
    with TestClient(build_app(settings), base_url="http://127.0.0.1:8000") as client:
        yield client


def test_the_chat_starts_and_a_picture_is_whole_again_when_it_is_shown(shelf: Shelf) -> None:
    chroma.rebuild(shelf.library.catalog)
    for path in (shelf.library.root / "chroma").rglob("*.*"):
        path.write_bytes(b"")
    image = shelf.library.frames(shelf.video)[2].image
    path = shelf.library.image_path(image)
    before = path.read_bytes()
    path.write_bytes(before[:-200])
    address = f"/media/{shelf.video}/frame/{int(path.stem)}.jpg"
    with served(shelf) as client:
        assert client.get("/health").status_code == 200
        assert client.get(address).content == before
        path.unlink()
        shelf.file.unlink()
        assert client.get(address).status_code == 410


@pytest.mark.parametrize("name", ["manifest.json", "speech.jsonl", "vectors.npy", "about.json"])
def test_the_chat_starts_whatever_is_damaged(shelf: Shelf, name: str) -> None:
    change(shelf.folder / name)
    with served(shelf) as client:
        assert client.get("/health").status_code == 200
        found = client.get(f"/media/{shelf.video}/file").status_code
        assert found == (410 if name == "manifest.json" else 200)
