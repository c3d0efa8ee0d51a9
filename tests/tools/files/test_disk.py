"""Faults that no list names: each was seen to hurt once, and costs one line now."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.errors import DiskFull, Interrupted, ProviderUnavailable, RefusedRequest, UnreadableMedia
from tools.files.checksums import dump_checked, load_checked
from tools.ingest.pipeline import ingest
from tools.ingest.run import Progress
from tools.integrity.repair import repair
from tools.integrity.verify import verify
from tools.library import Library
from tools.models.providers import BARE
from tools.store.frames import sample_frames
from tools.vision.ocr import RapidOcrReader

Shelf = Any
"""A library of one video that can be damaged: see conftest."""


def test_another_film_of_the_same_size_under_the_same_name_is_seen(shelf: Shelf) -> None:
    size = shelf.file.stat().st_size
    shelf.file.write_bytes(bytes(size))
    with pytest.raises(UnreadableMedia, match="no longer the file that was indexed"):
        shelf.library.original(shelf.video)
    with pytest.raises(UnreadableMedia, match="no longer the file"):
        sample_frames(shelf.library, shelf.video, "uniform", count=7)


def test_a_file_that_was_only_touched_or_copied_is_the_same(shelf: Shelf) -> None:
    copy = shelf.file.with_name("copy")
    shutil.copyfile(shelf.file, copy)
    copy.replace(shelf.file)
    assert shelf.library.original(shelf.video) == shelf.file


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_a_library_that_cannot_be_a_folder_is_one_line(
    kind: str, tmp_path: Path, shots: Path
) -> None:
    home = tmp_path / "library"
    if kind == "file":
        home.write_text("not a folder")
    else:
        home.symlink_to(tmp_path / "nowhere")
    with pytest.raises(Interrupted, match="choose another library"):
        ingest(Library(home), shots)


def test_what_a_newer_release_wrote_is_left_alone(shelf: Shelf) -> None:
    path = shelf.library.folder(shelf.video) / "manifest.json"
    newer = {**load_checked(path.read_bytes()), "schema": 99}
    path.write_bytes(dump_checked(newer))
    library = Library(shelf.library.home)
    with pytest.raises(RefusedRequest, match="update this one"):
        ingest(library, shelf.file)
    with pytest.raises(RefusedRequest, match="newer release"):
        library.list()
    assert load_checked(path.read_bytes())["schema"] == 99


def test_pictures_that_a_link_leads_to_are_not_read_or_written(
    shelf: Shelf, tmp_path: Path
) -> None:
    frames = shelf.library.folder(shelf.video) / "frames"
    elsewhere = tmp_path / "elsewhere"
    shutil.move(frames, elsewhere)
    frames.symlink_to(elsewhere)
    before = sorted(path.name for path in elsewhere.iterdir())
    assert any("frames is left over" in one.what for one in verify(shelf.library))
    with pytest.raises(Exception, match="outside the library"):
        sample_frames(shelf.library, shelf.video, "uniform", count=7)
    assert repair(shelf.library).left == [] and verify(shelf.library) == []
    assert not frames.is_symlink()
    assert sorted(path.name for path in elsewhere.iterdir()) == before


def test_a_text_reader_that_runs_out_of_memory_names_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import numpy as np
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail

    reader = RapidOcrReader()

    def fail(pixels: object) -> None:
        raise Fail("[ONNXRuntimeError] : 1 : FAIL : std::bad_alloc")

    monkeypatch.setattr(reader, "_engine", fail)
    with pytest.raises(ProviderUnavailable, match=r"bad_alloc.*CUEPOINT_TEXT_READER=none"):
        reader.read(np.full((64, 64, 3), 255, np.uint8))


def test_a_terminal_that_knows_ascii_only_shows_escapes(shelf: Shelf, tmp_path: Path) -> None:
    film = tmp_path / "Über 日本.mp4"
    shutil.copyfile(shelf.file, film)
    with film.open("ab") as file:
        file.write(b"\0" * 8)  # another video
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = {**os.environ, **plain, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-c", "from ui.cli.main import main; main()", "--library"]
    command += [str(tmp_path / "new"), "index", str(film), "--only", "probe"]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120)
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    assert b"\\xdcber \\u65e5\\u672c" in done.stdout
    assert Library(tmp_path / "new").list()[0].title == "Über 日本"


def test_a_disk_without_room_stops_an_index_which_goes_on_later(
    shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, begun = Library(tmp_path), list[str]()

    def fill(progress: Progress) -> None:
        begun.append(progress.stage)
        if progress.stage == "keyframes":
            monkeypatch.setattr("tools.files.disk.free_bytes", lambda _: 7 << 20)

    with pytest.raises(DiskFull, match="only 7 MB are free where the library lies; free 500 MB"):
        ingest(library, shots, providers=BARE, on_progress=fill)
    assert begun[-1] == "keyframes"
    (video,) = library.list()
    assert video.state == "queued" and video.stages["keyframes"].state == "done"
    monkeypatch.undo()
    assert ingest(library, shots, providers=BARE).state == "ready"
