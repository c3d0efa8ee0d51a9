"""Spans as new files: exact to the frame, with the right pictures, the sound where it was."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests import numbered
from tools.errors import UnreadableMedia
from tools.sandbox import Child
from tools.video.cut import write_cut

NTSC = Fraction(30000, 1001)
Encode = Callable[..., Path]


def cut(target: Path, source: Path, start: float, end: float) -> Path:
    fractions = [one["fraction"] for one in write_cut([str(source)], [[start, end]], str(target))]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    return target


@pytest.mark.parametrize("rate", [Fraction(25), NTSC], ids=["25", "29.97"])
def test_a_cut_holds_exactly_its_frames(encode: Encode, tmp_path: Path, rate: Fraction) -> None:
    source = numbered.film(encode, tmp_path / "film.mp4", rate, 90, gop=50)
    made = cut(tmp_path / "cut.mp4", source, float(17 / rate), float(58 / rate))
    pictures = numbered.read(made)
    assert [number for _, number in pictures] == list(range(17, 58))
    assert [at for at, _ in pictures] == pytest.approx(
        [float(n / rate) for n in range(41)], abs=1e-4
    )
    assert numbered.length(made) == pytest.approx(float(41 / rate), abs=1e-4)


def test_a_variable_rate_keeps_the_time_of_every_picture(encode: Encode, tmp_path: Path) -> None:
    times = [0, 4, 8, 20, 24, 25, 40, 41, 60, 90]
    source = numbered.uneven_film(encode, tmp_path / "film.mp4", times, 50)
    made = cut(tmp_path / "cut.mp4", source, 8 / 50, 60 / 50)
    pictures = numbered.read(made)
    assert [number for _, number in pictures] == [2, 3, 4, 5, 6, 7]
    expected = [(t - 8) / 50 for t in times[2:8]]
    assert [at for at, _ in pictures] == pytest.approx(expected, abs=1e-3)
    assert numbered.length(made) == pytest.approx(52 / 50, abs=1e-3)


def test_a_cut_between_two_pictures_begins_with_the_one_on_screen(
    encode: Encode, tmp_path: Path
) -> None:
    source = numbered.film(encode, tmp_path / "film.mp4", Fraction(10), 30)
    made = cut(tmp_path / "cut.mp4", source, 1.05, 1.35)
    assert numbered.read(made) == [
        (0.0, 10), (pytest.approx(0.05, abs=1e-3), 11), (pytest.approx(0.15, abs=1e-3), 12),
        (pytest.approx(0.25, abs=1e-3), 13),
    ]  # fmt: skip
    assert numbered.length(made) == pytest.approx(0.3, abs=1e-4)


def test_the_sound_stays_with_the_picture(encode: Encode, tmp_path: Path) -> None:
    source = numbered.film(
        encode, tmp_path / "film.mp4", Fraction(10), 60, tone=True, starts=2.0, in_turn=True
    )
    made = cut(tmp_path / "cut.mp4", source, 1.5, 4.0)
    loud = [at for at, level in numbered.loudness(made) if level > 0.02]
    assert loud[0] == pytest.approx(0.5, abs=0.03)
    assert numbered.read(made)[5] == (pytest.approx(0.5, abs=1e-3), 20)
    assert numbered.length(made, "audio") == pytest.approx(2.5, abs=1e-3)


def test_a_silent_video_stays_without_sound(encode: Encode, tmp_path: Path) -> None:
    source = numbered.film(encode, tmp_path / "film.mp4", Fraction(10), 20)
    with av.open(str(cut(tmp_path / "cut.mp4", source, 0.0, 1.0))) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def write_tone(path: Path, seconds: int) -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=16000, layout="mono")
        for start in range(0, seconds * 16000, 1600):
            wave = np.sin(np.arange(start, start + 1600) * 440 * 2 * np.pi / 16000) * 9000
            frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], "s16", "mono")
            frame.sample_rate, frame.pts = 16000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_sound_alone_is_cut_as_sound(tmp_path: Path) -> None:
    made = cut(tmp_path / "cut.m4a", write_tone(tmp_path / "talk.mkv", 5), 1.0, 3.5)
    with av.open(str(made)) as container:
        assert [stream.codec_context.name for stream in container.streams] == ["aac"]
    assert numbered.length(made, "audio") == pytest.approx(2.5, abs=1e-3)


def test_nothing_to_decode_is_an_error(encode: Encode, tmp_path: Path) -> None:
    source = numbered.film(encode, tmp_path / "film.mp4", Fraction(10), 20)
    with pytest.raises(UnreadableMedia, match="nothing can be decoded"):
        list(write_cut([str(write_tone(tmp_path / "a.mkv", 1))], [[30, 31]], str(tmp_path / "b")))
    assert numbered.length(cut(tmp_path / "end.mp4", source, 1.9, 2.0)) == pytest.approx(
        0.1, abs=1e-4
    )


def test_videos_of_other_shapes_and_rates_are_joined_in_one(encode: Encode, tmp_path: Path) -> None:
    wide = numbered.film(encode, tmp_path / "wide.mp4", Fraction(25), 75, tone=True)
    tall = encode(
        tmp_path / "tall.mp4", lambda _: np.full((128, 64, 3), (200, 30, 30), np.uint8), 2.0
    )
    talk = write_tone(tmp_path / "talk.mkv", 3)
    target, spans = tmp_path / "reel.mp4", [[1.0, 2.0], [0.5, 1.5], [0.0, 1.0]]
    list(write_cut([str(wide), str(tall), str(talk)], spans, str(target), [128, 72, "25"]))
    with av.open(str(target)) as container:
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    assert [f.shape for f in frames] == [(72, 128, 3)] * 75
    times = [at for at, _ in numbered.read(target)]
    assert times == pytest.approx([n / 25 for n in range(75)], abs=1e-3)
    assert [number for _, number in numbered.read(target)[:25]] == list(range(25, 50))
    bars, middle = frames[40][:, :40].mean(), frames[40][10:60, 50:78].mean((0, 1))
    assert bars < 5 and middle == pytest.approx((200, 30, 30), abs=12)
    assert frames[60].mean() < 5  # sound alone, in the dark
    sound = numbered.loudness(target)
    loud = {
        part: np.mean([level for at, level in sound if part + 0.1 < at < part + 0.85])
        for part in range(3)
    }
    assert loud[0] > 0.1 and loud[1] < 0.001 and loud[2] > 0.1
    assert numbered.length(target, "audio") == pytest.approx(3.0, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "size"),
    [("odd/mb_rotate_bbb.mp4", (1080, 1920)), ("odd/ax_portrait_4k60.mp4", (1080, 1920)),
     ("odd/mb_sar_2x1.mp4", (1280, 360)), ("odd/mb_h265.mp4", (1920, 1080))],
)  # fmt: skip
def test_real_files_are_cut_in_the_sandbox(
    media: Path, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    target = tmp_path / "cut.mp4"
    with Child(writes=tmp_path) as child:
        arguments = {"sources": [str(media / name)], "spans": [[0.1, 0.3]], "target": str(target)}
        for _ in child.call("tools.video.cut:write_cut", **arguments):
            pass
    with av.open(str(target)) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (*size, 0)
    assert numbered.length(target) == pytest.approx(0.2, abs=1e-3)


def test_the_counted_frames_of_a_real_clip_are_those_of_the_span(
    media: Path, tmp_path: Path
) -> None:
    source = media / "odd" / "psd_counter.mp4"
    made = cut(tmp_path / "cut.mp4", source, 1.2, 2.0)

    def grey(path: Path) -> list[Any]:
        with av.open(str(path)) as container:
            return [f.to_ndarray(format="gray").astype(float) for f in container.decode(video=0)]

    whole, part = grey(source), grey(made)
    assert len(part) == 8
    nearest = [min(range(30), key=lambda n: np.abs(whole[n] - one).mean()) for one in part]
    assert nearest == list(range(12, 20))
