"""The page of one moment of a video, which answers link to: its quote, its player, what is beside.

Whatever is wrong with an address of it, the answer is a page with a way back.
"""

import asyncio
import html
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from tools.clock.written import seconds_of
from tools.errors import UnknownVideo, VideoError
from tools.evidence import is_draft
from tools.library import Library
from tools.media import Evidence, Video, timestamp
from tools.search.moment import moment
from ui.render import picture_address
from ui.texts import preferred, text
from ui.web.accounts.gate import current
from ui.web.accounts.links import NAMES
from ui.web.accounts.sign_in import Accounts
from ui.web.media import known_video, or_http_error
from ui.web.pages import Words, note_page
from ui.web.proxies import Proxies
from ui.web.state import AppState
from ui.web.workspaces import Mine

REACH = 1.0
"""Seconds after the time of a link whose words belong to its moment: links cut their times."""
SHARED = 7 * 86400
"""Seconds for which a link that somebody shares opens without signing in."""
_PAGE = Template(Path(__file__).with_name("moment.html").read_text("utf-8"))


def moment_routes() -> APIRouter:
    """The routes of the contract under `/v`."""
    router = APIRouter()

    @router.get("/v/{rest:path}")
    async def page(rest: str, request: Request, mine: Mine, t: str = "") -> HTMLResponse:
        words = partial(text, preferred(request.headers.get("accept-language")))
        signed = {n: v for n, v in request.query_params.items() if n in NAMES}
        by_link = (who := current()) is not None and who.by_link
        link = urlencode(signed) if by_link else ""
        shares = not by_link and _accounts(request).method != "none"
        return await asyncio.to_thread(_page, mine, words, rest, t.strip(), link, shares)

    @router.post("/v/{id}/share")
    async def share(id: str, request: Request, mine: Mine, t: str = "") -> dict[str, Any]:
        video = await or_http_error(asyncio.to_thread(known_video, mine.library, id))
        start, who = seconds_of(t.strip() or "0"), current()
        if start is None or who is None:
            raise HTTPException(422, "this is no time of a video")
        until = int(time.time()) + SHARED
        address = _accounts(request).signed(f"/v/{video.id}?t={start:.3f}", until, who.owner)
        return {"address": address, "until": until}

    return router


def _accounts(request: Request) -> Accounts:
    return request.app.state.accounts


def _page(
    mine: AppState, words: Words, id: str, time: str, link: str, shares: bool
) -> HTMLResponse:
    """The page of a moment; `link` is the signature that all its addresses carry, or empty."""
    home = words("moment.home"), "/"
    try:
        video = known_video(mine.library, id)
        start = seconds_of(time or "0")
        if start is None:
            way = words("moment.start"), _with(f"/v/{video.id}", link)
            return note_page(words, 404, "moment.unknown", "moment.unknown_time", *way)
        values = _values(mine.library, mine.proxies, words, video, start, link)
        values |= {"share_class": "" if shares else "none", "share": words("moment.share")}
        return HTMLResponse(_PAGE.substitute(values))
    except UnknownVideo:
        return note_page(words, 404, "moment.unknown", "moment.unknown_video", *home)
    except VideoError:
        return note_page(words, 410, "moment.unknown", "moment.unreadable", *home)


def _with(address: str, link: str) -> str:
    """An address with the signature that a page was opened by."""
    return f"{address}{'&' if '?' in address else '?'}{link}" if link and address else address


def _values(
    library: Library, proxies: Proxies, words: Words, video: Video, start: float, link: str
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
        "poster": _with(
            picture_address(library, library.image_at(video.id, at), "http") or "", link
        ),
        "link": link,
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
        "ask_class": "none" if link else "main",  # who came by a link has nobody to ask
        "ask_address": "/?" + urlencode({"video": video.id, "prompt": question}),
    }
    for name, near in (("previous", before), ("next", after)):
        there = near is not None
        values[name] = words(f"moment.{name}", time=timestamp(int(near))) if there else ""
        values[f"{name}_address"] = _with(f"/v/{video.id}?t={near:.1f}", link) if there else ""
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
