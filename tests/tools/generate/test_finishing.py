"""What is made is checked, marked, signed and read back, or seen by nobody (G3)."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tools.generate.finishing as finishing
from tests.tools.generate.conftest import Studio
from tools.errors import UnreadableMedia, VideoError
from tools.generate.finishing import Finishing, source_type
from tools.generate.job import GenerationJob
from tools.provenance.provenance import provenance

Encode = Callable[..., Path]


def moving(seconds: float) -> np.ndarray[Any, Any]:
    """A sky over waves, on which a bright square wanders."""
    down, across = np.mgrid[0:360, 0:640]
    waves = 12 * np.sin(across / 17 + 3 * seconds) * np.sin(down / 9)
    picture = (70 + down / 4 + waves).astype(np.uint8)
    left = int(seconds * 60) % 500
    picture[100:180, left : left + 80] = 230
    return np.repeat(picture[:, :, None], 3, axis=2)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, encode: Encode) -> bytes:
    path = encode(tmp_path_factory.mktemp("film") / "film.mp4", moving, 3.0)
    return path.read_bytes()


def paid(studio: Studio, film: bytes, **more: Any) -> GenerationJob:
    studio.service.film = film
    studio.finish = Finishing(studio.library, studio.jobs)
    job = studio.propose(seconds=3.0, **more)
    studio.jobs.approve(job.id, "ada")
    return job


def test_what_a_service_made_is_marked_signed_and_read_back(studio: Studio, film: bytes) -> None:
    job = paid(studio, film)
    done = studio.runner.run(job.id)
    assert done.state == "done", done.error
    (path,) = studio.made(job)
    read = provenance(path)
    assert (read.state, read.watermark) == ("valid, signer unknown", job.id[:8])
    assert any("trainedAlgorithmicMedia" in one for one in read.source_types)
    assert done.provenance["16:9"]["c2pa"] == read.state
    known = studio.jobs.by_payload(int(read.watermark or "0", 16))
    assert known and known.id == job.id
    assert path.read_bytes() != film


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (lambda _: np.full((360, 640, 3), 90, np.uint8), "nothing is to be seen"),
        (lambda _: moving(1.0), "does not move"),
    ],
)
def test_a_film_that_shows_nothing_is_seen_by_nobody(
    studio: Studio, encode: Encode, tmp_path: Path, picture: Any, told: str
) -> None:
    job = paid(studio, encode(tmp_path / "film.mp4", picture, 3.0).read_bytes())
    ended = studio.runner.run(job.id)
    assert ended.state == "failed" and told in (ended.error or "") and not studio.made(job)


def test_what_is_no_film_or_far_too_short_is_seen_by_nobody(studio: Studio, film: bytes) -> None:
    for content, seconds, told in ((b"no film", 3.0, "no video"), (film, 9.0, "lasts 3.0 s")):
        job = paid(studio, content)
        record = studio.jobs.get(job.id)
        studio.jobs.change(job.id, request=replace(record.request, seconds=seconds))
        ended = studio.runner.run(job.id)
        assert ended.state == "failed" and told in (ended.error or "") and not studio.made(job)


FAILURES = 50 if os.environ.get("CUEPOINT_TORTURE") == "long" else 3
STEPS = ("key", "mark", "sign", "read", "other watermark")


@pytest.mark.parametrize("step", STEPS)
def test_no_file_is_seen_where_a_step_fails(
    studio: Studio, film: bytes, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise UnreadableMedia("it breaks here")

    def unsigned(path: Path, target: Path, *_: Any) -> None:
        target.write_bytes(path.read_bytes())

    places = {"key": "keys_of", "sign": "sign", "read": "provenance"}
    if name := places.get(step):
        monkeypatch.setattr(finishing, name, fails)
    elif step == "mark":
        monkeypatch.setattr(Finishing, "_mark", fails)
    else:
        monkeypatch.setattr(finishing, "sign", unsigned)
    for _ in range(FAILURES):
        job = paid(studio, film)
        with pytest.raises(VideoError):
            studio.runner.run(job.id)
        rested = studio.jobs.get(job.id)
        assert rested.state == "checking" and rested.path is None and not studio.made(job)
        assert not list((studio.jobs.folder(job.id) / "work").glob("*.mp4"))
        studio.jobs.cancel(job.id, "ada")


def test_the_kind_of_source_is_that_of_the_sheet() -> None:
    clip, voice = {"source": "a", "synthetic": []}, {"source": "", "synthetic": ["voice"]}
    drawn = {"source": "", "synthetic": ["drawing"]}
    assert source_type([clip]) == "composite"
    assert source_type([clip, drawn]) == "compositeSynthetic"
    assert source_type([drawn]) == "digitalCreation"
    assert source_type([clip, voice]) == "compositeWithTrainedAlgorithmicMedia"
