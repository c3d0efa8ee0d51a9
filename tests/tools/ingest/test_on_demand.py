import errno
import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tools.errors import RefusedRequest, UnknownVideo
from tools.ingest import on_demand
from tools.ingest.on_demand import is_coarse
from tools.ingest.pipeline import ingest
from tools.integrity.repair import repair
from tools.integrity.verify import verify
from tools.library import Library
from tools.media import Evidence
from tools.models.providers import BARE
from tools.store import frames
from tools.toolbox import Toolbox
from tools.vision.ocr import load_text_reader
from tools.vision.text_tracks import Line


class Colours:
    name, dimensions = "colours", 2

    def images(self, images: Sequence[Path]) -> np.ndarray:
        return np.eye(2, dtype=np.float32)[[0] * len(images)]


def counter(seconds: float) -> np.ndarray:
    """A number that rises ten times a second, as large as half the picture."""
    picture = Image.new("RGB", (320, 180), "white")
    ImageDraw.Draw(picture).text(
        (60, 50), f"{100 + round(seconds * 10)}", "black", ImageFont.load_default(80)
    )
    return np.asarray(picture)


@pytest.fixture
def count(tmp_path: Path, encode: Callable[..., Path]) -> tuple[Toolbox, str]:
    library = Library(tmp_path / "home")
    film = encode(tmp_path / "count.mp4", counter, 6.0, fps=10)
    video = ingest(library, film, providers=BARE)
    return Toolbox(library, load_reader=lambda: load_text_reader("rapidocr")), video.id


def shown(found: Sequence[Evidence | str]) -> list[tuple[float, str]]:
    evidence = (one for one in found if isinstance(one, Evidence))
    return [(one.start, one.text) for one in evidence if one.kind == "screen"]


def test_a_closer_look_reads_what_stood_there_at_that_moment(count: tuple[Toolbox, str]) -> None:
    toolbox, video = count
    assert is_coarse(toolbox.library, video, 2.3)
    assert shown(toolbox.read_moment(video, 2.3, 2.35)) == []
    found = toolbox.look_closer(video, 2.3, 2.35)
    assert shown(found) == [(2.3, "123")] and isinstance(found[0], Evidence)
    assert toolbox.library.evidence(found[0].id).text == found[0].text


def test_what_was_seen_is_kept_and_found(count: tuple[Toolbox, str]) -> None:
    toolbox, video = count
    assert toolbox.search_screen_text("147", [video]) == []
    toolbox.look_closer(video, 4.0, 4.1)
    assert [one.start for one in toolbox.search_screen_text("147", [video])] == [4.7]
    again = Toolbox(Library(toolbox.library.home))
    assert not is_coarse(again.library, video, 4.7)
    assert [one.start for one in again.search_screen_text("147", [video])] == [4.7]
    assert len(again.library.frames(video)) > len(again.library.index_frames(video))
    assert verify(again.library) == []
    ingest(again.library, again.library.original(video), providers=BARE)  # which is no news
    assert shown(again.read_moment(video, 4.2, 4.25)) == [(4.2, "142")]


def test_a_damaged_look_is_named_and_taken_again(count: tuple[Toolbox, str]) -> None:
    toolbox, video = count
    toolbox.look_closer(video, 1.0, 1.5)
    (file,) = (toolbox.library.folder(video) / "closer").iterdir()
    data = file.read_bytes()
    file.write_bytes(data.replace(b"112", b"911"))
    writing = file.with_name(".000002.json.12ab34cd.tmp")  # another question, now
    writing.write_bytes(data[:100])
    fresh = Toolbox(Library(toolbox.library.home), load_reader=lambda: load_text_reader("rapidocr"))
    assert shown(fresh.read_moment(video, 1.2, 1.25)) == []
    assert [one.what for one in verify(fresh.library)] == ["closer/000001.json is damaged"]
    assert repair(fresh.library).left == [] and writing.exists()
    os.utime(writing, (1, 1))  # it was killed long ago
    assert [one.what for one in verify(fresh.library)] == [f"{writing.name} is left over"]
    assert repair(fresh.library).left == [] and not writing.exists()
    fresh.look_closer(video, 1.0, 1.5)
    assert file.read_bytes() == data


def test_a_look_past_the_end_or_at_a_removed_video(count: tuple[Toolbox, str]) -> None:
    toolbox, video = count
    assert toolbox.look_closer(video, 500.0, 510.0) is not None
    toolbox.library.remove(video)
    with pytest.raises(UnknownVideo):
        toolbox.look_closer(video, 1.0, 2.0)


class Reader:
    """RapidOCR that counts, and takes so many seconds of its own clock for a picture."""

    def __init__(self, name: str = "rapidocr") -> None:
        self.name, self.count, self.takes, self.now = name, 0, 0.0, time.monotonic()
        self._real = load_text_reader("rapidocr")

    def monotonic(self) -> float:
        return self.now

    def read(self, *picture: Any) -> list[Line]:
        self.count, self.now = self.count + 1, self.now + self.takes
        assert self._real
        return self._real.read(*picture)


