"""V6: files that take long to decode for their size. They are stopped, and nothing else suffers."""
# ruff: noqa: E501 (a table)

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tools import sandbox
from tools.errors import UnreadableMedia
from tools.ingest.pipeline import ingest
from tools.integrity.verify import verify
from tools.library import Library
from tools.models.providers import BARE

TURNS = 60
"""How often the same pictures come again: what is cheap to write is dear to read."""


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)


def film(
    path: Path, codec: str, width: int, height: int, *, tracks: int = 1, turns: int = TURNS,
    pixels: str = "yuv420p", **options: str,
) -> Path:  # fmt: skip
    """Three pictures of noise, encoded once and written again and again."""
    with av.open(str(path), "w") as out:
        streams: list[Any] = []
        for _ in range(tracks):
            stream: Any = out.add_stream(codec, rate=10, options=options)
            stream.width, stream.height, stream.pix_fmt = width, height, pixels
            stream.codec_context.max_b_frames = 0
            streams.append(stream)
        picture = noise(width, height)
        packets: list[Any] = []
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(np.roll(picture, number * 7, 1), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            packets += streams[0].encode(frame)
        packets += streams[0].encode(None)
        datas = [(bytes(packet), packet.is_keyframe) for packet in packets]
        for number in range(turns * len(datas)):
            for stream in streams:
                data, key = datas[number % len(datas)]
                packet: Any = av.Packet(data)
                packet.stream, packet.time_base = stream, Fraction(1, 10)
                packet.pts = packet.dts = number
                packet.duration, packet.is_keyframe = 1, key
                out.mux(packet)
    return path


FILMS: dict[str, dict[str, Any]] = {
    "jpeg, 4K": {"codec": "mjpeg", "width": 3840, "height": 2160, "pixels": "yuvj444p"},
    "mpeg-2 of whole pictures, 4K": {"codec": "mpeg2video", "width": 3840, "height": 2160, "g": "1"},
    "h264 with 16 references": {
        "codec": "libx264", "width": 1280, "height": 720, "preset": "veryfast", "crf": "5",
        "x264-params": "ref=16:cabac=1:8x8dct=1",
    },
    "h265": {
        "codec": "libx265", "width": 1280, "height": 720, "preset": "veryfast", "crf": "5",
        "x265-params": "log-level=none",
    },
    "ffv1, 4K": {"codec": "ffv1", "width": 3840, "height": 2160, "turns": 8},
    "png, 4K": {"codec": "png", "width": 3840, "height": 2160, "pixels": "rgb24", "turns": 12},
    "vp9": {
        "codec": "libvpx-vp9", "width": 1280, "height": 720, "deadline": "realtime", "cpu-used": "8",
        "crf": "10",
    },
    "av1": {"codec": "libsvtav1", "width": 1280, "height": 720, "preset": "12", "crf": "10"},
    "mpeg-4": {"codec": "mpeg4", "width": 1920, "height": 1080, "qmax": "2"},
    "64 tracks of jpeg": {
        "codec": "mjpeg", "width": 1280, "height": 720, "pixels": "yuvj444p", "tracks": 64,
    },
}  # fmt: skip
IN_MOV = {"png, 4K"}


def test_a_slow_file_is_stopped_at_its_share_and_the_library_is_intact(
    tmp_path: Path,
    shots: Path,
    monkeypatch: pytest.MonkeyPatch,
    times: Callable[[int], int],
    row: Callable[..., None],
) -> None:
    library = Library(tmp_path / "home")
    ingest(library, shots, providers=BARE)
    names = list(FILMS) if times(10) == 10 else list(FILMS)[:3]
    for name in names:
        kind = "mov" if name in IN_MOV else "mkv"
        path = film(tmp_path / f"{name}.{kind}", **FILMS[name])
        with monkeypatch.context() as patch:
            patch.setattr(sandbox, "CPU_SECONDS", 0.05)
            patch.setattr(sandbox, "CPU_PER_MB", 0.0)
            with pytest.raises(UnreadableMedia, match="processor time") as stopped:
                ingest(library, path, providers=BARE)
        assert "\n" not in str(stopped.value)
        assert verify(library) == [], name
        assert {video.state for video in library.list() if video.title == shots.stem} == {"ready"}
    row("V6", "a file decodes slowly", len(names), len(names), "each stopped, library intact")


def test_what_was_stopped_is_indexed_where_it_is_given_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path / "home")
    path = film(tmp_path / "slow.mkv", "mjpeg", 1920, 1080, turns=40, pixels="yuvj444p")
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "CPU_SECONDS", 0.05)
        patch.setattr(sandbox, "CPU_PER_MB", 0.0)
        with pytest.raises(UnreadableMedia, match="processor time"):
            ingest(library, path, providers=BARE)
    assert ingest(library, path, providers=BARE).state == "ready"
    assert verify(library) == []


def test_a_share_grows_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    few, many = (sandbox._cpu_seconds({"path": one}) for one in ("/dev/null", str(path)))
    assert few == sandbox.CPU_SECONDS and many == few + 100 * sandbox.CPU_PER_MB
