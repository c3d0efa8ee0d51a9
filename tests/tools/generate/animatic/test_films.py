"""Films of the other kinds: their length, their sound, their words, and where they are from."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tools.generate.animatic.conftest import SIDE, Make, held
from tools.errors import RefusedRequest
from tools.generate.animatic.look import data
from tools.generate.animatic.looks import changed, restyle_of
from tools.generate.providers import Work
from tools.generate.providers.animatic import Animatic
from tools.generate.request import GenerationRequest, Moment
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.video.levels import measured
from tools.video.tracks import read_subtitles

Colour = tuple[int, int, int]


@pytest.fixture
def library(with_sample: Callable[[Path], Library], tmp_path: Path) -> Library:
    return with_sample(tmp_path / "library")


@pytest.fixture
def sampled(library: Library) -> Animatic:
    return Animatic(library, short_side=SIDE, watermark=False)


def moments(library: Library, *spans: tuple[float, float]) -> tuple[Moment, ...]:
    video = library.list()[0].id
    return tuple(Moment(video, *span, f"frame:{video}@{span[0]:.0f}000") for span in spans)


def texts(path: Path) -> list[str]:
    return [cue[2] for track in read_subtitles(str(path)) for cue in track["cues"]]


def test_a_teaser_joins_moments_between_a_title_and_their_sources(
    make: Make, sampled: Animatic, library: Library
) -> None:
    spans = (10.0, 14.0), (46.5, 50.0), (82.0, 87.0)
    request = GenerationRequest(
        "teaser", "a teaser", 10.0, ("16:9", "9:16"), moments(library, *spans), title="Gull Point"
    )
    for piece in make(request, sampled):
        film = held(piece.path)
        assert len(film.frames) == pytest.approx(250, abs=2)
        assert piece.duration == pytest.approx(10.0, abs=0.05)
        shots = [row for row in piece.sheet if "shot" in row]
        assert [row["shows"] for row in shots] == ["title", "clip", "clip", "clip", "end"]
        clips = shots[1:4]
        assert [row["evidence"] for row in clips] == [one.evidence for one in request.moments]
        assert all(row["source"].startswith("lighthouse · ") for row in clips)
        assert [row["synthetic"] for row in shots] == [["drawing"], [], [], [], ["drawing"]]
        assert "In the afternoon the weather turns, and the fog horn sounds." in texts(piece.path)
        assert measured(film.sound).loudness == pytest.approx(-16, abs=1.0)
        for before, after in pairwise(shots):  # they go over into each other
            assert 0 < before["end"] - after["start"] <= 0.41


def test_captions_are_what_is_said_or_what_is_given(
    make: Make, sampled: Animatic, library: Library
) -> None:
    span = moments(library, (8.0, 14.0))
    (said,) = make(GenerationRequest("captions", "captions", 6.0, moments=span), sampled)
    assert texts(said.path) == [
        "The ferry to Stone Island leaves three times a day.",
        "If you miss the last one, you sleep on the island.",
    ]
    request = GenerationRequest(
        "captions", "captions", 6.0, moments=span, script=("One.", "Zwei für dich."), voice=False
    )
    (given,) = make(request, sampled)
    assert texts(given.path) == ["One.", "Zwei für dich."]
    assert given.duration == pytest.approx(6.0, abs=0.05)
    frame, bare = (held(piece.path).frames[20] for piece in (given, said))
    low = slice(int(SIDE * 0.72), int(SIDE * 0.95))
    assert not np.allclose(frame[low], bare[low], atol=12)  # drawn in the picture, too


def test_captions_of_silence_are_refused(library: Library, sampled: Animatic) -> None:
    request = GenerationRequest("captions", "captions", 2.0, moments=moments(library, (8.0, 9.0)))
    with pytest.raises(RefusedRequest, match="nobody speaks"):
        sampled.submit(Work("job", request, Path("/nowhere"), 1))


def test_a_narration_is_in_front_of_the_sound_of_its_clip(
    make: Make, encode: Callable[..., Path], tmp_path: Path
) -> None:
    film = encode(tmp_path / "hum.mp4", picture, 5.0, fps=25, tone=True)
    library = Library(tmp_path / "hums")
    video = ingest(library, film, providers=BARE).id
    request = GenerationRequest(
        "narration", "tell", 5.0, moments=(Moment(video, 0.0, 5.0),), script=("Hi.",), music=False
    )
    by = Animatic(library, short_side=SIDE, watermark=False)
    (piece,) = make(request, by)
    assert texts(piece.path) == ["Hi."] and abs(piece.scores["voice_offsets_ms"][0]) <= 80
    sound = held(piece.path).sound[0]
    hum = np.abs(np.fft.rfft(sound[round(0.45 * 48e3) : round(0.65 * 48e3)] * np.hanning(9600)))
    after = np.abs(np.fft.rfft(sound[round(3.5 * 48e3) : round(3.7 * 48e3)] * np.hanning(9600)))
    at = round(440 * 0.2)  # the tone of the clip: 5 Hz a step
    assert 20 * np.log10(after[at] / hum[at]) > 8  # it came back after the sentence
    shots = [row for row in piece.sheet if row.get("part") == "voice"]
    assert shots[0]["text"] == "Hi."
    with pytest.raises(RefusedRequest, match="sentences"):
        make(GenerationRequest("narration", "tell", 5.0, moments=request.moments), by)


def test_a_picture_and_a_cited_frame_are_moved_slowly(
    make: Make, sampled: Animatic, library: Library
) -> None:
    request = GenerationRequest(
        "image_to_video", "move it", 4.0, moments=moments(library, (60.0, 61.0)),
        inputs=("mug.png",), seed=2,
    )  # fmt: skip
    (piece,) = make(request, sampled)
    film = held(piece.path)
    assert len(film.frames) == pytest.approx(100, abs=2)
    shots = [row for row in piece.sheet if "shot" in row]
    assert [row["source"] for row in shots] == ["mug.png", "lighthouse · 1:00.5"]
    assert all(row["synthetic"] == ["movement"] for row in shots)
    steps = [
        float(np.abs(a.astype(int) - b).mean())
        for a, b in zip(film.frames[2:40], film.frames[3:41], strict=True)
    ]
    assert 0 < np.median(steps) < 3  # always moving, never jumping
    assert max(steps) < 12


def test_a_text_becomes_a_storyboard_that_says_that_it_is_one(make: Make) -> None:
    request = GenerationRequest(
        "text_to_video", "A dog runs along a beach. At night it sleeps.", 7.0, voice=False
    )
    (piece,) = make(request)
    assert texts(piece.path) == ["A dog runs along a beach.", "At night it sleeps."]
    assert piece.duration == 7.0
    shots = [row for row in piece.sheet if "shot" in row]
    assert [(row["shows"], row["source"], row["synthetic"]) for row in shots] == [
        ("card", "", ["drawing"])
    ] * 2
    frames = held(piece.path).frames
    assert frames[60].mean() > frames[150].mean() + 10  # day, then night


def test_moments_stand_in_a_storyboard_where_they_are_given(
    make: Make, sampled: Animatic, library: Library
) -> None:
    request = GenerationRequest(
        "text_to_video", "The storm comes. Then it is calm.", 6.0, voice=False,
        moments=moments(library, (46.5, 49.0)),
    )  # fmt: skip
    (piece,) = make(request, sampled)
    assert [row["shows"] for row in piece.sheet if "shot" in row] == ["clip", "card"]


def picture(seconds: float) -> Any:
    canvas = np.zeros((96, 160, 3), np.uint8)
    canvas[:, : 40 + round(40 * seconds)] = (200, 60, 30)
    return canvas


def test_a_clip_is_given_the_looks_that_are_asked_for(
    make: Make, encode: Callable[..., Path], inputs: Path
) -> None:
    encode(inputs / "clip.mp4", picture, 2.0, fps=25, tone=True)
    request = GenerationRequest(
        "video_to_video", "Make it black and white and slow, please.", 8.0, inputs=("clip.mp4",)
    )
    (piece,) = make(request)
    film = held(piece.path)
    assert piece.duration == pytest.approx(4.0, abs=0.1)  # half as fast
    middle = film.frames[50].astype(int)
    assert np.abs(middle[..., 0] - middle[..., 2]).max() <= 6
    assert piece.sheet[0]["synthetic"] == ["black_and_white", "speed"]
    (fast,) = make(
        GenerationRequest("video_to_video", "faster", 8.0, inputs=("clip.mp4",), music=False)
    )
    assert fast.duration == pytest.approx(1.0, abs=0.05)
    assert held(fast.path).sound.shape[1] / 48_000 == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize(
    ("prompt", "names", "speed"),
    [
        ("make it black and white", ("black_and_white",), 1.0),
        ("Bitte schwarzweiß und langsam", ("black_and_white",), 0.5),
        ("a warm, vintage look in slow motion", ("sepia", "warm"), 0.5),
        ("fast and vivid", ("vivid",), 2.0),
    ],
)
def test_looks_are_read_from_words(prompt: str, names: tuple[str, ...], speed: float) -> None:
    found = restyle_of(prompt)
    assert set(found.looks) == set(names) and found.speed == speed


@pytest.mark.parametrize("prompt", ["make it warm and replace the dog by a cat", "as an anime"])
def test_what_no_look_can_do_is_refused_with_what_can(prompt: str) -> None:
    with pytest.raises(RefusedRequest, match="it can do: black and white"):
        restyle_of(prompt)


def test_every_look_changes_a_picture_and_keeps_its_size() -> None:
    given = np.random.default_rng(1).integers(0, 255, (40, 64, 3)).astype(np.uint8)
    names = set(data("looks")) - {"slow", "fast", "filler"}
    for name in names:
        made = changed(given, [name])
        assert made.shape == given.shape and made.dtype == np.uint8
        assert not np.array_equal(made, given), name
