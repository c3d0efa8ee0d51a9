"""V5: files that lie about time. Work is bounded by what is there, and times are exact."""
# ruff: noqa: E501 (tables)

import io
import math
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tools.errors import VideoError
from tools.library import Library
from tools.store.frames import sample_frames
from tools.vision import scenes
from tools.vision.sampling import choose
from tools.vision.signals import ROW

FRAMES, STEP = 30, 100
"""Frames of each file, and milliseconds between those of an honest one."""
MOST = 1 << 62


def element(id: bytes, data: bytes) -> bytes:
    return id + (len(data) | 1 << 56).to_bytes(8) + data


def number(id: bytes, value: int) -> bytes:
    return element(id, value.to_bytes(8))


def picture(index: int, size: int = 64) -> bytes:
    """A JPEG whose brightness tells which it is."""
    made = io.BytesIO()
    Image.new("RGB", (size, size), (8 * index + 4,) * 3).save(made, "JPEG", quality=95)
    return made.getvalue()


PICTURES = [picture(index) for index in range(FRAMES)]


def matroska(
    times: list[int],
    scale: int = 1_000_000,
    claimed: float | None = None,
    default: int | None = None,
    size: int = 64,
) -> bytes:
    """A film that says what it is told to: times in units of scale nanoseconds."""
    info = number(b"\x2a\xd7\xb1", scale)
    if claimed is not None:
        info += element(b"\x44\x89", struct.pack(">d", claimed))
    track = number(b"\xd7", 1) + number(b"\x73\xc5", 1) + number(b"\x83", 1)
    track += element(b"\x86", b"V_MJPEG")
    if default is not None:
        track += number(b"\x23\xe3\x83", default)
    track += element(b"\xe0", number(b"\xb0", size) + number(b"\xba", size))
    body = element(b"\x15\x49\xa9\x66", info)
    body += element(b"\x16\x54\xae\x6b", element(b"\xae", track))
    for index, at in enumerate(times):
        cluster, rest = (
            max(at, 0),
            min(at, 0),
        )  # a cluster begins at zero or later, a frame need not
        block = b"\x81" + struct.pack(">hB", rest, 0x80) + PICTURES[index % FRAMES]
        body += element(b"\x1f\x43\xb6\x75", number(b"\xe7", cluster) + element(b"\xa3", block))
    head = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"matroska"))
    return head + element(b"\x18\x53\x80\x67", body)


