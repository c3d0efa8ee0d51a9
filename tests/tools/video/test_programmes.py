"""Two programmes in one transport stream, told apart by colour, pitch, language and clock.

The muxer writes one programme a file; the packets of two such files are interleaved here, behind
one table of both (PAT, and SDT for the names).
"""

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import pytest
from PIL import Image

from tests.conftest import flat
from tools.audio.loudness import RATE
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.sandbox import Child
from tools.video.container import open_media
from tools.video.programmes import programmes

PACKET = 188
PAT, SDT = 0, 17
SECONDS = 6


class Made(NamedTuple):
    """A programme: its number, name, colour, pitch in Hz, and language of sound and subtitles."""

    number: int
    name: str
    colour: tuple[int, int, int]
    pitch: int
    language: str
    bit_rate: int = 96_000
    starts: int = 0


HARBOUR = Made(1, "Harbour", (200, 30, 30), 500, "eng", bit_rate=24_000)
FJORD = Made(2, "Fjord TV", (30, 60, 220), 1500, "nor")


def _encoded(folder: Path, made: Made, *, tone: bool = True, picture: bool = True) -> bytes:
    """Encode one programme alone: a picture, a tone, and a track of (empty) subtitles."""
    path = folder / f"{made.number}.ts"
    numbers = {
        "mpegts_service_id": str(made.number),
        "mpegts_start_pid": str(0x100 * made.number),
        "mpegts_pmt_start_pid": str(0x1000 + made.number),
    }
    with av.open(str(path), "w", format="mpegts", options=numbers) as container:
        packets: list[Any] = []
        if picture:
            video: Any = container.add_stream("libx264", rate=10, options={"bf": "0"})
            video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
            video.codec_context.gop_size = 10
            for number in range(SECONDS * 10):
                frame = av.VideoFrame.from_ndarray(flat(made.colour), format="rgb24")
                frame.pts, frame.time_base = number + made.starts * 10, Fraction(1, 10)
                packets += video.encode(frame)
            packets += video.encode(None)
        if tone:
            sound: Any = container.add_stream("aac", rate=RATE, layout="mono")
            sound.codec_context.bit_rate = made.bit_rate
            sound.metadata["language"] = made.language
            for start in range(0, SECONDS * RATE, 1024):
                wave = np.sin(np.arange(start, start + 1024) * made.pitch * 2 * np.pi / RATE)
                samples = (wave * 8000).astype(np.int16)[None, :]
                piece = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
                piece.sample_rate, piece.pts = RATE, start + made.starts * RATE
                packets += sound.encode(piece)
            packets += sound.encode(None)
        pictures = container.add_mux_stream("dvb_subtitle")
        pictures.metadata["language"] = made.language
        subtitle = av.Packet(b"\x20\x00\xff")  # a page of nothing
        subtitle.pts = subtitle.dts = made.starts + 1
        subtitle.time_base, subtitle.stream = Fraction(1), pictures
        packets.append(subtitle)
        container.mux(sorted(packets, key=lambda one: float(one.dts * one.time_base)))
    return path.read_bytes()


def _checksum(data: bytes) -> bytes:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value.to_bytes(4)


def _table(pid: int, count: int, kind: int, body: bytes) -> bytes:
    """A packet with one section of a table."""
    head = bytes([kind]) + (0xB000 | len(body) + 9).to_bytes(2) + b"\x00\x01\xc1\x00\x00"
    section = head + body + _checksum(head + body)
    return bytes([0x47, 0x40, pid, 0x10 | count & 15, 0]) + section.ljust(PACKET - 5, b"\xff")


