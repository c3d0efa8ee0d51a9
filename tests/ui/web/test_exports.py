"""Routes of exports: a clip that plays and downloads, documents to keep, and refusals."""

import io
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from PIL import Image
from starlette.testclient import TestClient

import ui.web.export_pool
from agent.settings import Settings
from tests import numbered
from tests.conftest import Shelf
from tests.ui import door
from tools.errors import RefusedRequest
from tools.store.evidence import of_words


@pytest.fixture
def client(shelf: Shelf) -> Iterator[TestClient]:
    settings = Settings(home=shelf.library.home, port=8000, model="extractive", background="off")
    with door.running(settings) as started:
        yield started


def cut(client: TestClient, video: str, start: object, end: object) -> Any:
    return client.post(f"/media/{video}/clip?from={start}&to={end}")


def test_a_clip_is_cut_plays_in_ranges_downloads_and_is_forgotten(
    client: TestClient, shelf: Shelf, tmp_path: Path
) -> None:
    made = cut(client, shelf.video, 2.5, 4).json()
    address = made.pop("address")
    assert made == {"name": "kettle! 0.02.5-0.04.mp4", "start": 2.5, "end": 4.0}
    whole = client.get(address)
    assert whole.status_code == 200 and whole.headers["content-type"] == "video/mp4"
    assert whole.headers["content-disposition"].startswith("inline")
    (tmp_path / "clip.mp4").write_bytes(whole.content)
    assert numbered.length(tmp_path / "clip.mp4") == pytest.approx(1.5, abs=1e-3)
    part = client.get(address, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    kept = client.get(address + "?download=true").headers["content-disposition"]
    assert kept == f"attachment; filename*=utf-8''{quote(made['name'])}"
    assert client.head(address).status_code == 200
    assert cut(client, shelf.video, 2.5, 4).json()["address"] == address
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == client.delete(address).status_code == 404


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        (4, 2, "is not after the start"),
        (2, 60, "ends at 0:10"),
        ("nan", 3, "are seconds"),
        (-1, 3, "zero or more"),
    ],
)
def test_a_span_that_is_none_is_told(
    client: TestClient, shelf: Shelf, start: object, end: object, told: str
) -> None:
    refused = cut(client, shelf.video, start, end)
    assert refused.status_code == 416 and told in refused.json()["detail"]


def test_only_whole_ids_and_clips_that_were_cut_are_there(client: TestClient, shelf: Shelf) -> None:
    assert cut(client, "kettle!", 0, 1).status_code == 404
    assert cut(client, "0" * 16, 0, 1).status_code == 404
    assert cut(client, shelf.video, 0, 1).status_code == 200
    base = f"/media/{shelf.video}/clip"
    for name in (
        "0-2000.mp4", "0-1000.m4a", "0-1000.mp4x", "1000-0.mp4", "0-1000%2f..%2f..mp4",
        f"0-{'9' * 200}.mp4", "00-1000.json", "..%2f..%2fmanifest.json",
    ):  # fmt: skip
        assert client.get(f"{base}/{name}").status_code == 404, name


def test_another_site_can_not_have_a_clip_cut(client: TestClient, shelf: Shelf) -> None:
    address = f"/media/{shelf.video}/clip?from=0&to=1"
    headers = {"origin": "http://evil.example"}
    assert client.post(address, headers=headers).status_code == 403
    assert not (shelf.folder / "exports").exists()


def test_a_transcript_is_a_file_to_keep(client: TestClient, shelf: Shelf) -> None:
    for form, type in (("srt", "text/plain"), ("vtt", "text/vtt"), ("txt", "text/plain")):
        sent = client.get(f"/media/{shelf.video}/export/{form}")
        assert sent.status_code == 200 and sent.headers["content-type"].startswith(type)
        assert "The kettle is red." in sent.text
        name = f"attachment; filename*=utf-8''kettle%21.{form}"
        assert sent.headers["content-disposition"] == name
    none = client.get(f"/media/{shelf.video}/export/chapters")
    assert none.status_code == 404 and "has no chapters" in none.json()["detail"]
    assert client.get(f"/media/{shelf.video}/export/edl").status_code == 404
    assert client.get("/media/kettle!/export/srt").status_code == 404


