"""Routes of pictures, videos and their subtitles, by id."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Coroutine, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response

from tools.errors import Damaged, RefusedRequest, UnknownVideo, UnreadableMedia
from tools.library import Library
from tools.media import Video, timestamp
from tools.store.filmstrip import strip_name
from tools.transcript.cues import to_vtt
from ui.texts import preferred
from ui.web.timeline import timeline, transcript
from ui.web.workspaces import Mine

PAGE = 600.0
"""Seconds of a transcript that are sent where no span is asked for."""
NEAR = 0.5
"""Seconds by which a kept frame may miss the one that is asked for."""
PAUSE = 0.2
"""Seconds between two looks whether the browser still waits for a copy."""
_log = logging.getLogger(__name__)
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}")
_T = TypeVar("_T")


async def or_http_error(work: Awaitable[_T]) -> _T:
    """Await some work; its errors become those of HTTP, without paths."""
    try:
        return await work
    except UnknownVideo as error:
        raise HTTPException(404, "there is no such video or picture") from error
    except RefusedRequest as error:
        raise HTTPException(416, str(error)) from error
    except (UnreadableMedia, Damaged) as error:
        _log.warning("media: %s", error)
        raise HTTPException(410, "the file of this video is missing or cannot be read") from error


async def until_disconnect(request: Request, work: Coroutine[Any, Any, _T]) -> _T:
    """Await some work, but no longer than the browser waits for it."""
    working = asyncio.create_task(work)
    try:
        while not (await asyncio.wait((working,), timeout=PAUSE))[0]:
            if await request.is_disconnected():
                raise HTTPException(499, "nobody waits for this any more")
        return working.result()
    finally:
        working.cancel()


def known_video(library: Library, id: str) -> Video:
    """Video of an id of 16 letters, not of a title or the start of one."""
    if len(id) != 16 or (video := library.get(id)).id != id:
        raise UnknownVideo(id)
    return video


async def known_videos(library: Library, ids: Iterable[str]) -> list[Video]:
    """Videos of ids; UnknownVideo if one of them is none."""
    return await asyncio.to_thread(lambda: [known_video(library, id) for id in ids])


def media_routes() -> APIRouter:
    """The routes of the contract under `/media`."""
    router = APIRouter()

    @router.api_route("/media/{id}/file", methods=["GET", "HEAD"])
    async def file(id: str, request: Request, mine: Mine) -> Response:
        video = await or_http_error(asyncio.to_thread(known_video, mine.library, id))
        path = await or_http_error(mine.proxies.read(mine.library.original, id))
        media_type = await or_http_error(mine.proxies.read(mine.proxies.direct_type, id))
        ending = path.suffix if _ENDING.fullmatch(path.suffix) else ""
        return send_file(
            request, path, media_type or "application/octet-stream", video.title + ending
        )

    @router.api_route("/media/{id}/play", methods=["GET", "HEAD"])
    async def play(
        id: str,
        request: Request,
        mine: Mine,
        start: Annotated[float, Query(alias="from")] = 0.0,
        end: Annotated[float | None, Query(alias="to")] = None,
    ) -> Response:
        video = await or_http_error(asyncio.to_thread(known_video, mine.library, id))
        making = mine.proxies.playable(video, start, start + 30 if end is None else end)
        path, media_type = await or_http_error(until_disconnect(request, making))
        return send_file(request, path, media_type, video.title + path.suffix)

    @router.api_route("/media/{id}/frame/{milliseconds:int}.jpg", methods=["GET", "HEAD"])
    async def frame(id: str, milliseconds: int, request: Request, mine: Mine) -> Response:
        video = await or_http_error(asyncio.to_thread(known_video, mine.library, id))
        at = milliseconds / 1000
        path = await or_http_error(mine.proxies.read(_picture, mine.library, id, at))
        name = f"{video.title} {timestamp(at).replace(':', '-')}.jpg"
        return send_file(request, path, "image/jpeg", name)

    @router.api_route("/media/{id}/strip/{start:int}-{end:int}.jpg", methods=["GET", "HEAD"])
    async def strip(id: str, start: int, end: int, request: Request, mine: Mine) -> Response:
        video = await or_http_error(asyncio.to_thread(known_video, mine.library, id))
        image = strip_name(video.id, start / 1000, min(end / 1000, video.duration))
        path = await or_http_error(mine.proxies.read(mine.library.picture, image))
        return send_file(request, path, "image/jpeg", path.name)

    @router.get("/media/{id}/timeline")
    async def drawn(id: str, request: Request, mine: Mine) -> dict[str, Any]:
        await or_http_error(asyncio.to_thread(known_video, mine.library, id))
        language = preferred(request.headers.get("accept-language"))
        return await or_http_error(mine.proxies.read(timeline, mine.library, id, language))

    @router.get("/media/{id}/transcript")
    async def said(
        id: str,
        mine: Mine,
        start: Annotated[float, Query(alias="from")] = 0.0,
        end: Annotated[float, Query(alias="to")] = PAGE,
    ) -> dict[str, Any]:
        await or_http_error(asyncio.to_thread(known_video, mine.library, id))
        return await or_http_error(mine.proxies.read(transcript, mine.library, id, start, end))

    @router.get("/media/{id}/captions.vtt")
    async def captions(id: str, mine: Mine) -> Response:
        await or_http_error(asyncio.to_thread(known_video, mine.library, id))
        spoken = await or_http_error(asyncio.to_thread(mine.library.utterances, id))
        lines = [replace(one, text=" ".join(one.text.split())) for one in spoken]
        return PlainTextResponse(to_vtt(lines), media_type="text/vtt")

    @router.get("/media/{rest:path}")
    async def nothing(rest: str) -> Response:
        raise HTTPException(404, "there is no such video or picture")

    return router


def _picture(library: Library, id: str, seconds: float) -> Path:
    try:
        frame = library.frame_at(id, seconds)
    except UnknownVideo:
        frame = min(library.frames(id), key=lambda f: abs(f.seconds - seconds), default=None)
        if frame is None or abs(frame.seconds - seconds) > NEAR:
            raise
    return library.picture(frame.image)


def send_file(request: Request, path: Path, media_type: str, name: str) -> Response:
    """A file, or the one range asked for; ids name content, so browsers may cache it."""
    if "," in request.headers.get("range", ""):
        return Response(status_code=416, headers={"accept-ranges": "bytes"})
    return FileResponse(
        path,
        media_type=media_type,
        filename=name,
        content_disposition_type="inline",
        headers={"cache-control": "private, max-age=3600"},
    )
