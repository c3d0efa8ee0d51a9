"""The talk that is measured with: what it says of itself is so."""

import importlib
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pysubs2
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def maker() -> Iterator[Any]:
    """The module that makes it: benchmarks are not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        yield importlib.import_module("benchmarks.talk")


@pytest.fixture(scope="module")
def talk(maker: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first minute: two slides, and the third begins."""
    return maker.make(tmp_path_factory.mktemp("talk"), minutes=1)


def pictures(path: Path) -> dict[float, np.ndarray]:
    """Every picture by its time."""
    with av.open(str(path)) as file:
        return {round(f.time, 3): f.to_ndarray(format="gray") for f in file.decode(video=0)}


def test_a_slide_comes_when_the_truth_says(maker: Any, talk: Path) -> None:
    known = json.loads(talk.with_name("talk.json").read_text())
    shown = pictures(talk)
    assert known["duration"] == 60 and len(shown) == 60 * maker.FPS
    assert next(iter(shown.values())).shape == (maker.HEIGHT, maker.WIDTH)
    first, second = known["slides"][:2]
    assert first["end"] == second["start"] and second["lines"][0].startswith("10:00")
    lines = np.s_[180:650, 60:]  # of the pixels, where the lines of a slide stand
    drawn = [
        np.asarray(maker.draw(part.slide).convert("L"), int)[lines] for part in maker.read()[:2]
    ]
    before, after = (shown[round(second["start"] - ago, 3)][lines] for ago in (1 / maker.FPS, 0))
    for number, picture in enumerate((before, after)):
        differences = [np.abs(picture - one).mean() for one in drawn]
        assert np.argmin(differences) == number and min(differences) < 10 < max(differences)


def test_the_sound_is_as_long_as_the_pictures(talk: Path) -> None:
    with av.open(str(talk)) as file:
        last = [f.time + f.samples / f.sample_rate for f in file.decode(audio=0)][-1]
    assert last == pytest.approx(60, abs=0.1)


def test_a_cue_is_shown_while_its_words_are_said(talk: Path) -> None:
    known = json.loads(talk.with_name("talk.json").read_text())
    read_back = list(pysubs2.load(str(talk.with_name("talk.en.srt"))))
    words = " ".join(cue.plaintext.replace("\n", " ") for cue in read_back)
    assert words == " ".join(one["text"] for one in known["sentences"])
    coffee = next(one for one in known["sentences"] if "coffee" in one["text"])
    cue = next(cue for cue in read_back if "coffee" in cue.plaintext)
    assert cue.start / 1000 == pytest.approx(coffee["start"], abs=0.002)
    assert coffee["speaker"] == "Margery Quill"


def test_the_whole_day_is_an_hour_of_readable_cues(maker: Any) -> None:
    shown, said = maker.plan(maker.estimate, 36_000.0)
    assert 58 * 60 < shown[-1].end < 62 * 60
    assert [one.end for one in shown[:-1]] == [one.start for one in shown[1:]]
    made = maker.cues(said)
    assert all(a.end <= b.start + 1e-6 for a, b in pairwise(made))
    assert all(one.end - one.start <= 6 + 1e-6 for one in made)


def test_without_subtitles_none_are_left(maker: Any, tmp_path: Path) -> None:
    for subtitles in (True, False):
        maker.make(tmp_path, minutes=0.05, subtitles=subtitles)
        assert (tmp_path / "talk.en.srt").exists() is subtitles
