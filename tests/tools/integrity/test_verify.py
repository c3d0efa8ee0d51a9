"""Every kind of problem, its line and its command; Chroma; the command and its statuses."""

import copy
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.errors import Damaged
from tools.files.checksums import dump_checked
from tools.files.durable import digest, lock, write_bytes
from tools.ingest.pipeline import ingest
from tools.integrity.repair import repair
from tools.integrity.verify import verify
from tools.library import Library
from tools.models.providers import BARE
from tools.search import chroma
from tools.search.chroma_index import ChromaIndex
from tools.store import manifest as manifests
from tools.store.frames import sample_frames
from tools.store.manifest import REPAIR, Manifests

Shelf = Any
"""A library of one video that can be damaged: see conftest."""


def change(path: Path) -> None:
    """One byte in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_whole_library_has_no_problem(shelf: Shelf, tmp_path: Path) -> None:
    assert verify(shelf.library) == []
    assert verify(Library(tmp_path / "nothing here")) == []
    assert repair(Library(tmp_path / "nothing here")).mended == []
    (shelf.folder.parent / ".DS_Store").write_bytes(b"Bud1")  # of no concern to us
    assert verify(shelf.library) == [] and len(shelf.library.list()) == 1


@pytest.mark.parametrize(
    "name",
    [
        "attributes.jsonl", "frames.jsonl", "keyframe_attributes.jsonl", "keyframes.jsonl",
        "region_changes.jsonl", "scenes.jsonl", "signals.npy", "speech.jsonl", "vectors.jsonl",
        "vectors.npy",
    ],
)  # fmt: skip
def test_a_damaged_stage_file_is_found_refused_and_made_again(shelf: Shelf, name: str) -> None:
    path = shelf.folder / name
    before = path.read_bytes()
    change(path)
    assert shelf.found() == [f"{name} is damaged"]
    with pytest.raises(Damaged, match=f"{name} .* is damaged: run `{REPAIR}`"):
        shelf.library._manifests.read(shelf.video, name)
    path.unlink()
    assert shelf.found() == [f"{name} is missing"]
    with pytest.raises(Damaged, match="is missing"):
        shelf.library._manifests.read(shelf.video, name)
    assert shelf.mend() == [f"{name} is missing"]
    assert path.read_bytes() == before


def test_vectors_and_their_ids_are_of_the_same_run(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shelf.library.vectors(shelf.video)
    array, runs = Manifests.array, list[str]()

    def slow(self: Manifests, video: str, name: str) -> Any:
        """The stage is done again between the two files, the first time."""
        if not runs:
            runs.append(video)
            rows = (shelf.folder / "vectors.jsonl").read_bytes()
            write_bytes(shelf.folder / "vectors.jsonl", rows * 2)
            np.save(shelf.folder / "vectors.npy", np.repeat(whole.array, 2, axis=0))
            manifest = copy.deepcopy(self.get(video))
            for file in ("vectors.jsonl", "vectors.npy"):
                manifest["stages"]["vectors"]["files"][file] = digest(shelf.folder / file)
            manifests.write_manifest(shelf.folder, manifest)
        return array(self, video, name)

    monkeypatch.setattr(Manifests, "array", slow)
    again = Library(shelf.library.home).vectors(shelf.video)
    assert runs and len(again.ids) == len(again.array) == 2 * len(whole.ids)


@pytest.mark.parametrize("fault", ["byte", "cut", "empty", "missing"])
def test_a_kept_picture_is_found_and_decoded_again_when_it_is_asked_for(
    shelf: Shelf, fault: str
) -> None:
    image = shelf.library.frames(shelf.video)[2].image
    path = shelf.library.image_path(image)
    before = path.read_bytes()
    if fault == "byte":
        change(path)
    elif fault == "missing":
        path.unlink()
    else:
        path.write_bytes(before[: 900 if fault == "cut" else 0])
    state = "missing" if fault == "missing" else "damaged"
    assert shelf.found() == [f"the picture {image} is {state}"]
    assert shelf.library.picture(image).read_bytes() == before
    assert verify(shelf.library) == []


def test_a_picture_of_another_moment_is_not_taken_for_this_one(shelf: Shelf) -> None:
    one, other = (shelf.library.image_path(f.image) for f in shelf.library.frames(shelf.video)[:2])
    shutil.copy(one, other)
    (what,) = shelf.found()
    assert other.name in what and shelf.mend() == [what]


def test_a_picture_that_a_question_decoded_is_mended_too(shelf: Shelf) -> None:
    asked = {frame.image for frame in sample_frames(shelf.library, shelf.video, "dense", end=2.0)}
    image = sorted(asked - shelf.library.pictures(shelf.video))[0]
    path = shelf.library.image_path(image)
    before = path.read_bytes()
    for state in ("damaged", "missing"):
        path.unlink() if state == "missing" else change(path)
        assert shelf.found() == [f"the picture {image} is {state}"]
        assert shelf.mend() == [f"the picture {image} is {state}"]
        assert path.read_bytes() == before
    path.unlink()
    (frame,) = [one for one in asked if one == image]
    milliseconds = int(path.stem)
    one = shelf.library.evidence(f"frame:{shelf.video}@{milliseconds}")
    assert one.image == frame and shelf.library.picture(frame).read_bytes() == before


def test_a_linked_original_is_named_by_what_is_wrong_with_it(shelf: Shelf) -> None:
    forget = f"cuepoint library remove {shelf.video} && cuepoint index "
    whole, stat = shelf.file.read_bytes(), shelf.file.stat()
    change(shelf.file)
    os.utime(shelf.file, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as a disk does
    (one,) = verify(shelf.library)
    assert "is damaged" in one.what and one.fix.startswith(forget)
    assert verify(shelf.library, thorough=False) == []  # it would take reading all of it
    shelf.file.write_bytes(whole[:-100])
    (one,) = verify(shelf.library)
    assert "is another file" in one.what and one.fix.startswith(forget)
    assert repair(shelf.library).left == [one] and shelf.file.read_bytes() == whole[:-100]
    place = shelf.file.with_name("moved.mp4")
    shelf.file.unlink()
    (one,) = verify(shelf.library)
    assert "is missing" in one.what and one.fix == "cuepoint index FILE"
    place.write_bytes(whole)
    ingest(shelf.library, place, providers=BARE, sampling="uniform")
    assert [one.what for one in verify(shelf.library) if "original" in one.what] == []
    assert Path(shelf.library.get(shelf.video).path) == place


def test_a_video_that_is_being_indexed_is_left_alone(shelf: Shelf) -> None:
    (shelf.folder / "scratch").mkdir()
    (shelf.folder / "scenes.jsonl").unlink()
    with lock(shelf.folder / "lock"):
        assert verify(shelf.library) == []
    assert len(verify(shelf.library)) == 2


@pytest.mark.parametrize("fault", ["byte", "index", "cut", "extra", "record", "missing"])
def test_a_damaged_vector_index_is_found_and_filled_again(shelf: Shelf, fault: str) -> None:
    folder = chroma.folder_of(shelf.library.root)
    chroma.rebuild(shelf.library.catalog)
    held = chroma.collection_counts(shelf.library.catalog, shelf.video)
    assert verify(shelf.library) == [] and held
    catalogue = folder / "chroma.sqlite3"
    if fault == "byte":
        change(catalogue)
    elif fault == "index":
        path = next(folder.glob("*/data_level0.bin"))
        stat = path.stat()
        change(path)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as a disk does
    elif fault == "cut":
        catalogue.write_bytes(catalogue.read_bytes()[:5000])
    elif fault == "extra":
        (folder / "a-segment-of-nobody").mkdir()
        (folder / "a-segment-of-nobody" / "header.bin").write_bytes(b"0")
    elif fault == "record":
        (folder / "record.json").unlink()
    else:
        shutil.rmtree(folder)
    state = "missing" if fault == "missing" else "damaged"
    assert shelf.found() == [f"the vector index (chroma) is {state}"]
    assert shelf.mend() == [f"the vector index (chroma) is {state}"]
    assert chroma.collection_counts(shelf.library.catalog, shelf.video) == held
    assert verify(shelf.library) == []


def test_a_vector_index_that_holds_something_else_is_found(shelf: Shelf) -> None:
    chroma.rebuild(shelf.library.catalog)
    names = chroma.collection_counts(shelf.library.catalog, shelf.video)
    for name in (next(one for one in names if shelf.video in one), min(names)):
        opened = chroma.open_index(shelf.library.catalog)
        assert isinstance(opened, ChromaIndex)
        collection = opened._client.get_collection(name, embedding_function=None)
        collection.delete(ids=collection.get(limit=1)["ids"])
        opened.close()
        ours = f"files of {shelf.video} say" if shelf.video in name else "catalog says"
        what = f"the vector index (chroma) does not hold what the {ours}"
        assert shelf.found() == [what] and shelf.mend() == [what]


def test_a_vector_index_that_is_open_or_was_killed_is_not_looked_into(shelf: Shelf) -> None:
    folder = chroma.folder_of(shelf.library.root)
    opened = chroma.open_index(shelf.library.catalog)
    (folder / "left").write_bytes(b"")
    assert verify(shelf.library) == []
    opened.close()
    (folder / "writing.json").write_bytes(dump_checked({"collections": []}))  # as by a kill
    assert verify(shelf.library) == []
    (folder / "writing.json").unlink()
    assert shelf.found() == ["the vector index (chroma) is damaged"]


@pytest.fixture
def run(shelf: Shelf, cuepoint: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    def go(*arguments: str, chosen: bool = False) -> tuple[int, str, str]:
        monkeypatch.setenv("CUEPOINT_HOME", str(shelf.library.home))
        return cuepoint(*(("--library", shelf.library.home) if chosen else ()), *arguments)

    return go


def test_the_command_prints_json_and_a_status(shelf: Shelf, run: Any) -> None:
    status, out, err = run("library", "verify", "--json")
    assert (status, json.loads(out), err) == (0, {"ok": True, "problems": []}, "")
    (shelf.folder / "scenes.jsonl").unlink()
    one = {"video": shelf.video, "what": "scenes.jsonl is missing", "fix": REPAIR}
    status, out, err = run("library", "verify", "--json")
    assert (status, json.loads(out)) == (1, {"ok": False, "problems": [one]})
    assert err == f"cuepoint: 1 problem found: {REPAIR}\n"
    status, out, err = run("library", "verify", "--repair", "--json")
    assert (status, json.loads(out)) == (0, {"ok": True, "problems": [], "mended": [one]})
    assert err == "" and run("library", "verify")[1] == "everything is as it should be\n"


def test_what_cannot_be_mended_is_told_with_status_one(shelf: Shelf, run: Any) -> None:
    shelf.file.unlink()
    status, out, err = run("library", "verify", "--repair", "--json")
    (one,) = json.loads(out)["problems"]
    assert status == 1 and one["fix"] == "cuepoint index FILE" and "is missing" in one["what"]
    assert err == "cuepoint: 1 problem could not be mended: cuepoint index FILE\n"
    status, out, _ = run("library", "verify")
    assert status == 1 and out.endswith("  -> cuepoint index FILE\n")


def test_a_video_that_cannot_be_mended_can_be_removed(shelf: Shelf, run: Any) -> None:
    (shelf.folder / "manifest.json").write_bytes(b"")
    assert run("library", "remove", "kettle!")[0] == 1
    assert run("library", "remove", shelf.video, "--json")[1:] == (
        f'{{\n  "removed": "{shelf.video}"\n}}\n', "",
    )  # fmt: skip
    assert shelf.file.exists() and run("library", "list", "--json")[1] == "[]\n"


def test_the_command_to_type_names_the_library_that_was_chosen(shelf: Shelf, run: Any) -> None:
    (shelf.folder / "speech.jsonl").unlink()
    command = f"CUEPOINT_HOME={shelf.library.home} cuepoint library verify --repair"
    _, out, _ = run("library", "verify", "--json", chosen=True)
    assert json.loads(out)["problems"][0]["fix"] == command
    status, _, err = run("transcript", "kettle!", chosen=True)
    assert status == 1 and f"run `{command}`" in err and len(err.splitlines()) == 1


def test_the_doctor_names_the_first_problem_and_the_command(shelf: Shelf, run: Any) -> None:
    def library() -> dict[str, str]:
        (one,) = [c for c in json.loads(run("doctor", "--json")[1])["checks"]
                  if c["name"] == "library"]  # fmt: skip
        return one

    assert library()["state"] == "ok" and library()["detail"].endswith(", 1 video")
    (shelf.folder / "scenes.jsonl").unlink()
    (shelf.folder / "speech.jsonl").unlink()
    told = library()
    assert (told["state"], told["fix"]) == ("problem", REPAIR)
    assert "speech.jsonl is missing (and 1 more)" in told["detail"]
    assert run("library", "verify", "--repair")[0] == 0
    shelf.file.unlink()
    assert library()["fix"] == "cuepoint index FILE"