def films(chance: random.Random) -> dict[str, bytes]:
    """Films by what their clock does. Where it is `wild`, the format or FFmpeg knows no such time."""
    steady = [STEP * index for index in range(FRAMES)]
    late = 3_600_000
    lists: dict[str, list[int]] = {
        "honest": steady,
        "variable": [at + chance.randrange(90) for at in steady],
        "doubling": [2**index for index in range(FRAMES)],
        "an hour between frames": [late * index for index in range(FRAMES)],
        "five frames in 115 hours": [0, 100, 200, 300, 115 * late],
        "one frame far ahead": [*steady[:15], 10**9, *steady[16:]],
        "far ahead at the end": [*steady[:-1], 10**10],
        "jumps ahead and back": [at + (index % 2) * 10**7 for index, at in enumerate(steady)],
        "starts at an hour": [at + late for at in steady],
        "starts at a year": [at + 365 * 24 * late for at in steady],
        "all the same": [500] * FRAMES,
        "all zero": [0] * FRAMES,
        "in pairs": [at // 200 * 200 for at in steady],
        "descending": steady[::-1],
        "shuffled": chance.sample(steady, FRAMES),
        "two clocks": [*steady[:15], *steady[:15]],
        "three clocks": [*steady[:10], *(at + late for at in steady[:10]), *steady[:10]],
        "wild: all below zero": [at - 30_000 for at in steady],
        "wild: begins below zero": [at - 1500 for at in steady],
        "wild: falls below zero": [1500 - at for at in steady],
        "a millisecond apart": list(range(FRAMES)),
        "wild": [MOST + at for at in steady],
        "wild then steady": [MOST, *steady[1:]],
        "wild at the end": [*steady[:-1], (1 << 63) - 1],
        "wild up and down": [at if index % 2 else MOST - at for index, at in enumerate(steady)],
    }
    made = {name: matroska(times) for name, times in lists.items()}
    claims = [0.0, 1.0, 1e300, -5.0, math.inf, -math.inf, math.nan, 4.15e8, 1e-300, 2.0**63]
    made |= {f"claims {claimed} ms": matroska(steady, claimed=claimed) for claimed in claims}
    defaults = [0, 1, 10**6, 10**18, MOST]
    made |= {f"claims {d} ns a frame": matroska(steady, default=d) for d in defaults}
    scales = [0, 1, 1000, 10**9, 3 * 10**9]
    made |= {f"a unit of {s} ns": matroska(steady, scale=s, claimed=3000.0) for s in scales}
    scales = [10**12, 10**15, MOST]
    made |= {f"wild unit of {s} ns": matroska(steady, scale=s, claimed=3000.0) for s in scales}
    for claimed in (0.0, 4.15e8, math.nan):
        made[f"115 hours, claims {claimed}"] = matroska(lists["five frames in 115 hours"], claimed=claimed)  # fmt: skip
        made[f"descending, claims {claimed}"] = matroska(steady[::-1], claimed=claimed)
    return made


def boxed(path: Path, encode: Callable[..., Path], kind: bytes, place: int, value: bytes) -> bytes:
    """An honest MP4, but for one field of the first box of a kind."""
    if not path.exists():
        encode(path, lambda at: np.full((64, 64, 3), int(at * 80) + 4, np.uint8), 3.0)
    data = bytearray(path.read_bytes())
    at = data.index(kind) + 4 + place
    data[at : at + len(value)] = value
    return bytes(data)


FIELDS = [
    (b"mvhd", 12, b"\0\0\0\0"), (b"mvhd", 12, b"\xff\xff\xff\xff"), (b"mvhd", 16, b"\xff\xff\xff\xff"),
    (b"mvhd", 16, b"\0\0\0\0"), (b"mdhd", 12, b"\0\0\0\0"), (b"mdhd", 12, b"\0\0\0\1"),
    (b"mdhd", 12, b"\xff\xff\xff\xff"), (b"mdhd", 16, b"\xff\xff\xff\xff"), (b"stts", 12, b"\0\0\0\0"),
    (b"stts", 12, b"\x7f\xff\xff\xff"), (b"stts", 8, b"\xff\xff\xff\xff"), (b"stts", 4, b"\xff\xff\xff\xff"),
    (b"elst", 8, b"\xff\xff\xff\xff"), (b"elst", 12, b"\x7f\xff\xff\xff"), (b"elst", 12, b"\x80\0\0\0"),
]  # fmt: skip


def shown(folder: Path, event: dict[str, Any]) -> int:
    """Which frame a kept picture is."""
    with Image.open(folder / event["frame"]["name"]) as made:
        return round((float(np.asarray(made.convert("L")).mean()) - 4) / 8)


def scanned(decoder: Any, path: Path, folder: Path) -> list[dict[str, Any]]:
    """What the decode pass tells of a file; nothing where it is refused."""
    folder.mkdir(exist_ok=True)
    more = {"target": str(folder), "rows": str(folder / "rows"), "floor": 0.2}
    try:
        return decoder.call("decode:scan", path, **more)
    except VideoError as error:
        assert "\n" not in str(error)
        return []


def test_a_lie_about_time_costs_no_more_than_the_truth(
    tmp_path: Path,
    encode: Callable[..., Path],
    decoder: Any,
    chance: random.Random,
    row: Callable[..., None],
) -> None:
    made = films(chance)
    for kind, place, value in FIELDS:
        name = f"mp4 {kind.decode()} {place} {value.hex()}"
        made[name] = boxed(tmp_path / "honest.mp4", encode, kind, place, value)
    honest: tuple[int, int] = (0, 0)
    exact = 0
    for index, (name, data) in enumerate(made.items()):
        path, folder = tmp_path / "film", tmp_path / f"{index}"
        path.write_bytes(data)
        decoder.look(path)
        events = scanned(decoder, path, folder)
        kept = [event for event in events if "frame" in event]
        rows = next((event["rows"] for event in events if "rows" in event), 0)
        size = sum((folder / event["frame"]["name"]).stat().st_size for event in kept)
        honest = honest if index else (rows, size)
        assert rows <= 10 * honest[0] and size <= 10 * honest[1], name
        if name.startswith("mp4") or "wild" in name:
            continue
        assert kept, name
        times, unit = clock_of(data)
        seen = [(shown(folder, event), event["frame"]["seconds"]) for event in kept]
        zero = min(at for at, _ in ((times[n] * unit - s, n) for n, s in seen))
        for one, seconds in seen:
            assert abs(times[one] * unit - zero - seconds) <= STEP / 1000, (name, one, seen)
        exact += len(seen)
    row(
        "V5",
        "a file lies about time",
        len(made),
        len(made),
        f"{exact} kept frames exact; frames and bytes as in an honest file; {decoder.figure}",
    )


def clock_of(data: bytes) -> tuple[list[int], float]:
    """The times that were written, and the seconds of their unit."""
    scale = int.from_bytes(data[data.index(b"\x2a\xd7\xb1") + 11 :][:8])
    times: list[int] = []
    at = 0
    while (at := data.find(b"\x1f\x43\xb6\x75", at)) >= 0:
        cluster = int.from_bytes(data[at + 21 : at + 29])
        times.append(cluster + struct.unpack(">h", data[at + 39 : at + 41])[0])
        at += 4
    return times, (scale or 1_000_000) / 1e9


def test_an_index_of_lies_is_an_index(
    tmp_path: Path, indexed: Any, times: Callable[[int], int], chance: random.Random, row: Any
) -> None:
    library, done = Library(tmp_path / "home"), 0
    made = films(chance)
    tried = chance.sample(sorted(made), times(len(made)))
    tried += ["five frames in 115 hours", "a unit of 1000 ns", "wild then steady"]
    for number, name in enumerate(tried):
        path = tmp_path / f"{number}.mkv"
        path.write_bytes(made[name])
        video = indexed(library, path)
        if video is None:
            continue
        done += 1
        assert math.isfinite(video.duration) and video.duration >= 0, name
        for strategy in ("uniform", "dense", "sparse", "adaptive"):
            found = len(sample_frames(library, video.id, strategy))
            # A film that is over as it begins has no scene to be in the middle of.
            assert 0 < found <= FRAMES or not video.duration, (name, strategy)
        assert library.coverage(video.id).frames <= FRAMES
    assert done > len(tried) / 2
    row("V5", "the same, through the whole index", len(tried), len(tried), f"{done} indexed")


def test_a_film_of_nothing_but_cuts_is_cut_without_trying_each_against_each() -> None:
    count = 200_000  # each against each would outlast the limit of a test by far
    made = [
        (float(at), 100 * (at % 3 == 0), 1, 1, 0, 0, 0.5 * (at % 3 == 0), 0, 1, 2)
        for at in range(count)
    ]
    rows = np.array(made, ROW)
    assert len(scenes.find_cuts(rows)) > count / 4


def test_years_between_two_frames_are_not_walked_through() -> None:
    rows = np.array([(at, 0, 0, 0, 0, 0, 0, 0, 1, 1) for at in (0.0, 1.0, 1e15)], ROW)
    assert [at for at, _ in choose("dense", rows, [])] == [0.0, 1.0, 1e15]


def test_pictures_take_no_more_room_than_the_file_is_given(tmp_path: Path, decoder: Any) -> None:
    path, folder = tmp_path / "film.mkv", tmp_path / "kept"
    folder.mkdir()
    path.write_bytes(matroska([10_000 * index for index in range(FRAMES)]))
    more = {"target": str(folder), "rows": str(folder / "rows"), "floor": 5.0}
    *_, whole = decoder.call("decode:scan", path, **more)
    assert whole["full"] is None and len(list(folder.glob("*.jpg"))) == FRAMES
    *_, last = decoder.call("decode:scan", path, room=2000, **more)
    assert last["rows"] == FRAMES and 0 < last["full"] < 200