def test_a_second_is_read_whole_and_another_for_which_there_was_no_time_is_told(
    count: tuple[Toolbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    library, video = count[0].library, count[1]
    reader = Reader()
    monkeypatch.setattr(on_demand, "time", reader)
    toolbox = Toolbox(library, load_reader=lambda: reader)
    reader.takes = on_demand.WORK  # for one picture of ten
    first = toolbox.look_closer(video, 2.0, 4.0)
    assert str(first[-1]).startswith("Not all of 3 s to 4 s was read")
    assert [one for one in shown(first) if one[0] < 3] == [
        (2 + n / 10, f"{120 + n}") for n in range(10)
    ]
    assert not is_coarse(library, video, 2.7) and is_coarse(library, video, 3.7)
    (sample,) = library.dense_samples(video)
    assert (sample.second, sample.partial) == (2, False)
    toolbox.look_closer(video, 2.0, 4.0)
    reader.takes = 0.0
    other = Library(library.home.with_name("other"))  # on a machine that is quick
    ingest(other, library.original(video), providers=BARE)
    Toolbox(other, load_reader=lambda: reader).look_closer(video, 2.0, 4.0)
    for name in ("000002.json", "000003.json"):
        files = [one.folder(video) / "closer" / name for one in (library, other)]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_a_later_look_takes_nothing_away(count: tuple[Toolbox, str]) -> None:
    toolbox, video = count
    library = toolbox.library
    assert shown(toolbox.look_closer(video, 3.2, 3.25)) == [(3.2, "132")]
    (cited,) = toolbox.search_screen_text("132", [video])
    Toolbox(library).look_closer(video, 3.2, 3.25)
    on_demand.DenseSampler(library, video, None, Colours()).sample(3.2, 3.25)
    on_demand.DenseSampler(library, video, Reader("another"), None).sample(3.2, 3.25)
    (sample,) = library.dense_samples(video)
    assert (sample.reader, sample.embedder, len(sample.vectors or [])) == ("another", "colours", 10)
    assert library.evidence(cited.id).text == "132"
    assert shown(toolbox.read_moment(video, 3.2, 3.25)) == [(3.2, "132")]


def test_two_who_look_at_the_same_second_read_it_once(count: tuple[Toolbox, str]) -> None:
    reader = Reader()
    toolbox = Toolbox(count[0].library, load_reader=lambda: reader)
    looks = [threading.Thread(target=toolbox.look_closer, args=(count[1], 4, 4.1)) for _ in "ab"]
    for one in looks:
        one.start()
    for one in looks:
        one.join()
    assert reader.count == 10


def test_a_look_is_bounded_in_length_and_in_time(
    count: tuple[Toolbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    toolbox, video = count
    for end in (60.0, math.inf):
        with pytest.raises(RefusedRequest, match="12 s at most"):
            toolbox.look_closer(video, 0.0, end)
    # A file with one keyframe is decoded from there.
    monkeypatch.setattr(on_demand, "DECODING", 0.0)
    told = toolbox.look_closer(video, 5.0, 5.1)
    assert str(told[-1]).startswith("Not all of 5 s to 6 s")
    assert not toolbox.library.dense_samples(video)


def test_decoding_and_reading_share_one_time(
    count: tuple[Toolbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    library, video = count[0].library, count[1]
    reader, at_times = Reader(), frames.frames_at
    begun, reader.takes = reader.now, 0.5

    def slow(*given: Any) -> Any:
        reader.now += on_demand.DECODING
        return at_times(*given)

    monkeypatch.setattr(on_demand, "time", reader)
    monkeypatch.setattr(frames, "frames_at", slow)
    found = Toolbox(library, load_reader=lambda: reader).look_closer(video, 1.0, 4.0)
    assert shown(found) and str(found[-1]).startswith("Not all of 2 s to 4 s was read")
    assert reader.now - begun <= on_demand.WORK + 10 * reader.takes  # of the second that was begun


@pytest.mark.parametrize("full", [(on_demand, "write_bytes"), (frames, "temporary_folder")])
def test_a_full_disk_is_a_note_and_the_rest_is_answered(
    count: tuple[Toolbox, str], monkeypatch: pytest.MonkeyPatch, full: tuple[Any, str]
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    toolbox, video = count
    monkeypatch.setattr(*full, refuse)
    *found, note = toolbox.look_closer(video, 1.0, 1.1)
    assert str(note).startswith("Not all of 1.0 s to 1.1 s was looked at: the disk became full")
    assert all(isinstance(one, Evidence) for one in found) and found
    monkeypatch.undo()
    assert (1.0, "110") in shown(toolbox.look_closer(video, 1.0, 1.1))