def test_the_evidence_of_an_answer_becomes_an_edit_list_and_a_board(
    client: TestClient, shelf: Shelf
) -> None:
    library = shelf.library
    ids = [of_words(library, library.utterances(shelf.video)[0]).id]
    ids.append(library.scenes(shelf.video)[2].id)
    query = urlencode({"id": ids, "handle": [4, 9], "title": "What is <red>?"}, doseq=True)
    text = client.get(f"/export/edl?{query}").text
    assert '* [4] "The kettle is red."' in text and "* [9] scene 3 of 4" in text
    assert len(re.findall(r"^00\d ", text, re.M)) == 2
    board = client.get(f"/export/board?{query}")
    assert "What is &lt;red&gt;?" in board.text and board.text.count("<img") == 2
    assert board.headers["content-disposition"].startswith("attachment;")
    picture = client.get(f"/export/board-png?{query}")
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["content-disposition"].endswith("What%20is%20red.png")
    assert picture.content == client.get(f"/export/board-png?{query}").content
    with Image.open(io.BytesIO(picture.content), formats=("PNG",)) as shown:
        assert shown.width > shown.height > 300
    bare = urlencode({"id": ids}, doseq=True)
    assert '"[1] ' in client.get(f"/export/otio?{bare}").text
    assert client.get(f"/export/fcpxml?{bare}").text.count("<asset-clip") == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("edl?id=nonsense", 404), ("edl?id=scene:0000000000000000@0-1000", 404),
        ("edl", 400), ("srt?id=x", 404), ("edl?id=x&handle=one", 400),
        ("edl?" + "&".join(["id=x"] * 501), 400),
    ],
)  # fmt: skip
def test_what_is_no_evidence_is_refused(client: TestClient, query: str, status: int) -> None:
    assert client.get(f"/export/{query}").status_code == status


def test_a_whole_video_is_no_moment_of_an_edit_list(client: TestClient, shelf: Shelf) -> None:
    id = quote(shelf.library.facts(shelf.video).id)
    refused = client.get(f"/export/edl?id={id}")
    assert refused.status_code == 404 and "no cited moment" in refused.json()["detail"]
    assert client.get(f"/export/board?id={id}").status_code == 200


def test_slow_cuts_hold_up_nothing_else(
    client: TestClient, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, begun = threading.Event(), threading.Semaphore(0)

    def held(*_: object) -> Any:
        begun.release()
        assert go.wait(60)
        raise RefusedRequest("enough")

    monkeypatch.setattr(ui.web.export_pool, "keep_clip", held)
    with ThreadPoolExecutor(6) as pool:
        try:
            posts = [pool.submit(cut, client, shelf.video, n, n + 1) for n in range(6)]
            for _ in range(ui.web.export_pool.THREADS):
                assert begun.acquire(timeout=30)
            assert client.get("/health").status_code in (200, 503)
            assert client.get(f"/media/{shelf.video}/captions.vtt").status_code == 200
        finally:
            go.set()
        assert {post.result().status_code for post in posts} == {416}


def test_moments_are_joined_to_a_reel_of_which_nothing_stays(
    client: TestClient, shelf: Shelf, tmp_path: Path
) -> None:
    said = [of_words(shelf.library, one).id for one in shelf.library.utterances(shelf.video)[:2]]
    query = urlencode({"id": said, "title": "two moments"}, doseq=True)
    made = client.get(f"/export/reel?{query}")
    assert made.status_code == 200 and made.headers["content-type"] == "video/mp4"
    kept = made.headers["content-disposition"]
    assert kept == f"attachment; filename*=utf-8''{quote('two moments reel.mp4')}"
    (tmp_path / "reel.mp4").write_bytes(made.content)
    spans = [(one.start, one.end) for one in map(shelf.library.evidence, said)]
    total = sum(end - start for start, end in spans)
    assert numbered.length(tmp_path / "reel.mp4") == pytest.approx(total, abs=0.1)
    assert list(shelf.library.root.glob(".reel-*")) == []
    gone = client.get(f"/export/reel?id=speech:{'0' * 16}@0-1000")
    assert gone.status_code == 404 and "not there any more" in gone.text
    whole = client.get(f"/export/reel?id=video:{shelf.video}@0-10000")
    assert whole.status_code >= 400  # of a whole video there is no moment
