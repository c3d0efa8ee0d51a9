"""Reels: which moments, how long, in what format, and what is told of them."""

import json
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests import numbered
from tests.conftest import flat
from tools.errors import RefusedRequest, UnknownVideo
from tools.export.moments import Moment, best_moments, first_seconds, read_moments
from tools.export.reels import join_reel
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Video
from tools.models.providers import BARE
from tools.video import cut


@pytest.fixture(scope="module")
def library(
    encode: Callable[..., Path], shots: Path, tmp_path_factory: pytest.TempPathFactory
) -> Library:
    """Three videos: one with numbers, one upright, silent and slower, one with shots and a tone."""
    folder = tmp_path_factory.mktemp("reels")
    made = Library(folder / "home")
    film = numbered.film(encode, folder / "film.mp4", Fraction(25), 90)
    tall = encode(folder / "tall.mp4", lambda _: flat((30, 60, 220), 90, 160), 6.0)
    for path, title in ((film, "film"), (tall, "tall"), (shots, "shots")):
        ingest(made, path, providers=BARE, title=title)
    return made


def moments_file(folder: Path, value: Any) -> Path:
    path = folder / "moments.json"
    path.write_text(json.dumps(value))
    return path


def test_given_moments_are_joined_in_their_order(library: Library, tmp_path: Path) -> None:
    rows = [
        {"video": "shots", "start": 7.0, "end": 9.0},
        {"video": "tall", "start": 1.0, "end": 2.0},
        {"video": "film", "start": 1.0, "end": 2.2},
    ]
    given = read_moments(library, moments_file(tmp_path, rows))
    reel = join_reel(library, given, tmp_path / "reel.mp4")
    assert [(library.get(m.video).title, m.start, m.end) for m in reel.moments] == [
        (row["video"], row["start"], row["end"]) for row in rows
    ]
    with av.open(reel.path) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (320, 180, 30)
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    assert len(frames) == 126 and numbered.length(Path(reel.path)) == pytest.approx(4.2, abs=1e-3)
    assert max(frames[15].mean((0, 1))) < 40 and min(frames[45].mean((0, 1))) > 120
    assert int(np.argmax(frames[75].mean((0, 1)))) == 2 and frames[75][:, :100].mean() < 5
    sound = numbered.loudness(Path(reel.path))
    assert np.mean([level for at, level in sound if 0.2 < at < 1.8]) > 0.05
    assert np.mean([level for at, level in sound if 2.2 < at < 4.0]) < 0.001


def test_silent_videos_make_a_silent_reel(library: Library, tmp_path: Path) -> None:
    rows = [{"video": name, "start": 0.0, "end": 1.0} for name in ("tall", "film")]
    given = read_moments(library, moments_file(tmp_path, rows))
    with av.open(join_reel(library, given, tmp_path / "reel.mp4").path) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_the_best_moments_fit_and_each_video_has_one(library: Library) -> None:
    videos = [library.get(name) for name in ("shots", "tall", "film")]
    whole = best_moments(library, videos, 60.0)
    assert all(one.end > one.start for one in whole)
    short = best_moments(library, videos, 5.0)
    assert sum(one.end - one.start for one in short) <= 5.0
    order = [video.id for video in videos]
    places = [(order.index(one.evidence.video), one.start) for one in whole]
    assert places == sorted(places)
    for before, after in pairwise(whole):
        assert before.evidence.video != after.evidence.video or before.end <= after.start


def test_where_nothing_stands_out_whole_sentences_are_joined(talk: tuple[Library, str]) -> None:
    lecture, id = talk
    chosen = best_moments(lecture, [lecture.get(id)], 30.0)
    starts, ends = zip(*((u.start, u.end) for u in lecture.utterances(id)), strict=True)
    assert chosen and sum(one.end - one.start for one in chosen) <= 30.0
    assert all(one.start in starts for one in chosen)
    assert sum(one.end not in ends for one in chosen) <= 1  # the last one may be shortened


