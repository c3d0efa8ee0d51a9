"""The audio pass on sounds of known times and levels, and what the rows tell."""

import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tools.audio.loudness import RATE, ROW, STEP_SECONDS, chunks, loudest, segments, speech_spans
from tools.files.rows import Rows, read_rows
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.sandbox import Child


def write_sound(
    path: Path,
    wave: Callable[[np.ndarray], np.ndarray],
    length: float,
    *,
    rate: int = 48_000,
    layout: str = "stereo",
    codec: str = "pcm_s16le",
    starts: float = 0.0,
    picture: float = 0.0,
) -> Path:
    """Sound that wave(seconds) makes, in every channel; a black picture of so many seconds."""
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=rate, layout=layout)
        stream.time_base = Fraction(1, rate)
        film: Any = out.add_stream("libx264", rate=5) if picture else None
        if film:
            film.width = film.height = 64
            film.pix_fmt = "yuv420p"
            for number in range(round(picture * 5)):
                frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 5)
                out.mux(film.encode(frame))
            out.mux(film.encode(None))
        channels = len(av.AudioLayout(layout).channels)
        for at in range(0, round(length * rate), 1024):
            seconds = np.arange(at, min(at + 1024, round(length * rate))) / rate
            samples = (wave(seconds) * 32767).astype(np.int16)
            piece = av.AudioFrame.from_ndarray(
                np.repeat(samples, channels)[None, :], format="s16", layout=layout
            )
            piece.sample_rate, piece.time_base = rate, Fraction(1, rate)
            piece.pts = at + round(starts * rate)
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return path


def tone(level: float = 0.25, start: float = 0.0, end: float = 1e9):
    def wave(t: np.ndarray) -> np.ndarray:
        return level * np.sin(2 * np.pi * 440 * t) * ((t >= start) & (t < end))

    return wave


def listen(path: Path, folder: Path) -> tuple[dict[str, Any], Rows, np.ndarray]:
    with Child(writes=folder) as child:
        *_, last = child.call(
            "tools.video.audio:listen",
            path=str(path),
            samples=str(folder / "s.pcm"),
            rows=str(folder / "s.npy"),
        )
    return last, read_rows(folder / "s.npy"), np.fromfile(folder / "s.pcm", np.int16)


@pytest.mark.parametrize(
    ("rate", "layout"), [(8000, "mono"), (44_100, "stereo"), (48_000, "7.1"), (96_000, "5.1")]
)
def test_any_rate_and_channels_keep_level_and_time(tmp_path: Path, rate: int, layout: str):
    made = write_sound(tmp_path / "a.mkv", tone(0.25, 1.0, 2.0), 4.0, rate=rate, layout=layout)
    last, rows, samples = listen(made, tmp_path)
    assert last["damaged"] == 0 and last["end"] == pytest.approx(4.0, abs=0.05)
    heard = np.flatnonzero(np.abs(samples) > 500) / RATE
    assert (heard[0], heard[-1]) == pytest.approx((1.0, 2.0), abs=0.02)
    inside = rows["loudness"][(rows["seconds"] > 1.2) & (rows["seconds"] < 1.8)]
    # What is the same in front and behind adds up.
    assert inside.mean() == pytest.approx(-15.05, abs=0.5 if layout in ("mono", "stereo") else 4)
    assert rows["loudness"][rows["seconds"] > 2.2].max() < -80


def test_a_track_that_starts_late_keeps_its_time_and_may_outlast_the_picture(tmp_path: Path):
    made = write_sound(tmp_path / "late.mkv", tone(), 6.0, starts=2.0, picture=3.0)
    last, rows, _ = listen(made, tmp_path)
    assert last["start"] == pytest.approx(2.0, abs=0.05)
    assert last["end"] == pytest.approx(8.0, abs=0.05)
    first, second = segments(rows)
    assert (first.kind, second.kind) == ("silence", "other")
    assert first.end == pytest.approx(2.0, abs=0.3)


