"""The page of one moment of a video, which answers link to: its quote, its player, what is beside.

Whatever is wrong with an address of it, the answer is a page with a way back.
"""

import asyncio
import html
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from string import Template
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from tools.errors import UnknownVideo, VideoError
from tools.evidence import is_draft
from tools.library import Library
from tools.media import Evidence, Video
from tools.search.moment import moment
from ui.render import picture_address, seconds_of, timestamp
from ui.texts import preferred, text
from ui.web.media import known_video
from ui.web.proxies import Proxies

REACH = 1.0
"""Seconds after the time of a link whose words belong to its moment: links cut their times."""
_PAGE, _NONE = (
    Template(Path(__file__).with_name(name).read_text("utf-8"))
    for name in ("moment.html", "no_moment.html")
)
_Words = Callable[..., str]


def moment_routes(library: Library, proxies: Proxies) -> APIRouter:
    """The routes of the contract under `/v`."""
    router = APIRouter()

    @router.get("/v/{rest:path}")
    async def page(rest: str, request: Request, t: str = "") -> HTMLResponse:
        words = partial(text, preferred(request.headers.get("accept-language")))
        return await asyncio.to_thread(_page, library, proxies, words, rest, t.strip())

    return router


def _page(library: Library, proxies: Proxies, words: _Words, id: str, time: str) -> HTMLResponse:
    try:
        video = known_video(library, id)
        start = seconds_of(time or "0")
        if start is None:
            way = words("moment.start"), f"/v/{video.id}"
            return _no_moment(words, 404, "unknown_time", *way)
        return HTMLResponse(_PAGE.substitute(_values(library, proxies, words, video, start)))
    except UnknownVideo:
        return _no_moment(words, 404, "unknown_video", words("moment.home"), "/")
    except VideoError:
        return _no_moment(words, 410, "unreadable", words("moment.home"), "/")


def _no_moment(words: _Words, status: int, why: str, way: str, address: str) -> HTMLResponse:
    values = {"heading": words("moment.unknown"), "why": words(f"moment.{why}"), "way": way}
    values |= {"address": address, "lang": words("page.language"), "back": words("moment.back")}
    return HTMLResponse(_NONE.substitute(_escaped(values)), status)


def _values(
    library: Library, proxies: Proxies, words: _Words, video: Video, start: float
) -> dict[str, str]:
    """Values of the page, of which all are escaped."""
    at = min(start, video.duration)
    found = moment(library, video.id, at, at + REACH)
    said = [one for one in found if one.kind == "speech"]
    shown = [one for one in found if one.kind == "screen"]
    before, after = _neighbours(library, video.id, at, said)
    direct = None
    with suppress(VideoError):  # the file is gone: its words and pictures are still there
        direct = proxies.direct_type(video.id)
    drafted = any(map(is_draft, said))
    spoken = library.utterances(video.id)
    captions = "captions_drafted" if any(u.source == "draft" for u in spoken) else "captions"
    question = words("moment.question", time=timestamp(int(at)))
    values = {
        "lang": words("page.language"),
        "id": video.id,
        "title": video.title,
        "start": f"{at:.3f}",
        "duration": f"{video.duration:.3f}",
        "direct": "yes" if direct else "no",
        "poster": picture_address(library, library.image_at(video.id, at), "http") or "",
        "captions": words(f"moment.{captions}") if spoken else "",
        "state": words("moment.ends", time=timestamp(int(video.duration))) if start > at else "",
        "time": timestamp(int(at)),
        "of": words("moment.of", time=timestamp(round(video.duration))),
        "said": "\n".join(_quoted(one) for one in said),
        "said_label": words("moment.drafted" if drafted else "moment.said"),
        "said_class": "quote" if said else "none",
        "shown": "\n".join(dict.fromkeys(_quoted(one) for one in shown)),
        "shown_label": words("moment.shown"),
        "shown_class": "quote" if shown else "none",
        "silent_class": "none" if said or shown else "",
        "copy": words("moment.copy", time=timestamp(int(at))),
        "ask_address": "/?" + urlencode({"video": video.id, "prompt": question}),
    }
    for name, near in (("previous", before), ("next", after)):
        there = near is not None
        values[name] = words(f"moment.{name}", time=timestamp(int(near))) if there else ""
        values[f"{name}_address"] = f"/v/{video.id}?t={near:.1f}" if there else ""
        values[f"{name}_class"] = name if there else "none"
    values |= {name: words(f"moment.{name}") for name in ("back", "silent", "frame", "ask")}
    return _escaped(values)


def _neighbours(
    library: Library, video: str, at: float, said: list[Evidence]
) -> tuple[float | None, float | None]:
    """Starts of what is said before and after; of the scenes where nobody speaks."""
    starts = [one.start for one in library.utterances(video)]
    begin, end = at, at + REACH
    if said:
        begin, end = min(one.start for one in said), max(one.start for one in said)
    elif not starts:
        scenes = library.scenes(video)
        starts = [one.start for one in scenes]
        begin = max((start for start in starts if start <= at), default=at)
        end = at
    before = [start for start in starts if start < begin - 0.05]
    after = [start for start in starts if start > end + 0.05]
    return before[-1] if before else None, after[0] if after else None


def _quoted(evidence: Evidence) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{evidence.text}\N{RIGHT DOUBLE QUOTATION MARK}"


def _escaped(values: dict[str, str]) -> dict[str, str]:
    return {name: html.escape(value) for name, value in values.items()}