def test_the_last_moment_is_shortened_and_told_as_it_is_used(
    library: Library, tmp_path: Path
) -> None:
    rows = [
        {"video": "shots", "start": 0.0, "end": 3.0},
        {"video": "shots", "start": 3.0, "end": 6},
    ]
    given = first_seconds(read_moments(library, moments_file(tmp_path, rows)), 5.0)
    reel = join_reel(library, given, tmp_path / "reel.mp4")
    assert [(m.start, m.end) for m in reel.moments] == [(0.0, 3.0), (3.0, 5.0)]
    assert numbered.length(Path(reel.path)) == pytest.approx(5.0, abs=1e-3)


def test_evidence_and_answers_are_read_by_their_ids(library: Library, tmp_path: Path) -> None:
    scene = library.scenes(library.get("shots").id)[1]
    row = {"id": scene.id, "handle": 3, "video": "anything", "start": 0, "end": 1}
    for value in ([row], {"answer": "x", "evidence": [row], "nearest": []}):
        (one,) = read_moments(library, moments_file(tmp_path, value))
        assert (one.evidence.id, one.handle, one.start, one.end) == (scene.id, 3, 3.0, 6.0)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], "holds no moments"),
        ({"a": 1}, "holds no moments"),
        ("x", "holds no moments"),
        (["x"], "is no moment: it needs a video"),
        ([{"video": "shots", "start": 5}], "is no moment: it needs a video"),
        ([{"video": "shots", "start": None, "end": 5}], "is no moment: it needs a video"),
        ([{"video": "shots", "start": 5, "end": 4}], "5 to 4 s is no span of 'shots'"),
        ([{"video": "shots", "start": 50, "end": 60}], "50 to 60 s is no span of 'shots'"),
        ([{"video": "shots", "start": -1, "end": 6}], "-1 to 6 s is no span of 'shots'"),
    ],
)
def test_files_without_moments_are_told(
    library: Library, tmp_path: Path, value: Any, told: str
) -> None:
    with pytest.raises(RefusedRequest, match=told):
        read_moments(library, moments_file(tmp_path, value))


def test_files_that_are_none_are_told(library: Library, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"[" * 100_000)
    with pytest.raises(RefusedRequest, match="holds no moments"):
        read_moments(library, tmp_path / "x.json")
    with pytest.raises(RefusedRequest, match="cannot be read"):
        read_moments(library, tmp_path / "none.json")
    with pytest.raises(UnknownVideo):
        read_moments(library, moments_file(tmp_path, [{"video": "none", "start": 0, "end": 1}]))


def test_without_moments_there_is_no_reel(library: Library, tmp_path: Path) -> None:
    with pytest.raises(RefusedRequest, match="nothing stands out"):
        join_reel(library, [], tmp_path / "reel.mp4")


def test_an_upright_reel_of_large_pictures_is_made_smaller(library: Library) -> None:
    from tools.export.reels import _canvas

    def of(width: int | None, height: int | None, fps: float | None) -> Video:
        return Video("x", "x", "x", 1.0, width, height, fps)

    def written(*videos: Video) -> tuple[Any, ...]:
        chosen = _canvas(videos)
        assert chosen is not None
        return tuple(cut._canvas(*chosen))

    assert written(of(2160, 3840, 120.0), of(640, 360, 25.0)) == (1080, 1920, 60)
    assert written(of(321, 181, 29.97), of(None, None, None)) == (320, 180, Fraction(30000, 1001))
    assert _canvas([of(None, None, None)]) is None


def test_moments_have_a_line_of_their_own(library: Library) -> None:
    video = library.get("shots").id
    (scene,) = [s for s in library.scenes(video) if s.start == 3.0]
    evidence = library.evidence(scene.id)
    assert Moment(evidence, 2).note.startswith("[2] scene 2 of 4")
