"""The video of a page comes by yt-dlp, through the checking proxy, or nothing of it stays."""

import gzip
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.address_server import (
    API,
    INSIDE,
    PAGE,
    PUBLIC,
    World,
    leads,
    peertube,
    processes,
    sends,
    sends_json,
)
from tools.errors import IsPage, ProviderUnavailable, VideoError
from tools.fetch import sites as tested
from tools.fetch.addresses import parse
from tools.fetch.checking_proxy import SLACK
from tools.fetch.sites import Fetched, fetch

LIMIT = 4 << 20
PLAYLIST = "https://films.example/list.m3u8"


def fetched(server: World, folder: Path, text: str = PAGE, **options: Any) -> Fetched:
    return fetch(parse(text), folder, LIMIT, network=server.network, **options)


def refused(server: World, folder: Path, text: str = f"{PAGE}?token=5ecret", **options: Any) -> str:
    """What is said, in one line that tells no secret; nobody inside was connected to."""
    with pytest.raises(VideoError) as error:
        fetched(server, folder, text, **options)
    told = str(error.value)
    assert "5ecret" not in told and "\n" not in told and error.value.__cause__ is None
    assert set(server.connected) <= {PUBLIC} and not processes()
    return told


def hls(server: World, *segments: str, ending: str = "#EXT-X-ENDLIST\n") -> None:
    """A stream beside a file that is not encrypted, so that the stream is what comes."""
    listed = "".join(f"#EXTINF:5,\n{segment}\n" for segment in segments)
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n{listed}{ending}"
    server.replies["/list.m3u8"] = sends(text.encode(), type="application/x-mpegURL")
    plain = {"fileUrl": "http://films.example/film.mp4", "resolution": {"id": 240}}
    peertube(server, files=[plain], streamingPlaylists=[{"playlistUrl": PLAYLIST}])


def test_the_video_of_a_page_comes_to_the_byte(sites: World, tmp_path: Path, shots: Path) -> None:
    told: list[tuple[int, int | None]] = []
    got = fetched(sites, tmp_path, f"{PAGE}?token=5ecret", on_bytes=lambda *at: told.append(at))
    assert got.path.read_bytes() == shots.read_bytes()
    assert got.title == "The keeper" and got.subtitles == ()
    assert told[-1][0] >= len(shots.read_bytes()) and not processes()
    assert set(sites.connected) == {PUBLIC}
    assert not any({"cookie", "authorization"} & one.keys() for one in sites.seen)


def test_subtitles_of_the_site_come_with_it_and_broken_ones_do_not(
    sites: World, tmp_path: Path
) -> None:
    """So do those of an inner address not, and no name of theirs leads anywhere."""
    cues = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nThe lamp is lit.\n"
    sites.replies["/de.vtt"], sites.replies["/en.vtt"] = sends(b"<html>"), sends(cues)
    offered = {"de": "/de.vtt", "en": "/en.vtt", "../../up": "/en.vtt"}
    data = [{"language": {"id": one}, "captionPath": path} for one, path in offered.items()]
    sites.replies[f"{API}captions"] = sends_json({"data": data})
    got = fetched(sites, tmp_path)
    (path,) = got.subtitles
    assert path.name == "captions.en.vtt" and path.read_bytes() == cues
    assert not [one for one in tmp_path.rglob("*up*")]


@pytest.mark.parametrize("to", [*INSIDE, "inside.example", "mixed.example"])
def test_a_file_that_leads_inside_is_never_connected_to(
    sites: World, tmp_path: Path, to: str
) -> None:
    sites.replies["/film.mp4"] = leads(f"https://{f'[{to}]' if ':' in to else to}/film.mp4")
    assert "only public addresses" in refused(sites, tmp_path)


def test_a_stream_comes_piece_by_piece_and_no_piece_of_it_from_inside(
    sites: World, tmp_path: Path, shots: Path
) -> None:
    film = shots.read_bytes()
    sites.replies["/1.ts"], sites.replies["/2.ts"] = sends(film[:5000]), sends(film[5000:])
    hls(sites, "1.ts", "https://framatube.org/2.ts")
    (good := tmp_path / "good").mkdir()
    assert fetched(sites, good).path.read_bytes() == film
    hls(sites, "1.ts", "https://inside.example/2.ts")
    (bad := tmp_path / "bad").mkdir()
    assert "only public addresses" in refused(sites, bad)


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("http://films.example/other.mp4", "not sent encrypted"),
        ("https://films.example:8443/other.mp4", "unusual port"),
        ("https://unheard.example/other.mp4", "can't be reached"),
    ],
)
def test_only_https_on_its_own_port_is_fetched(
    sites: World, tmp_path: Path, to: str, told: str
) -> None:
    sites.replies["/film.mp4"] = leads(to)
    sites.replies["/other.mp4"] = sends(b"film")
    assert told in refused(sites, tmp_path)
    assert "/other.mp4" not in sites.paths


