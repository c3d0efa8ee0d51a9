"""Closed captions that are written into the picture's stream, byte by byte as CEA-608 has it."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from tests.conftest import flat
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

FPS = 25
LOAD, ERASE_HIDDEN, ROW_15, SHOW, CLEAR = (
    (0x14, 0x20), (0x14, 0x2E), (0x14, 0x70), (0x14, 0x2F), (0x14, 0x2C),
)  # fmt: skip
"""Control codes of pop-on captions: begin, empty the hidden page, place, show it, clear."""


def odd(byte: int) -> int:
    """A byte of seven bits with its parity bit."""
    return byte | (0x80 if bin(byte).count("1") % 2 == 0 else 0)


def pairs(captions: list[tuple[float, float, str]]) -> dict[int, tuple[int, int]]:
    """Pairs of bytes by frame: each caption is loaded before it is shown; codes come twice."""
    sent: dict[int, tuple[int, int]] = {}
    for start, end, text in captions:
        letters = [ord(c) for c in text] + [0] * (len(text) % 2)
        loaded = [code for code in (LOAD, ERASE_HIDDEN, ROW_15) for _ in (0, 1)]
        loaded += list(zip(letters[::2], letters[1::2], strict=True))
        shown = round(start * FPS)
        for number, pair in enumerate([*loaded, SHOW, SHOW]):
            sent[shown - len(loaded) + number] = pair
        sent |= {round(end * FPS): CLEAR, round(end * FPS) + 1: CLEAR}
    return sent


def user_data(pair: tuple[int, int]) -> bytes:
    """A unit of user data (SEI) with one pair of the first field."""
    triplet = bytes([0xFC, odd(pair[0]), odd(pair[1])])
    data = b"\xb5\x00\x31GA94\x03" + bytes([0x41, 0xFF]) + triplet + b"\xff"
    return b"\x00\x00\x00\x01\x06\x04" + bytes([len(data)]) + data + b"\x80"


def captioned(path: Path, seconds: int, captions: list[tuple[float, float, str]]) -> Path:
    """A film with captions in its picture."""
    sent = pairs(captions)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.options = {"bf": "0", "x264-params": "annexb=1"}
        count = 0
        for number in range(seconds * FPS + 1):
            frame = None
            if number < seconds * FPS:
                frame = av.VideoFrame.from_ndarray(flat((40, 60, 80), 64, 64), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, FPS)
            for packet in stream.encode(frame):
                data = user_data(sent.get(count, (0, 0))) + bytes(packet)
                made = av.Packet(data)
                made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
                made.is_keyframe, made.stream = packet.is_keyframe, stream
                container.mux(made)
                count += 1
    return path


def test_captions_in_the_picture_are_what_is_said(tmp_path: Path) -> None:
    told = [(2.0, 4.0, "the tide is out"), (5.0, 8.0, "mind the rope")]
    film = captioned(tmp_path / "film.ts", 10, told)
    library = Library(tmp_path / "home")
    video = ingest(library, film, providers=BARE)
    said = [(one.start, one.end, one.text) for one in library.utterances(video.id)]
    assert [text for _, _, text in said] == [text for _, _, text in told]
    for (start, end, _), (begun, over, _) in zip(said, told, strict=True):
        assert start == pytest.approx(begun, abs=0.1) and end == pytest.approx(over, abs=0.1)


def test_a_film_without_captions_is_not_read_to_its_end_for_them(tmp_path: Path) -> None:
    film = captioned(tmp_path / "film.ts", 3, [])
    library = Library(tmp_path / "home")
    video = ingest(library, film, providers=BARE)
    assert library.utterances(video.id) == []
