"""What people have that is no video, or not one that is read: one true sentence each."""

import re
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from tests.conftest import flat
from tools.errors import UnreadableMedia
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE


def bare(path: Path, codec: str) -> None:
    """A stream without a container."""
    with av.open(str(path), "w", format=path.suffix[1:]) as container:
        stream: Any = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        if codec == "libx265":
            stream.options = {"x265-params": "log-level=none"}
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(flat((90, 90, 90), 64, 64), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def pictures(path: Path) -> None:
    """Eight pictures of half a second, or one."""
    many = [Image.fromarray(flat((20 * n, 90, 200), 64, 64)) for n in range(8)]
    many[0].save(path, save_all=True, append_images=many[1:], duration=500)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cam.h264", "bare H.264 stream, which holds no times: `ffmpeg -framerate 25 -i cam.h264"),
        ("cam.hevc", "bare H.265 stream"),
        ("my clip.webp", "animated WebP picture, which is not read: `magick 'my clip.webp'"),
        ("page.mp4", "a web page, not a video"),
        ("list.m3u8", "a playlist, not a video"),
        ("many.mp4", "a zip archive: unpack it"),
        ("one.png", "a picture, not a video"),
        ("old.y4m", "`ffmpeg -i old.y4m old.mp4` converts it"),
        ("what.mp4", "not a video that can be read"),
    ],
)
def test_what_is_not_read_is_told_with_what_helps(tmp_path: Path, name: str, told: str) -> None:
    path = tmp_path / name
    if path.suffix in (".h264", ".hevc"):
        bare(path, "libx264" if path.suffix == ".h264" else "libx265")
    elif path.suffix in (".webp", ".png"):
        pictures(path)
    elif name == "many.mp4":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", "a")
    else:
        texts = {"page": "\n<!DOCTYPE html>", "list": "#EXTM3U\na.ts", "old": "YUV4MPEG2 W2 H2"}
        path.write_text(texts.get(path.stem, "neither"))
    with pytest.raises(UnreadableMedia) as raised:
        ingest(Library(tmp_path / "home"), path, providers=BARE)
    assert told in str(raised.value) and "\n" not in str(raised.value)
    assert "Invalid" not in str(raised.value) or name == "what.mp4"


def test_a_moving_gif_is_a_video(tmp_path: Path) -> None:
    pictures(tmp_path / "cat.gif")
    library = Library(tmp_path / "home")
    video = ingest(library, tmp_path / "cat.gif", providers=BARE)
    assert video.duration == pytest.approx(4.0, abs=0.1)
    assert library.signals(video.id)["seconds"].tolist() == pytest.approx(list(np.arange(8) / 2))


def test_what_is_not_looked_at_is_told(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        looks: Any = [container.add_stream("libx264", rate=5) for _ in range(2)]
        tracks: Any = [container.add_stream("pcm_s16le", rate=8000) for _ in range(2)]
        for track, language in zip(tracks, ("jpn", "eng"), strict=True):
            track.metadata["language"] = language
        tracks[1].disposition = Disposition.default
        for look in looks:
            look.width, look.height, look.pix_fmt = 64, 64, "yuv420p"
        for number in range(10):
            for look in looks:
                frame = av.VideoFrame.from_ndarray(flat((60, 60, 60), 64, 64), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 5)
                container.mux(look.encode(frame))
            for track in tracks:
                samples = np.zeros((1, 1600), np.int16)
                piece = av.AudioFrame.from_ndarray(samples, "s16", "mono")
                piece.sample_rate, piece.pts = 8000, 1600 * number
                container.mux(track.encode(piece))
        for stream in (*looks, *tracks):
            container.mux(stream.encode(None))
    video = ingest(Library(tmp_path / "home"), path, providers=BARE)
    assert "one picture of 2 is looked at" in video.notes
    assert "one sound track of 2 is heard: eng, not jpn" in video.notes


def _late(path: Path, **options: str) -> Path:
    """A film of six seconds whose clock begins at 50,000."""
    with av.open(str(path), "w", options=options) as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.options = {"bf": "0", "g": "10"}
        for number in range(60):
            frame = av.VideoFrame.from_ndarray(flat((number, 90, 90), 64, 64), format="rgb24")
            frame.pts, frame.time_base = 500_000 + number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        ticks = 50_000 * stream.time_base.denominator
    if path.suffix == ".mp4":  # the muxer begins at zero: its fragments are put off
        data = bytearray(path.read_bytes())
        for box, skipped in ((b"tfdt", 8), (b"sidx", 16)):  # version and flags, and a start
            for found in re.finditer(box, bytes(data)):
                at = slice(found.start() + skipped, found.start() + skipped + 8)
                data[at] = (int.from_bytes(data[at]) + ticks).to_bytes(8)
        path.write_bytes(data)
    return path


FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "use_editlist": "0"}
LATE = {
    "late.mp4": FRAGMENTS,
    "indexed.mp4": {**FRAGMENTS, "movflags": f"{FRAGMENTS['movflags']}+global_sidx"},
    "late.mkv": {},
    "live.mkv": {"live": "1"},
}


@pytest.mark.parametrize("name", LATE)
def test_what_begins_late_has_its_own_length_from_the_first_stage_on(
    tmp_path: Path, name: str
) -> None:
    path, library = _late(tmp_path / name, **LATE[name]), Library(tmp_path / "home")
    first = ingest(library, path, only=("subtitles",), providers=BARE)
    assert "keyframes" not in library.manifest(first.id)["stages"]
    video = ingest(library, path, providers=BARE)
    assert first.duration == video.duration == pytest.approx(6.0, abs=0.2)
    assert not [note for note in video.notes if "cut short" in note or "longer" in note]


def test_what_begins_late_and_is_cut_short_is_told(tmp_path: Path) -> None:
    path = _late(tmp_path / "indexed.mp4", **LATE["indexed.mp4"])
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moof", round(len(data) * 0.6)) - 4])
    video = ingest(Library(tmp_path / "home"), path, providers=BARE)
    assert 2.5 < video.duration < 5
    (note,) = (note for note in video.notes if "cut short" in note)
    assert "the file says 6.0 s" in note