def test_another_answer_of_a_name_server_changes_nothing(
    sites: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is public, and its name leads inside for the next connection."""
    answers: list[list[str]] = [["127.0.0.1"], [PUBLIC]]

    def resolve(host: str, port: int) -> list[str]:
        return answers.pop() if len(answers) > 1 else answers[0]

    monkeypatch.setattr(sites, "resolve", resolve)
    assert "only public addresses" in refused(sites, tmp_path)
    assert sites.connected == [PUBLIC] and len(sites.paths) == 1


def test_a_body_without_end_is_stopped_at_the_limit(sites: World, tmp_path: Path) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(bytes(1 << 16))
        except OSError:
            pass

    came: list[int] = []
    sites.replies["/film.mp4"] = endless
    told = refused(sites, tmp_path, on_bytes=lambda here, whole: came.append(here))
    assert "larger than 4 MB" in told and max(came) <= LIMIT + SLACK
    assert sum(path.stat().st_size for path in tmp_path.rglob("*")) <= LIMIT + SLACK


def packed(handler: BaseHTTPRequestHandler) -> None:
    body = gzip.compress(bytes(64 << 20))
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.mark.parametrize("reply", [sends(bytes(LIMIT + 1)), packed])
def test_a_file_is_too_large_however_that_is_told(sites: World, tmp_path: Path, reply: Any) -> None:
    sites.replies["/film.mp4"] = reply
    assert "larger than 4 MB" in refused(sites, tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*")) <= LIMIT + SLACK


def test_a_site_that_falls_silent_is_given_up(sites: World, tmp_path: Path) -> None:
    def silent(handler: BaseHTTPRequestHandler) -> None:
        sends(b"film", declared=1000)(handler)
        handler.wfile.flush()
        sites.released.wait()

    sites.replies["/film.mp4"] = silent
    assert "no byte of https://framatube.org" in refused(sites, tmp_path, stall=1.0)


def test_a_download_that_nobody_wants_any_more_ends_with_its_process(
    sites: World, tmp_path: Path
) -> None:
    stopped = threading.Event()

    def silent(handler: BaseHTTPRequestHandler) -> None:
        stopped.set()
        sites.released.wait()

    sites.replies["/film.mp4"] = silent
    assert "was stopped" in refused(sites, tmp_path, wanted=lambda: not stopped.is_set())


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    sites: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(os.environ["SSL_CERT_FILE"])
    assert "isn't what it says it is" in refused(sites, tmp_path)
    assert sites.paths == []


def status(code: int) -> Any:
    return lambda handler: handler.send_error(code)


def test_live_video_is_not_fetched(sites: World, tmp_path: Path) -> None:
    hls(sites, "1.ts", ending="")
    peertube(sites, files=[], streamingPlaylists=[{"playlistUrl": PLAYLIST}])
    assert "is live" in refused(sites, tmp_path)
    assert "/1.ts" not in sites.paths


def test_of_a_list_of_videos_none_is_asked_for(sites: World, tmp_path: Path) -> None:
    page, api = "/w/p/hrAdcvjkMMkHJ28upnoN21", "/api/v1/video-playlists/hrAdcvjkMMkHJ28upnoN21"
    sites.replies[page] = sends(b"<html>", type="text/html")
    sites.replies[api] = sends_json({"displayName": "All", "videosLength": 40})
    sites.replies[f"{api}/videos"] = status(500)
    told = refused(sites, tmp_path, f"https://framatube.org{page}")
    assert "is a list of videos" in told
    assert sites.paths[1:] == [api]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (status(401), "only to those who sign in"),
        (status(403), "only to those who sign in"),
        (status(404), "has no such video"),
        (status(503), "answered 503"),
        (sends_json({"name": "Nothing", "files": []}), "no video"),
        (sends(b"no JSON"), "no video"),
        (sends_json({"name": 5, "files": [{"fileUrl": "https://films.example/none"}]}), "no such"),
        (sends(b"", declared=1000), "broke off"),
    ],
)
def test_why_no_video_comes_is_one_sentence(
    sites: World, tmp_path: Path, reply: Any, told: str
) -> None:
    sites.replies[API] = reply
    sites.replies["/none"] = status(404)
    assert told in refused(sites, tmp_path)


def test_a_page_of_no_known_site_is_told_as_one_and_what_is_not_there_too(
    sites: World, tmp_path: Path
) -> None:
    sites.replies["/page"], sites.replies["/gone"] = sends(b"<html>", type="text/html"), status(404)
    for name, told in (("page", "yt-dlp doesn't know"), ("gone", "answered 404")):
        (folder := tmp_path / name).mkdir()
        assert told in refused(sites, folder, f"https://films.example/{name}?token=5ecret")
    assert len(sites.connected) == 2


def test_without_yt_dlp_a_page_is_told_as_one_and_how_to_get_it(
    sites: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(tested, "version", missing)
    with pytest.raises(IsPage, match=r"pip install 'cuepoint\[sites\]'"):
        fetched(sites, tmp_path)
    monkeypatch.setattr(tested, "version", lambda name: "2026.6.9")
    with pytest.raises(ProviderUnavailable, match="too old"):
        fetched(sites, tmp_path)
    monkeypatch.setattr(tested, "version", lambda name: "2026.7.4.232815.dev0")
    assert tested.installed() == "2026.7.4.232815.dev0"


def test_a_release_of_yt_dlp_with_other_names_is_told_in_one_sentence(
    sites: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    (other / "yt_dlp").mkdir(parents=True)
    (other / "yt_dlp/__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(other))
    assert "does not work with this Cuepoint" in refused(sites, tmp_path)


PLUGIN = """
from yt_dlp.extractor.peertube import PeerTubeIE
class _Canary(PeerTubeIE, plugin_name="canary"):
    def _real_extract(self, url):
        return {"id": "1", "title": "canary", "url": "https://films.example/film.mp4"}
"""


def test_nothing_in_the_home_of_a_user_decides_what_yt_dlp_does(
    sites: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shots: Path
) -> None:
    home = tmp_path / "home"
    plugins = home / ".config/yt-dlp/plugins/canary/yt_dlp_plugins/extractor"
    plugins.mkdir(parents=True)
    (plugins / "canary.py").write_text(PLUGIN)
    (home / ".config/yt-dlp/config").write_text("--netrc\n--proxy http://127.0.0.1:9\n")
    (home / ".netrc").write_text("machine framatube.org login me password 5ecret\n")
    (home / "yt_dlp_plugins").symlink_to(plugins.parent)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHONPATH", str(home))
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    overrides = "import yt_dlp as y; y.YoutubeDL(); print(y.globals.plugin_ies_overrides.value)"
    plain = subprocess.check_output([sys.executable, "-c", overrides], text=True)
    assert "Canary" in plain  # who runs yt-dlp as it is
    (folder := tmp_path / "folder").mkdir()
    got = fetched(sites, folder)
    assert got.title == "The keeper" and got.path.read_bytes() == shots.read_bytes()
    assert not any("authorization" in one for one in sites.seen)


def test_the_options_of_yt_dlp_are_these() -> None:
    from tools.fetch.site_child import OPTIONS, single_file

    assert {**OPTIONS, "format": None} == {
        "allowed_extractors": ["default", "-generic"],
        "format": None,
        "noplaylist": True,
        "writesubtitles": True,
        "writeautomaticsub": False,
        "subtitleslangs": ["all"],
        "subtitlesformat": "vtt/srt/ass/best",
        "cachedir": False,
        "cookiefile": None,
        "cookiesfrombrowser": None,
        "usenetrc": False,
        "netrc_cmd": None,
        "enable_file_urls": False,
        "overwrites": True,
        "continuedl": False,
        "nopart": True,
        "updatetime": False,
        "external_downloader": {"default": "native"},
        "postprocessors": [],
        "fixup": "never",
        "js_runtimes": {},
        "remote_components": [],
        "compat_opts": ["no-certifi"],
        "nocheckcertificate": False,
        "geo_bypass": False,
        "retries": 3,
        "fragment_retries": 3,
        "extractor_retries": 1,
        "file_access_retries": 0,
        "skip_unavailable_fragments": False,
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "color": "never",
        "warn_when_outdated": False,
    }
    assert OPTIONS["format"] is single_file


def made(name: str, **about: Any) -> dict[str, Any]:
    return {"format_id": name, "protocol": "https", "ext": "mp4", **about}


@pytest.mark.parametrize(
    ("formats", "chosen"),
    [
        ([made("small"), made("large")], "large"),
        ([made("mp4"), made("webm", ext="webm")], "mp4"),
        ([made("webm", ext="webm"), made("sound", vcodec="none")], "webm"),
        ([made("whole"), made("picture", acodec="none")], "whole"),
        ([made("silent", acodec="none")], "silent"),
        ([made("stream", protocol="m3u8_native"), made("plain", protocol="http")], "stream"),
        ([made("picture", acodec="none"), made("sound", vcodec="none")], None),
        ([made("other", protocol="rtmp"), made("dash", protocol="http_dash_segments")], None),
    ],
)
def test_the_format_is_one_file_with_sound(
    formats: list[dict[str, Any]], chosen: str | None
) -> None:
    from tools.fetch.site_child import single_file

    if chosen is None:
        with pytest.raises(VideoError, match="no single file"):
            list(single_file({"formats": formats}))
    else:
        assert [one["format_id"] for one in single_file({"formats": formats})] == [chosen]
