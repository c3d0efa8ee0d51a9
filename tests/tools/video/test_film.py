"""Films that are written: pictures, sound and captions at their times; and spans read back."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests import numbered
from tools.errors import UnreadableMedia
from tools.video.film import FilmWriter
from tools.video.span import pictures_at_rate, sound_of_span, whole_sound
from tools.video.tracks import read_subtitles

Encode = Callable[..., Path]


def tone(seconds: float, starts: float = 0.0) -> np.ndarray:
    at = np.arange(round(seconds * 48_000)) / 48_000
    wave = np.where(at >= starts, np.sin(at * 2 * np.pi * 440) * 0.4, 0).astype(np.float32)
    return np.stack([wave, wave])


def test_a_film_holds_its_pictures_sound_and_captions(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    cues = [(0.5, 1.2, "Grüße, Welt"), (1.2, 1.9, "second"), (2.4, 2.8, "third")]
    with FilmWriter(str(path), (64, 36), 25, tone(3.0, 1.0), cues, "deu") as film:
        for number in range(75):
            planes = np.full((54, 64), 128, np.uint8)
            planes[:36] = 40 + 2 * number
            film.write(planes)
    with av.open(str(path)) as file:
        picture = file.streams.video[0]
        assert picture.codec_context.pix_fmt == "yuv420p" and picture.average_rate == 25
        frames = list(file.decode(picture))
    assert [float(frame.time or 0) for frame in frames] == pytest.approx(
        [number / 25 for number in range(75)], abs=1e-3
    )
    levels = [frame.to_ndarray(format="gray").mean() for frame in frames]
    assert levels == sorted(levels) and levels[0] < 50 < 180 < levels[-1]
    (track,) = read_subtitles(str(path))
    assert [tuple(cue) for cue in track["cues"]] == cues and track["language"] == "deu"
    sound = sound_of_span(str(path), 0.0, 3.0)
    assert sound is not None
    assert np.argmax(np.abs(sound[0]) > 0.1) == pytest.approx(48_000, abs=480)
    data = path.read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")


def test_a_film_without_sound_and_captions_has_one_track(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with FilmWriter(str(path), (32, 32), 25, None) as film:
        film.write(np.full((48, 32), 90, np.uint8))
    with av.open(str(path)) as file:
        assert [stream.type for stream in file.streams] == ["video"]
    assert sound_of_span(str(path), 0.0, 0.04) is None
    with pytest.raises(UnreadableMedia):
        whole_sound(str(path), 1.0)


@pytest.mark.parametrize(("rate", "factor"), [(25, 1), (25, 2), (10, 2.5)])
def test_a_span_is_read_at_a_constant_rate(
    encode: Encode, tmp_path: Path, rate: int, factor: float
) -> None:
    film = numbered.film(encode, tmp_path / "film.mp4", Fraction(rate), 60)
    found = pictures_at_rate(str(film), 10 / rate, 30 / rate, rate * factor, (64, 64))
    numbers = [round(float(p[:, -8:].mean() - 20) / 20) for p in found]
    expected = [int(10 + n / factor) % 10 for n in range(round(20 * factor))]
    assert numbers == expected


def test_after_the_end_the_last_picture_stands(encode: Encode, tmp_path: Path) -> None:
    film = numbered.film(encode, tmp_path / "film.mp4", Fraction(10), 20)
    found = list(pictures_at_rate(str(film), 1.8, 2.6, 10, (64, 64)))
    assert len(found) == 8 and np.array_equal(found[2], found[7])


def test_sound_of_a_span_lies_where_it_was(encode: Encode, tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", lambda _: numbered.picture(0), 4.0, tone=True, starts=1.5)
    sound = sound_of_span(str(film), 1.0, 3.0)
    assert sound is not None and sound.shape == (2, 96_000)
    assert np.argmax(np.abs(sound[0]) > 0.05) == pytest.approx(24_000, abs=1500)
    whole = whole_sound(str(film), 60.0)
    assert whole.shape[1] > 3.9 * 48_000
    assert whole_sound(str(film), 2.0).shape[1] == 96_000


def test_a_span_of_a_file_without_pictures_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(tone(1.0), "fltp", "stereo")
        frame.sample_rate, frame.pts = 48_000, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(UnreadableMedia, match="no picture"):
        list(pictures_at_rate(str(path), 0.0, 1.0, 25, (64, 64)))
