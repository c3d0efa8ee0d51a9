"""V3 and V4: files that are damaged by chance, and files that are cut short."""

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tools.errors import VideoError
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.store.frames import sample_frames

SECONDS, FPS, RATE = 4.0, 10, 16000
KINDS = {
    "mp4": ("libx264", "aac", "mov_text", {"movflags": "+faststart"}),
    "mkv": ("libx264", "libmp3lame", "subrip", {}),
    "webm": ("libvpx", "libopus", "webvtt", {}),
    "avi": ("mpeg4", "libmp3lame", None, {}),
    "ts": ("mpeg2video", "mp2", None, {}),
    "mov": ("mjpeg", "pcm_s16le", None, {"movflags": "+faststart"}),
}
Seeds = dict[str, Path]
Times = Callable[[int], int]
LIMIT = 600
"""MB that the decoding process may hold."""


def paint(at: float) -> np.ndarray:
    """A picture that changes, with a cut in the middle."""
    picture = np.full((90, 160, 3), 40 if at < SECONDS / 2 else 200, np.uint8)
    across = int(at * 30) % 130
    picture[20:50, across : across + 30] = (255, 60, 10)
    return picture


def write(path: Path, kind: str, seconds: float = SECONDS) -> Path:
    """A small honest file of a container: picture, sound and, where it can, subtitles."""
    codec, voice, words, options = KINDS[kind]
    with av.open(str(path), "w", options=options) as out:
        picture: Any = out.add_stream(codec, rate=FPS)
        picture.width, picture.height = 160, 90
        picture.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        picture.codec_context.gop_size = 10
        rate = 48000 if voice == "libopus" else RATE
        sound: Any = out.add_stream(voice, rate=rate, layout="mono")
        text: Any = out.add_mux_stream(words) if words else None
        if text:
            text.time_base = Fraction(1, 1000)
        resampler = av.AudioResampler(sound.format, "mono", rate, sound.frame_size or 1024)
        for number in range(round(seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(paint(number / FPS), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            out.mux(picture.encode(frame))
            wave = np.sin(np.arange(rate // FPS) * 440 * 2 * np.pi / rate) * 8000
            piece = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], "s16", "mono")
            piece.sample_rate, piece.pts = rate, number * (rate // FPS)
            piece.time_base = Fraction(1, rate)
            for small in resampler.resample(piece):
                out.mux(sound.encode(small))
            if text and number % FPS == 0:
                line = f"Line {number // FPS}".encode()
                packet = av.Packet(len(line).to_bytes(2, "big") + line if kind == "mp4" else line)
                packet.stream, packet.time_base = text, Fraction(1, 1000)
                packet.pts = packet.dts = number * 1000 // FPS
                packet.duration = 900
                out.mux(packet)
        for small in resampler.resample(None):
            out.mux(sound.encode(small))
        out.mux(picture.encode(None))
        out.mux(sound.encode(None))
    return path


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Seeds:
    """An honest file of each container."""
    folder = tmp_path_factory.mktemp("seeds")
    return {kind: write(folder / f"honest.{kind}", kind) for kind in KINDS}


@pytest.fixture
def clips(media_if_any: Path | None) -> list[Path]:
    """Real files, the small ones of the media folder, where it is there."""
    folders = [media_if_any / part for part in ("clips", "odd")] if media_if_any else []
    every = sorted(path for folder in folders for path in folder.iterdir())
    return [path for path in every if 1000 < path.stat().st_size < 700_000]


EXTREMES = [bytes(8), b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\x80" + bytes(7), b"\0\0\0\1" * 2]
MARKS = [
    *(b"mvhd", b"mdhd", b"tkhd", b"stts", b"stsz", b"stsc", b"stco", b"ctts", b"stsd", b"avcC"),
    *(b"elst", b"hdlr", b"moov", b"trak", b"mdat", b"avih", b"strh", b"strf", b"idx1", b"movi"),
    *(b"00dc", b"\x1a\x45\xdf\xa3", b"\x15\x49\xa9\x66", b"\x16\x54\xae\x6b", b"\x1f\x43\xb6\x75"),
    *(b"\x1c\x53\xbb\x6b", b"\x2a\xd7\xb1", b"\x44\x89", b"\xb0", b"\xba", b"\x47\x40", b"\0\0\1"),
]


def flip(data: bytearray, chance: random.Random, place: Callable[[], int]) -> None:
    for _ in range(chance.choice((1, 4, 30))):
        data[place()] ^= 1 << chance.randrange(8)


def fill(data: bytearray, chance: random.Random, place: Callable[[], int]) -> None:
    at, size = place(), chance.choice((1, 16, 400))
    data[at : at + size] = chance.choice((b"\0", b"\xff", chance.randbytes(1))) * size


def swap(data: bytearray, chance: random.Random, place: Callable[[], int]) -> None:
    size = chance.choice((4, 188, 1024))
    one, other = place(), place()
    first, second = data[one : one + size], data[other : other + size]
    data[one : one + size], data[other : other + size] = second, first


def cut(data: bytearray, chance: random.Random, place: Callable[[], int]) -> None:
    at = place()
    del data[at : at + chance.choice((1, 100, len(data)))]


def splice(data: bytearray, chance: random.Random, place: Callable[[], int]) -> None:
    at, size = place(), chance.choice((8, 500, 5000))
    source = place()
    data[at:at] = data[source : source + size] * chance.choice((1, 1, 20))


def claim(data: bytearray, chance: random.Random, place: Callable[[], int]) -> None:
    """A field of a header says the most, the least, or the impossible."""
    at = data.find(chance.choice(MARKS), chance.choice((0, place())))
    at = place() if at < 0 else max(at + chance.randrange(-4, 28), 0)
    value = chance.choice(EXTREMES)[: chance.choice((1, 2, 4, 8))]
    data[at : at + len(value)] = value


def mutate(data: bytes, chance: random.Random) -> bytes:
    """One to three faults, half of them near the start, where the headers are."""
    hurt = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        end = max(len(hurt), 1)
        near = min(end, 2000) if chance.random() < 0.5 else end
        fault = chance.choice((flip, fill, swap, cut, splice, claim, claim))
        fault(hurt, chance, lambda near=near: chance.randrange(near))
        hurt = hurt or bytearray(b"\0")
    return bytes(hurt)


def hurt(honest: Iterable[Path], n: int, folder: Path, chance: random.Random) -> Iterator[Path]:
    """So many damaged files, each of the honest ones in turn; few lie there at once."""
    for number, seed in enumerate(itertools.islice(itertools.cycle(honest), n)):
        path = folder / f"hurt {number % 100}{seed.suffix}"
        path.write_bytes(mutate(seed.read_bytes(), chance))
        yield path


def test_real_files_are_among_those_that_are_damaged(media: Path, clips: list[Path]) -> None:
    assert len(clips) > 10 and all(path.is_relative_to(media) for path in clips)


def test_a_damaged_file_is_one_line_or_usable(
    seeds: Seeds,
    clips: list[Path],
    tmp_path: Path,
    decoder: Any,
    times: Times,
    chance: random.Random,
    row: Any,
) -> None:
    honest = [path for path in seeds.values() for _ in range(6)] + clips
    count, usable, refused = times(2000), 0, 0
    for path in hurt(honest, count, tmp_path, chance):
        look = decoder.look(path)
        usable += look.usable
        refused += bool(look.refused or look.troubles)
        assert look.usable or look.refused or look.troubles, path
    assert decoder.peak <= LIMIT
    figure = f"{usable} usable, {count - usable} refused; {decoder.figure}"
    row("V3", "a file is damaged by chance", count, count, figure)


def test_a_damaged_file_leaves_one_line_or_an_index_that_answers(
    seeds: Seeds, tmp_path: Path, indexed: Any, times: Times, chance: random.Random, row: Any
) -> None:
    library, count, done = Library(tmp_path / "home"), times(60), 0
    for path in hurt(seeds.values(), count, tmp_path, chance):
        video = indexed(library, path)
        if video is None:
            continue
        done += 1
        assert video.width is None or sample_frames(library, video.id, "uniform", count=3)
        assert video.width is None or library.scenes(video.id)
        assert all(spoken.text for spoken in library.utterances(video.id))
    assert done
    assert [video for video in library.list() if video.state == "ready"]
    row("V3", "the same, through the whole index", count, count, f"{done} indexed")


def held(path: Path, size: int) -> float:
    """Where the last packet ends that lies whole in the first bytes of an honest file."""
    with av.open(str(path)) as container:
        start = (container.start_time or 0) / av.time_base
        tracks = [*container.streams.video, *container.streams.audio]
        ends = [
            float((packet.pts + (packet.duration or 0)) * packet.time_base) - start
            for packet in container.demux(tracks)
            if packet.pts is not None and packet.pos is not None
            if packet.pos + packet.size <= size
        ]
    return max(ends, default=0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_short_says_how_much_is_there(
    kind: str, tmp_path: Path, row: Callable[..., None]
) -> None:
    whole = write(tmp_path / f"whole.{kind}", kind, 12.0)
    data = whole.read_bytes()
    library, worst, told = Library(tmp_path / "home"), 0.0, 0
    for percent in range(10, 100, 10):
        path = tmp_path / f"{percent} percent.{kind}"
        path.write_bytes(data[: len(data) * percent // 100])
        there = held(whole, path.stat().st_size)
        try:
            video = ingest(library, path, providers=BARE, only=("pass",))
        except VideoError as error:
            assert "\n" not in str(error) and there < 0.5, (percent, there, str(error))
            continue
        told += 1
        worst = max(worst, abs(video.duration - there))
        assert abs(video.duration - there) <= 1.001, (percent, video.duration, there, video.notes)
        assert there > 10 or any("cut short" in n for n in video.notes) or kind in ("ts", "avi")
    row("V4", f"{kind} is cut at 10 to 90 %", 9, 9, f"{told} indexed, {worst:.2f} s off at most")


def test_a_copy_for_the_browser_of_a_damaged_file_is_made_or_refused(
    seeds: Seeds, tmp_path: Path, decoder: Any, times: Times, chance: random.Random, row: Any
) -> None:
    count, made = times(200), 0
    for path in hurt(seeds.values(), count, tmp_path, chance):
        span = {"start": chance.choice((0.0, 1.5)), "end": 4.0, "duration": 4.0}
        try:
            decoder.call(
                "proxy:write_proxy", path, name="source", target=str(tmp_path / "c"), **span
            )
        except VideoError as error:
            assert "\n" not in str(error)
            continue
        made += 1
    assert made and decoder.peak <= LIMIT
    figure = f"{made} made, {decoder.peak} MB at most, {decoder.deaths} deaths of the decoder"
    row("V3", "a browser's copy of a damaged file", count, count, figure)
