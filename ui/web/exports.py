"""Routes of exports: clips that play and download, transcripts, chapters, edit lists, boards."""

import asyncio
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, Response, StreamingResponse

from tools.errors import RefusedRequest, UnknownVideo
from tools.export import documents
from tools.export.clips import clip_name, ending, kept_path
from tools.export.documents import Document
from tools.export.files import file_name
from tools.export.moments import MOST, Moment, moments_of, resolve
from tools.media import Video
from ui.web.media import known_video, or_http_error, send_file, until_disconnect
from ui.web.state import AppState
from ui.web.workspaces import Mine

PIECE = 1 << 20
"""Bytes of a reel that are sent at once."""


def export_routes() -> APIRouter:
    """Routes under `/media/{id}` of what is made of one video, and `/export` of cited moments."""
    router = APIRouter()

    @router.post("/media/{id}/clip")
    async def cut(
        id: str,
        request: Request,
        start: Annotated[float, Query(alias="from")],
        end: Annotated[float, Query(alias="to")],
        mine: Mine,
    ) -> dict[str, Any]:
        video = await or_http_error(asyncio.to_thread(known_video, mine.library, id))
        cutting = until_disconnect(request, mine.exports.clip(video, start, end))
        clip = await or_http_error(cutting)
        name = Path(clip.path).name
        return {
            "address": f"/media/{video.id}/clip/{name}",
            "name": clip_name(video, clip.start, clip.end),
            "start": clip.start,
            "end": clip.end,
        }

    async def kept(
        mine: AppState, id: str, start: int, end: int, suffix: str
    ) -> tuple[Video, Path]:
        video = await or_http_error(asyncio.to_thread(known_video, mine.library, id))
        inside = start < end <= round(video.duration * 1000)
        path = kept_path(mine.library, video, start / 1000, end / 1000)
        if not inside or suffix != ending(video) or not path.is_file():
            raise HTTPException(404, "there is no such clip")
        return video, path

    @router.api_route("/media/{id}/clip/{start:int}-{end:int}{suffix}", methods=["GET", "HEAD"])
    async def clip(
        id: str,
        start: int,
        end: int,
        suffix: str,
        request: Request,
        mine: Mine,
        download: bool = False,
    ) -> Response:
        video, path = await kept(mine, id, start, end, suffix)
        name = clip_name(video, start / 1000, end / 1000)
        media_type = "video/mp4" if video.width else "audio/mp4"
        if download:
            return FileResponse(path, media_type=media_type, filename=name)
        return send_file(request, path, media_type, name)

    @router.delete("/media/{id}/clip/{start:int}-{end:int}{suffix}")
    async def forget(id: str, start: int, end: int, suffix: str, mine: Mine) -> Response:
        _, path = await kept(mine, id, start, end, suffix)
        await asyncio.to_thread(path.unlink, missing_ok=True)
        return Response(status_code=204)

    @router.get("/media/{id}/export/{form}")
    async def of_video(id: str, form: str, mine: Mine) -> Response:
        if form not in documents.OF_VIDEO:
            raise HTTPException(404, "there is no such export")
        await or_http_error(asyncio.to_thread(known_video, mine.library, id))
        return _sent(await _made(mine.exports.run(documents.of_video, mine.library, form, id)))

    @router.get("/export/reel")
    async def reel(
        request: Request,
        mine: Mine,
        id: Annotated[list[str], Query(max_length=MOST)],
        title: Annotated[str, Query(max_length=400)] = "Cuepoint",
    ) -> Response:
        def shown() -> list[Moment]:
            return moments_of(mine.library, resolve(mine.library, id))

        moments = await _made(mine.exports.run(shown))
        joining = until_disconnect(request, mine.exports.reel(moments))
        film = await or_http_error(joining)
        disposition = f"attachment; filename*=utf-8''{quote(file_name(title, ' reel.mp4'))}"
        size = await asyncio.to_thread(film.seek, 0, os.SEEK_END)
        return StreamingResponse(
            _pieces(film),
            media_type="video/mp4",
            headers={"content-disposition": disposition, "content-length": str(size)},
        )

    @router.get("/export/{form}")
    async def of_moments(
        form: str,
        mine: Mine,
        id: Annotated[list[str], Query(max_length=MOST)],
        handle: Annotated[list[int] | None, Query(max_length=MOST)] = None,
        title: Annotated[str, Query(max_length=400)] = "Cuepoint",
    ) -> Response:
        if form not in documents.OF_MOMENTS:
            raise HTTPException(404, "there is no such export")

        def make() -> Document:
            cited = resolve(mine.library, id, handle or ())
            return documents.of_moments(mine.library, form, cited, title)

        return _sent(await _made(mine.exports.run(make)))

    return router


def _pieces(film: BinaryIO) -> Iterator[bytes]:
    """A file, piece by piece, which is closed at the end."""
    with film:
        film.seek(0)
        yield from iter(partial(film.read, PIECE), b"")


async def _made(work: Any) -> Any:
    """Await an export; 404 tells in a sentence what there is none of."""
    try:
        return await work
    except UnknownVideo as error:
        raise HTTPException(404, "one of these moments is not there any more") from error
    except RefusedRequest as error:
        raise HTTPException(404, str(error)) from error


def _sent(document: Document) -> Response:
    """A document as a file to keep: nothing of it is run or shown by this site."""
    disposition = f"attachment; filename*=utf-8''{quote(document.name)}"
    return Response(
        document.content,
        media_type=document.media_type,
        headers={"content-disposition": disposition},
    )
