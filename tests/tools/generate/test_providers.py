"""One contract over every paying provider, against a service that follows the published API."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.video_server import FILM, VideoServer
from tools.errors import Interrupted, ProviderUnavailable, RefusedRequest, VideoError
from tools.generate.generators import Keys, open_generators
from tools.generate.options import GenerationOptions
from tools.generate.providers import Ambiguous, Generator, Refused, Work
from tools.generate.providers.http import download
from tools.generate.providers.openai_videos import OpenAIVideos
from tools.generate.providers.runway import Runway
from tools.generate.request import GenerationRequest
from tools.library import Library

MAKERS: dict[str, Callable[[str], Generator]] = {
    "openai-videos": lambda address: OpenAIVideos(f"{address}/v1", "film-1", 0.1, "sk-secret"),
    "runway": lambda address: Runway("key_secret", "gen4.5", address),
}


@pytest.fixture(params=MAKERS)
def maker(request: pytest.FixtureRequest, service: VideoServer) -> Generator:
    return MAKERS[request.param](service.address)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    (tmp_path / "1.jpg").write_bytes(b"\xff\xd8\xff picture")
    (tmp_path / "1.mp4").write_bytes(b"film")
    request = GenerationRequest("text_to_video", "a dog on a beach", 5.0)
    return Work("0123456789abcdef", request, tmp_path, 1)


def of_picture(work: Work) -> Work:
    request = GenerationRequest("image_to_video", "it turns", 5.0, ("9:16",), inputs=("1.jpg",))
    return Work(work.key, request, work.inputs, 1)


def test_a_job_is_sent_once_followed_and_fetched_whole(
    maker: Generator, service: VideoServer, work: Work, tmp_path: Path
) -> None:
    assert not maker.local and (maker.price(work.request) or 0) > 0
    service.state = "running"
    id = maker.submit(work)
    assert service.submitted == ["a dog on a beach"]
    assert (maker.poll(id).state, maker.poll(id).fraction) == ("running", 0.5)
    service.state = "done"
    assert maker.poll(id).state == "done"
    (tmp_path / "made").mkdir()
    told: list[float] = []
    (piece,) = maker.fetch(id, work, tmp_path / "made", told.append)
    assert piece.path.read_bytes() == FILM and piece.aspect == "16:9" and told[-1] == 1.0
    maker.cancel(id)
    assert service.cancelled == [id] and service.asked["submit"] == 1


def test_a_picture_travels_with_its_prompt(
    maker: Generator, service: VideoServer, work: Work
) -> None:
    given = of_picture(work)
    assert len(maker.leaves(given.request)) == 2 and "1.jpg" in maker.leaves(given.request)[1]
    maker.submit(given)
    assert service.submitted == ["it turns"]


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (400, Refused), (429, Interrupted), (401, ProviderUnavailable), (402, ProviderUnavailable),
        (404, VideoError), (500, Ambiguous), (503, Ambiguous), ("hang up", Ambiguous),
    ],
)  # fmt: skip
def test_a_failed_submission_says_whether_it_may_have_arrived(
    maker: Generator, service: VideoServer, work: Work, failure: Any, kind: type[VideoError]
) -> None:
    service.fail["submit"] = [failure]
    with pytest.raises(kind) as caught:
        maker.submit(work)
    assert isinstance(caught.value, Ambiguous) == (kind is Ambiguous)
    assert service.asked["submit"] == 1, "it was sent again by itself"
    assert "secret" not in str(caught.value)


def test_a_service_that_is_not_there_was_sent_nothing(work: Work) -> None:
    for make in MAKERS.values():
        with pytest.raises(Interrupted, match="nothing was sent"):
            make("http://127.0.0.1:9").submit(work)


@pytest.mark.parametrize(("state", "told"), [("refused", "refused"), ("failed", "failed")])
def test_how_it_ended_is_told(
    maker: Generator, service: VideoServer, work: Work, state: str, told: str
) -> None:
    service.state = state
    progress = maker.poll(maker.submit(work))
    assert progress.state == told and progress.reason == "no"


def test_a_job_that_is_lost_has_failed_and_a_busy_service_is_asked_later(
    maker: Generator, service: VideoServer
) -> None:
    assert maker.poll("job-9").state == "failed"
    service.fail["poll"] = [503]
    with pytest.raises(Interrupted):
        maker.poll("job-9")


@pytest.mark.parametrize("failure", [404, 500, "half"])
def test_half_a_file_is_no_file(
    maker: Generator, service: VideoServer, work: Work, failure: Any, tmp_path: Path
) -> None:
    id = maker.submit(work)
    service.fail["content"] = [failure]
    (tmp_path / "made").mkdir()
    with pytest.raises(Interrupted):
        maker.fetch(id, work, tmp_path / "made", lambda _: None)
    assert not list((tmp_path / "made").iterdir())


def test_a_key_goes_to_no_other_address(service: VideoServer, tmp_path: Path) -> None:
    service.fail["content"] = [302]
    with pytest.raises(Interrupted, match="302"):
        download(f"{service.address}/film/1", tmp_path / "1.mp4", lambda _: None, "sk-secret")


def test_a_job_that_was_never_acknowledged_is_found_by_its_key(
    service: VideoServer, work: Work
) -> None:
    maker = MAKERS["openai-videos"](service.address)
    assert maker.find(work, 0.0) is None
    maker.submit(work)
    assert maker.find(work, 0.0) == "job-1"
    service.keeps_keys = False
    with pytest.raises(Ambiguous, match="lists 1 like it"):
        maker.find(work, 0.0)
    assert maker.find(work, 4e9) is None, "one from before is another"
    service.lists = False
    with pytest.raises(Ambiguous, match="cannot be read"):
        maker.find(work, 0.0)
    with pytest.raises(Ambiguous, match="keeps no list"):
        MAKERS["runway"](service.address).find(work, 0.0)


def test_runway_offers_what_its_models_make(work: Work) -> None:
    request = work.request
    assert Runway("k", "gen4.5", "https://x").price(request) == pytest.approx(0.6)
    veo = Runway("k", "veo3.1", "https://x")
    assert veo.price(request) == pytest.approx(2.4), "five seconds are six there"
    assert Runway("k", "aleph2", "https://x").kinds == {"video_to_video"}
    square = GenerationRequest("text_to_video", "x", 5.0, ("1:1",))
    with pytest.raises(RefusedRequest, match="16:9, 9:16"):
        Runway("k", "gen4.5", "http://127.0.0.1:9").submit(Work("k", square, Path(), 1))
    with pytest.raises(VideoError, match="none of gen4"):
        Runway("k", "sora", "https://x")


def test_what_is_not_set_up_says_what_it_needs(tmp_path: Path) -> None:
    library = Library(tmp_path)
    options = GenerationOptions(videos_base_url="https://api.openai.com/v1", videos_model="sora-2")
    found = open_generators(library, options, Keys())
    assert set(found) == {"animatic"}
    with pytest.raises(ProviderUnavailable, match="ended on 2026-09-24"):
        found.choose("text_to_video", "openai-videos")
    with pytest.raises(ProviderUnavailable, match="RUNWAYML_API_SECRET"):
        found.choose("text_to_video", "runway")
    with pytest.raises(RefusedRequest, match="no provider 'sora'"):
        found.choose("text_to_video", "sora")
    assert found.choose("text_to_video").name == "animatic"
    ready = open_generators(library, GenerationOptions(), Keys(runway="key_secret"))
    assert ready.choose("text_to_video").name == "runway"
    assert ready.choose("teaser").name == "animatic"
    with pytest.raises(RefusedRequest, match="not teaser"):
        ready.choose("teaser", "runway")
    with pytest.raises(RefusedRequest, match="CUEPOINT_GENERATOR"):
        open_generators(library, GenerationOptions(generator="sora"), Keys())
    assert "secret" not in repr(Keys(runway="key_secret"))
