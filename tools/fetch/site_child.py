"""One video of a site, by yt-dlp. Runs in the sandbox, with one port of this machine to connect to.

Nothing that a person or a site could set decides what yt-dlp does: its options are `OPTIONS`, and
what it would do after a download (naming, joining, converting, running programs) is left out, as
only its extractors and downloaders are called. What is refused is told by yt-dlp's types and
fields, never by its words.
"""

import errno
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from yt_dlp import YoutubeDL
from yt_dlp.extractor import gen_extractor_classes
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.globals import plugin_dirs
from yt_dlp.networking.exceptions import HTTPError, RequestError
from yt_dlp.utils import ExtractorError, GeoRestrictedError, UserNotLive

from tools.errors import Interrupted, IsPage, RefusedRequest, UnreadableMedia, VideoError
from tools.fetch.download import too_large
from tools.files.disk import disk_error
from tools.sandbox import Event
from tools.text.clean import clean_title

LANGUAGES = 8
"""Subtitles that come with a video, at most."""
_SUBTITLES = ("vtt", "srt", "ass")
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,16}")
_NOT_OVER = {"is_live", "is_upcoming", "post_live"}
_LISTS = {"playlist", "multi_video", "compat_list"}
_SAYS = 160
"""Characters of what a site says, at most."""


class _NeedsAccount(ExtractorError):
    """A site that shows a video only to those who sign in."""


class _Silent:
    """A log that keeps nothing: its lines hold addresses."""

    def debug(self, message: str) -> None:
        pass

    warning = error = debug


