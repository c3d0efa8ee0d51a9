"""The page of a moment: what is said there, what is beside it, and any address that is none."""

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from agent.settings import Settings
from tests.ui.door import running
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE, Providers

CUES = (
    (1.0, 2.5, "Good morning."),
    (4.0, 5.5, "1 < 2 & a --> b"),
    (7.0, 8.5, "And so to bed."),
)


@pytest.fixture(scope="module")
def made(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str, str]]:
    """A client, a video with three cues, and a silent one with cuts at 3, 6 and 8 s."""
    folder = tmp_path_factory.mktemp("moments")
    told = folder / "told.mp4"
    shutil.copy(shots, told)
    with told.open("ab") as file:
        file.write(b"\0\0\0\x08free")  # other bytes, the same video
    told.with_suffix(".srt").write_text(
        "\n".join(f"{n}\n00:00:0{a:.3f} --> 00:00:0{b:.3f}\n{text}\n" for n, (a, b, text)
                  in enumerate(CUES, 1))
    )  # fmt: skip
    library = Library(folder / "home")
    told_id = ingest(library, told, title="A <b>day</b>", providers=BARE).id
    silent = ingest(library, shots, providers=BARE).id
    settings = Settings(home=folder / "home", port=8000, providers=Providers("none"))
    with running(settings) as client:
        yield client, told_id, silent


def _quotes(page: str) -> list[str]:
    said = re.findall(r'<div class="quote">.*?<blockquote>(.*?)</blockquote>', page, re.DOTALL)
    return [html.unescape(one) for one in said]


def _beside(page: str) -> dict[str, str]:
    links = re.findall(r'<a class="(previous|next)" href="/v/\w+\?t=([\d.]+)"', page)
    return dict(links)


@pytest.mark.parametrize("t", ["4.5", "0:04.5", "0:00:04.5", "3.2", " 4.5 "])
def test_a_moment_is_quoted_and_its_neighbours_are_what_is_said_before_and_after(
    made: tuple[Any, str, str], t: str
) -> None:
    client, told, _ = made
    reply = client.get(f"/v/{told}", params={"t": t})
    assert reply.status_code == 200
    assert _quotes(reply.text) == ["“1 < 2 & a --> b”"]
    assert _beside(reply.text) == {"previous": "1.0", "next": "7.0"}
    assert "<b>" not in reply.text and "A &lt;b&gt;day" in reply.text
    assert f'href="/?video={told}&amp;prompt=' in reply.text


def test_the_first_and_the_last_moment_have_one_neighbour(made: tuple[Any, str, str]) -> None:
    client, told, _ = made
    assert _beside(client.get(f"/v/{told}?t=1.0").text) == {"next": "4.0"}
    last = client.get(f"/v/{told}?t=500").text
    assert 'data-start="10.' in last and "The video ends at 0:10.<" in last
    assert _beside(last) == {"previous": "7.0"} and _quotes(last) == []
    assert '<p class="quiet ">Nothing is said' in last


def test_where_nobody_speaks_the_neighbours_are_scenes(made: tuple[Any, str, str]) -> None:
    client, _, silent = made
    assert _beside(client.get(f"/v/{silent}?t=4").text) == {"previous": "0.0", "next": "6.0"}
    assert _beside(client.get(f"/v/{silent}").text) == {"next": "3.0"}
    assert 'data-captions=""' in client.get(f"/v/{silent}").text


def test_the_page_speaks_the_language_of_the_browser(made: tuple[Any, str, str]) -> None:
    client, told, _ = made
    page = client.get(f"/v/{told}?t=1", headers={"accept-language": "de-AT,en;q=0.5"}).text
    assert '<html lang="de">' in page and "Nach diesem Video fragen" in page


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("0123456789abcdef", 404), ("A <b>day</b>", 404), ("x", 404), ("a/b", 404), ("", 404),
        ("ID?t=x", 404), ("ID?t=nan", 404), ("ID?t=-3", 404), ("ID?t=1:2:3:4", 404),
        ("ID/more", 404), ("ID?t=<script>", 404),
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_a_page_with_a_way_back(
    made: tuple[Any, str, str], address: str, status: int
) -> None:
    client, told, _ = made
    reply: Any = client.get(f"/v/{address.replace('ID', told)}")
    assert reply.status_code == status
    assert reply.headers["content-type"].startswith("text/html")
    way = f'href="/v/{told}"' if "ID?" in address else 'href="/"'
    assert way in reply.text and "<script>" not in reply.text and "<b>" not in reply.text


def test_programs_that_ask_for_media_get_json(made: tuple[Any, str, str]) -> None:
    client, _, _ = made
    for path in ("0123456789abcdef/file", "0123456789abcdef/captions.vtt", "x"):
        reply = client.get(f"/media/{path}")
        assert reply.status_code == 404 and reply.json()["detail"]


def test_subtitles_are_webvtt_whose_text_is_text(made: tuple[TestClient, str, str]) -> None:
    client, told, silent = made
    reply = client.get(f"/media/{told}/captions.vtt")
    assert reply.headers["content-type"].startswith("text/vtt")
    assert reply.text.startswith("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nGood morning.\n")
    assert "\n1 &lt; 2 &amp; a --&gt; b\n" in reply.text and reply.text.count(" --> ") == 3
    assert client.get(f"/media/{silent}/captions.vtt").text == "WEBVTT\n\n"


def test_a_moment_is_still_told_when_the_file_is_gone(shots: Path, tmp_path: Path) -> None:
    path = tmp_path / "gone.mp4"
    shutil.copy(shots, path)
    path.with_suffix(".srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nStill here.\n")
    library = Library(tmp_path / "home")
    video = ingest(library, path, providers=BARE).id
    path.unlink()
    settings = Settings(home=tmp_path / "home", port=8000, providers=Providers("none"))
    with running(settings) as client:
        reply = client.get(f"/v/{video}?t=1")
    assert reply.status_code == 200 and _quotes(reply.text) == ["“Still here.”"]