def test_damaged_packets_are_stepped_over_and_told(tmp_path: Path):
    made = write_sound(tmp_path / "a.mka", tone(), 20.0, codec="flac")
    data = bytearray(made.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(range(250)) * 12
    made.write_bytes(bytes(data))
    last, rows, _ = listen(made, tmp_path)
    assert last["damaged"] and last["trouble"]
    assert last["end"] == pytest.approx(20.0, abs=0.2)
    late = rows["loudness"][rows["seconds"] > 15]
    assert late.mean() == pytest.approx(-15.05, abs=0.5)


@pytest.mark.parametrize(
    ("parts", "heard", "end", "damaged"),
    [
        ([(0, 3), (6, 3)], [(0, 3), (6, 9)], 9, 0),  # a hole
        ([(0, 3), (3600, 0.1), (3.1, 3)], [(0, 6.1)], 6.1, 0),  # one wrong time
        ([(0, 3), (0, 0.1), (3, 3)], [(0, 6)], 6, 1),  # one that does not fit at all
        ([(0, 3), (0, 3)], [(0, 6)], 6, 0),  # two recordings in one file
        ([(0, 3), (2.5, 3)], [(0, 5.5)], 5.5, 0),  # two that overlap
    ],
)
def test_one_wrong_time_silences_nothing(
    tmp_path: Path, parts: list[tuple[float, float]], heard: list[Any], end: float, damaged: int
) -> None:
    pieces: list[bytes] = []
    for starts, length in parts:
        part = write_sound(tmp_path / "part.ts", tone(), length, starts=starts, codec="mp2")
        pieces.append(part.read_bytes())
    made = tmp_path / "all.ts"
    made.write_bytes(b"".join(pieces))
    last, rows, _ = listen(made, tmp_path)
    assert (last["end"], last["damaged"]) == (pytest.approx(end, abs=0.15), damaged)
    loud = [(one.start, one.end) for one in segments(rows) if one.kind != "silence"]
    assert [t for one in loud for t in one] == pytest.approx(sum(heard, ()), abs=0.4)


def test_silence_has_no_speech_and_costs_no_disk(tmp_path: Path):
    made = write_sound(tmp_path / "a.flac", tone(0.0), 120.0, codec="flac")
    _, rows, samples = listen(made, tmp_path)
    assert [span.kind for span in segments(rows)] == ["silence"]
    assert chunks(rows) == loudest(rows) == [] and not samples.any()
    assert (tmp_path / "s.pcm").stat().st_blocks * 512 < samples.nbytes / 10


def made_rows(loudness: np.ndarray, speech: np.ndarray) -> Rows:
    rows = np.zeros(len(loudness), ROW)
    rows["seconds"] = np.arange(len(loudness)) * STEP_SECONDS
    rows["loudness"], rows["speech"] = loudness, speech
    return rows


def at(seconds: float) -> int:
    return round(seconds / STEP_SECONDS)


def test_a_cheer_is_loud_not_speech_and_above_what_surrounds_it():
    loudness, speech = np.full(at(300), -40.0), np.zeros(at(300))
    loudness[at(100) : at(104)] = -12.0  # a cheer
    loudness[at(200) : at(203)] = -10.0  # a shout
    speech[at(200) : at(203)] = 0.9
    loudness[at(240) :] = -15.0  # from here on everything is loud, and nothing stands out
    (cheer,) = loudest(made_rows(loudness, speech), ["other"])
    assert (cheer.start, cheer.end) == pytest.approx((100, 104), abs=0.6)
    assert cheer.above == pytest.approx(28, abs=1)
    (shout,) = loudest(made_rows(loudness, speech), ["speech"])
    assert shout.start == pytest.approx(200, abs=0.6)


def test_chunks_are_cut_at_pauses_and_never_too_long():
    speech, loudness = np.full(at(200), 0.9), np.full(at(200), -20.0)
    for pause in (12.0, 25.0, 47.0):
        speech[at(pause) : at(pause + 0.8)] = 0.0
    speech[at(60) : at(70)] = 0.0
    quiet = at(90)
    speech[quiet], loudness[quiet] = 0.5, -60.0
    found = chunks(made_rows(loudness, speech))
    assert all(end - start <= 28.0 for start, end in found)
    assert found[0][1] == pytest.approx(25.2, abs=0.3)
    assert found[1][0] == pytest.approx(25.6, abs=0.3)
    assert not any(start < 62 and end > 68 for start, end in found)
    assert any(end == pytest.approx(quiet * STEP_SECONDS) for _, end in found)
    total = sum(e - s for s, e in speech_spans(made_rows(loudness, speech)))
    assert sum(e - s for s, e in found) >= total - 0.1


def test_sound_that_ends_early_is_a_note(tmp_path: Path):
    made = write_sound(tmp_path / "early.mp4", tone(), 3.0, codec="aac", picture=8.0)
    library = Library(tmp_path / "home")
    video = ingest(library, made, providers=BARE)
    assert "the sound ends at 3.0 s" in video.notes
    assert library.signals(video.id, "sound")["loudness"].max() > -20


def test_a_sound_track_without_a_packet_is_empty(tmp_path: Path):
    made = write_sound(tmp_path / "empty.mkv", tone(), 0.0, picture=2.0)
    video = ingest(Library(tmp_path / "home"), made, providers=BARE)
    assert video.stages["sound"].note == "the sound track is empty"


def test_real_music_and_traffic_hold_no_speech(media: Path, tmp_path: Path):
    for name in ("odd/pop_italia.mp4", "clips/moviepy_bbb_0_30.webm", "clips/dvr_traffic.mp4"):
        _, rows, _ = listen(media / name, tmp_path)
        assert speech_spans(rows) == [], name
    last, rows, _ = listen(media / "odd/moviepy_with_failing_audio.mp4", tmp_path)
    assert segments(rows)[-1].kind == "silence" and last["end"] == pytest.approx(11.2, abs=0.1)


@pytest.mark.parametrize("level", [0.3, 0.003])
def test_channels_in_opposite_phase_are_heard(tmp_path: Path, level: float) -> None:
    made = tmp_path / "opposite.wav"
    chance = np.random.default_rng(3)
    left = (chance.normal(0, level / 3, RATE * 6) * 32767).astype(np.int16)
    with wave.open(str(made), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.stack([left, -left], axis=1).tobytes())
    last, rows, _ = listen(made, tmp_path)
    assert last["end"] == pytest.approx(6.0, abs=0.1)
    expected = 20 * np.log10(level / 3)
    assert np.median(rows["loudness"]) == pytest.approx(expected, abs=1.5)


def test_a_short_beep_is_no_silence(tmp_path: Path) -> None:
    made = tmp_path / "beep.wav"
    samples = np.zeros(RATE * 20, np.int16)
    beep = np.sin(np.arange(RATE // 10) * 1000 * 2 * np.pi / RATE)
    samples[RATE * 12 : RATE * 12 + RATE // 10] = (beep * 12000).astype(np.int16)
    with wave.open(str(made), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    _, rows, _ = listen(made, tmp_path)
    found = [(one.kind, round(one.start), round(one.end)) for one in segments(rows)]
    assert found == [("silence", 0, 12), ("other", 12, 12), ("silence", 12, 20)]