def single_file(context: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Choose the best format that is one file with sound, if any has it: MP4, any other, HLS."""
    formats = context["formats"]  # the best is the last
    silent = all(one.get("acodec") == "none" for one in formats)
    whole = [
        one
        for one in formats
        if one.get("vcodec") != "none" and (silent or one.get("acodec") != "none")
    ]
    files = [one for one in whole if one["protocol"] == "https"]
    streams = [one for one in whole if one["protocol"] in ("m3u8", "m3u8_native")]
    for some in ([one for one in files if one["ext"] == "mp4"], files, streams):
        if some:
            yield some[-1]
            return
    raise RefusedRequest(
        "the site has this video in no single file that could be fetched: download it yourself"
    )


OPTIONS: dict[str, Any] = {
    "allowed_extractors": ["default", "-generic"],
    "format": single_file,
    "noplaylist": True,
    "writesubtitles": True,
    "writeautomaticsub": False,
    "subtitleslangs": ["all"],
    "subtitlesformat": "vtt/srt/ass/best",
    # No file but those asked for, and none that is read.
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
    # No other program, and no code from elsewhere.
    "external_downloader": {"default": "native"},
    "postprocessors": [],
    "fixup": "never",
    "js_runtimes": {},
    "remote_components": [],
    # The certificates of SSL_CERT_FILE, which are those of every other download.
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
"""Options of every run; the proxy, the log and the seconds without a byte come on top."""


class _OneVideo(YoutubeDL):
    """yt-dlp that stops at a playlist before its videos are asked for, and at a live stream."""

    page = ""

    def process_ie_result(self, ie_result: Any, download: bool = True, extra_info: Any = None):
        if ie_result.get("_type") in _LISTS:
            entries = ie_result.get("entries")
            if not isinstance(entries, list) or len(only := cast("list[Any]", entries)) != 1:
                raise RefusedRequest(
                    f"{self.page} is a list of videos: give the address of one of them"
                )
            return super().process_ie_result(only[0], download, extra_info)
        return super().process_ie_result(ie_result, download, extra_info)

    def process_video_result(self, info_dict: Any, download: bool = True):
        if info_dict.get("is_live") or info_dict.get("live_status") in _NOT_OVER:
            raise RefusedRequest(f"{self.page} is live: fetch it once it is over")
        return super().process_video_result(info_dict, download)


def fetch(
    url: str, page: str, host: str, path: str, proxy: str, limit: int, stall: float
) -> Iterator[Event]:
    """Fetch the video of a page into a file, and its subtitles into the folder of that.

    Yields the title and the size, if that is known, then the names of the subtitle files. `page`
    and `host` are what a message may say of the address; `limit` is in bytes.
    """
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    plugin_dirs.value = []
    InfoExtractor.raise_login_required = _login_required
    if not any(one.suitable(url) for one in gen_extractor_classes() if one.ie_key() != "Generic"):
        raise IsPage(
            f"{page} is a page of a site that yt-dlp doesn't know: download the video and index "
            "that"
        )
    own: Any = {"proxy": proxy, "socket_timeout": stall, "logger": _Silent()}
    otherwise: VideoError = UnreadableMedia(
        f"yt-dlp finds no video at {page}: if it plays in a browser, update yt-dlp"
    )
    try:
        with _OneVideo(OPTIONS | own) as opened:
            ydl: Any = opened
            ydl.page = page
            ydl.add_progress_hook(_size_check(limit))
            info = ydl.extract_info(url, download=False)
            if not info:
                raise otherwise
            yield {"title": clean_title(str(info.get("title"))), "size": info.get("filesize")}
            otherwise = Interrupted(f"the connection to {host} broke off: try it again")
            if not ydl.dl(path, info)[0]:
                raise otherwise
            yield {"subtitles": list(_subtitles(ydl, info, Path(path).parent))}
    except VideoError:
        raise
    except Exception as error:  # whatever an extractor stumbles over, too
        raise _known(error, host, limit) or _quoted(error, host, url) or otherwise from None


def _login_required(self: Any, *_: Any, **__: Any) -> None:
    raise _NeedsAccount("an account is needed", expected=True)


def _size_check(limit: int) -> Callable[[dict[str, Any]], None]:
    def check(state: dict[str, Any]) -> None:
        if max(state.get("downloaded_bytes") or 0, state.get("total_bytes") or 0) > limit:
            raise too_large(limit)

    return check


def _subtitles(ydl: Any, info: dict[str, Any], folder: Path) -> Iterator[str]:
    """Names of subtitle files, that of the video's own language first; what fails is left out."""
    offered: dict[str, Any] = info.get("requested_subtitles") or {}
    own = info.get("language")
    for language in sorted(offered, key=lambda one: (one != own, one != "en", one))[:LANGUAGES]:
        about: dict[str, Any] = {"http_headers": info.get("http_headers"), **offered[language]}
        name = f"captions.{language}.{about.get('ext')}"
        if about.get("ext") not in _SUBTITLES or not _LANGUAGE.fullmatch(language):
            continue
        with suppress(Exception):
            if about.get("data") is not None:
                (folder / name).write_text(about["data"], "utf-8")
                yield name
            elif ydl.dl(str(folder / name), about, subtitle=True)[0]:
                yield name


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that yt-dlp says were behind it."""
    yield error
    inner = getattr(error, "exc_info", None) or (None, None)
    for one in (inner[1], getattr(error, "cause", None)):
        if isinstance(one, BaseException):
            yield from _causes(one)


def _known(error: BaseException, host: str, limit: int) -> VideoError | None:
    """The sentence for an error whose type says what happened."""
    for one in _causes(error):
        match one:
            case VideoError():
                return one
            case _NeedsAccount():
                return _account(host)
            case GeoRestrictedError():
                return RefusedRequest(f"{host} doesn't show this video in the country it sees")
            case UserNotLive():
                return RefusedRequest(f"{host} is not live there, and live video is not fetched")
            case HTTPError() if one.status in (401, 403):
                return _account(host)
            case HTTPError() if one.status in (404, 410):
                return UnreadableMedia(f"{host} has no such video: it may have been removed")
            case HTTPError():
                return Interrupted(f"{host} answered {one.status}: try it again later")
            case RequestError():
                return Interrupted(f"the connection to {host} broke off: try it again")
            case OSError() if one.errno == errno.EFBIG:
                return too_large(limit)
            case OSError() if known := disk_error(one):
                return known
            case _:
                pass
    return None


def _account(host: str) -> RefusedRequest:
    return RefusedRequest(
        f"{host} shows this video only to those who sign in: download it yourself, and index that"
    )


def _quoted(error: BaseException, host: str, url: str) -> VideoError | None:
    """The words of the site itself, where an extractor quotes it, without any of the address."""
    secrets = [one for one in re.split("[&=]", urlsplit(url).query) if one]
    for one in _causes(error):
        if isinstance(one, ExtractorError) and one.expected:
            says = clean_title(str(one.orig_msg))
            if not re.search(r"[/?&=]", says) and not any(secret in says for secret in secrets):
                return UnreadableMedia(f"{host} says: {says[:_SAYS]}")
    return None
