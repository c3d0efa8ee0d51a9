"""A folder means the videos in it, after every other meaning of the name."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.errors import RefusedRequest
from ui.cli import folders
from ui.cli.folders import videos_in

Cuepoint = Callable[..., tuple[int, str, str]]
TRANSPORT = (b"\x47" + bytes(187)) * 4
HEADS = {
    "ftyp": b"\x00\x00\x00\x20ftypisom", "matroska": b"\x1aE\xdf\xa3", "avi": b"RIFF....AVI LIST",
    "program": b"\x00\x00\x01\xba", "transport": TRANSPORT, "asf": b"0&\xb2u\x8ef\xcf\x11",
    "timed packets": bytes(4) + (b"\x47" + bytes(191)) * 3,
}  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUEPOINT_TEXT_READER", "none")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with all that lies beside videos."""
    folder = tmp_path / "talks"
    for name in ("b.mp4", "a.MKV", "year/c.webm", "year/deep/d.avi", "e.ts", ".hidden.mp4",
                 ".git/f.mp4", "g.mp4.part", "h.mp4", "h.mp4.aria2", "i.jpg", "j.srt", "k.gif",
                 "l.mp3", "notes.txt", "program.ts"):  # fmt: skip
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(TRANSPORT if name == "e.ts" else b"export const words = 1;\n" * 30)
    return folder


def names(folder: Path, library: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in videos_in(folder, library)]


def test_what_may_be_a_video_is_found_below_and_nothing_else(tree: Path, tmp_path: Path) -> None:
    found = names(tree, tmp_path / "home")
    assert found == ["a.MKV", "b.mp4", "e.ts", "year/c.webm", "year/deep/d.avi"]


@pytest.mark.parametrize("head", HEADS)
def test_a_video_without_a_known_ending_is_told_by_its_first_bytes(
    tmp_path: Path, head: str
) -> None:
    for name in ("recording", "clip.dat"):
        (tmp_path / name).write_bytes(HEADS[head] + bytes(400))
    (tmp_path / "song.m4a").write_bytes(HEADS["ftyp"])
    assert names(tmp_path, tmp_path / "home") == ["clip.dat", "recording"]


def test_a_link_that_leads_out_is_not_followed_and_one_within_counts_once(
    tree: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "z.mp4").write_bytes(b"z")
    (tree / "out.mp4").symlink_to(tmp_path / "other" / "z.mp4")
    (tree / "folder").symlink_to(tmp_path / "other")
    (tree / "loop").symlink_to(tree)
    (tree / "again.mp4").symlink_to(tree / "b.mp4")
    (tree / "nothing.mp4").symlink_to(tree / "gone.mp4")
    found = names(tree, tmp_path / "home")
    assert len(found) == 5 and ("again.mp4" in found) != ("b.mp4" in found)


def test_the_library_inside_the_folder_is_left_alone(tree: Path) -> None:
    inside = tree / "home" / "libraries" / "local" / "videos" / "x" / "proxies"
    inside.mkdir(parents=True)
    (inside / "p.mp4").write_bytes(b"p")
    assert len(names(tree, tree / "home")) == 5


def test_too_many_are_refused(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST", "LOOKED_AT"):
        with monkeypatch.context() as patch:
            patch.setattr(folders, name, 3)
            with pytest.raises(RefusedRequest, match="further down"):
                videos_in(tree, tmp_path / "home")


@pytest.fixture
def mixed(shots: Path, tmp_path: Path) -> Path:
    """Two videos, one of them below, a broken one, and a picture."""
    folder = tmp_path / "mixed"
    (folder / "below").mkdir(parents=True)
    shutil.copy(shots, folder / "one.mp4")
    shutil.copy(shots, folder / "below" / "two.mp4")
    with (folder / "below" / "two.mp4").open("ab") as file:
        file.write(b"\x00\x00\x00\x08free")  # another video, to the byte
    (folder / "broken.mp4").write_bytes(b"words, not pictures\n" * 50)
    (folder / "cover.jpg").write_bytes(b"picture")
    return folder


def test_all_videos_of_a_folder_are_tried_and_the_broken_one_is_named(
    mixed: Path, cuepoint: Cuepoint
) -> None:
    status, out, err = cuepoint("index", mixed, "--json")
    rows: list[Any] = json.loads(out)
    assert status == 1 and [row["title"] for row in rows] == ["one", "two"]
    (told,) = err.splitlines()
    assert told.startswith("cuepoint: ") and "broken.mp4" in told
    (mixed / "broken.mp4").unlink()
    status, out, err = cuepoint("index", mixed)
    assert status == 0 and "mixed: 2 videos" in err
    assert [line.split()[-1] for line in out.splitlines() if line[0] != " "] == ["one", "two"]


def test_a_folder_without_a_video_says_so(tmp_path: Path, cuepoint: Cuepoint) -> None:
    (tmp_path / "empty").mkdir()
    status, out, err = cuepoint("index", tmp_path / "empty", "--json")
    assert (status, json.loads(out)) == (1, []) and "there is no video in" in err


def test_a_title_comes_before_a_folder_of_that_name(
    shots: Path, tmp_path: Path, cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(shots, tmp_path / "harbour.v2.mp4")
    (id,) = (
        row["id"] for row in json.loads(cuepoint("index", tmp_path / "harbour.v2.mp4", "--json")[1])
    )
    place = tmp_path / "work"
    for name in ("harbour.v2", id, id[:6]):
        (place / name).mkdir(parents=True)
    monkeypatch.chdir(place)
    for ref in ("harbour.v2", "HARBOUR.V2", id, id[:6]):
        assert json.loads(cuepoint("index", ref, "--json")[1])[0]["id"] == id
        assert len(json.loads(cuepoint("scenes", ref, "--json")[1])) == 4
    status, _, err = cuepoint("index", "./harbour.v2")
    assert status == 1 and "there is no video in" in err


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_about_a_folder_is_one_plain_line(
    mixed: Path, cuepoint: Cuepoint, command: str
) -> None:
    status, out, err = cuepoint(command, "what is red?", mixed)
    assert (status, out) == (1, "") and len(err.splitlines()) == 1
    assert "is a folder: `cuepoint index`" in err


def test_damage_is_told_with_the_result(shots: Path, tmp_path: Path, cuepoint: Cuepoint) -> None:
    path = tmp_path / "cut.mp4"
    shutil.copy(shots, path)
    path.with_suffix(".srt").write_text("no cue in here\n")
    status, out, _ = cuepoint("index", path)
    assert status == 0
    first, *notes = out.splitlines()
    assert first.endswith("cut") and any("cut.srt" in note for note in notes)
    assert all(note.startswith("  ") for note in notes)