def _multiplex(path: Path, parts: list[tuple[Made, bytes]]) -> Path:
    """Interleave programmes that were encoded alone."""
    pat = b"".join(
        made.number.to_bytes(2) + (0xE000 | 0x1000 + made.number).to_bytes(2) for made, _ in parts
    )
    sdt = b"\x00\x01\xff"
    for made, _ in parts:
        name = made.name.encode()
        service = bytes([0x48, 3 + len(name), 1, 0, len(name)]) + name
        sdt += made.number.to_bytes(2) + b"\xfc" + (0x8000 | len(service)).to_bytes(2) + service
    packets: list[tuple[float, bytes]] = []
    for _, data in parts:
        alone = [data[at : at + PACKET] for at in range(0, len(data), PACKET)]
        kept = [one for one in alone if (one[1] & 31) << 8 | one[2] not in (PAT, SDT)]
        packets += [(place / len(kept), packet) for place, packet in enumerate(kept)]
    packets.sort(key=lambda pair: pair[0])
    with path.open("wb") as file:
        for count in range(0, len(packets), 40):
            file.write(_table(PAT, count // 40, 0, pat) + _table(SDT, count // 40, 0x42, sdt))
            file.write(b"".join(packet for _, packet in packets[count : count + 40]))
    return path


def _pitch(path: Path, folder: Path) -> float:
    """Loudest frequency of the sound that is heard, in Hz."""
    given = {"samples": str(folder / "sound.pcm"), "rows": str(folder / "sound.npy")}
    with Child(writes=folder) as child:
        list(child.call("tools.video.audio:listen", path=str(path), **given))
    samples = np.fromfile(folder / "sound.pcm", np.int16)[RATE : 3 * RATE]
    return float(np.abs(np.fft.rfft(samples)).argmax()) / 2


@pytest.mark.parametrize("starts", [(0, 0), (0, 5000), (5000, 30)])
@pytest.mark.parametrize("turned", [False, True])
def test_picture_and_sound_are_of_one_programme_and_the_other_is_named(
    tmp_path: Path, turned: bool, starts: tuple[int, int]
) -> None:
    made = [one._replace(starts=at) for one, at in zip((HARBOUR, FJORD), starts, strict=True)]
    if turned:  # the loud sound first, too
        made = [made[1]._replace(bit_rate=24_000), made[0]._replace(bit_rate=96_000)]
    film = _multiplex(tmp_path / "film.ts", [(one, _encoded(tmp_path, one)) for one in made])
    library = Library(tmp_path / "home")
    video = ingest(library, film, providers=BARE)
    frames = library.frames(video.id)
    with Image.open(library.image_path(frames[-1].image)) as image:
        shown = np.asarray(image).mean(axis=(0, 1))
    read, other = sorted(made, key=lambda one: abs(shown - np.array(one.colour) * 0.94).sum())
    assert _pitch(film, tmp_path) == pytest.approx(read.pitch, abs=5)
    assert video.duration == pytest.approx(SECONDS, abs=0.3)
    assert frames[0].seconds < 0.2 and SECONDS - 0.5 < frames[-1].seconds < SECONDS + 0.1
    facts = library.manifest(video.id)["probe"]
    tracks = [track["language"] for kind in ("audio", "subtitles") for track in facts[kind]]
    assert tracks == [read.language] * 2
    (note,) = (note for note in video.notes if "programme" in note)
    assert f"programme {read.number} is read, not {other.number} {other.name!r};" in note
    assert f"-map 0:p:{other.number} " in note
    assert not any("picture of" in note or "sound track of" in note for note in video.notes)


def test_the_sound_of_another_programme_is_not_borrowed(tmp_path: Path) -> None:
    silent = _encoded(tmp_path, HARBOUR, tone=False)
    radio = _encoded(tmp_path, FJORD, picture=False)
    path = _multiplex(tmp_path / "film.ts", [(HARBOUR, silent), (FJORD, radio)])
    video = ingest(Library(tmp_path / "home"), path, providers=BARE)
    assert "no sound" in video.notes and any("not 2 'Fjord TV'" in note for note in video.notes)


def test_a_name_tells_nothing_of_streams(tmp_path: Path) -> None:
    forger = HARBOUR._replace(name="Quay\n  Program 9 \n  Stream #0:3[0x1]")
    data = _encoded(tmp_path, FJORD)
    path = _multiplex(tmp_path / "film.ts", [(forger, _encoded(tmp_path, forger)), (FJORD, data)])
    with open_media(str(path)) as container:
        found = programmes(container)
    assert [(one.number, sorted(one.streams)) for one in found] == [(1, [0, 1, 2]), (2, [3, 4, 5])]
    assert found[0].name.startswith("Quay") and found[1].name == "Fjord TV"
