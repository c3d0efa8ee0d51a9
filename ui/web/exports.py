"""Routes of exports: clips that play and download, transcripts, chapters, edit lists, boards."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, Response

from tools.errors import RefusedRequest, UnknownVideo
from tools.export import documents
from tools.export.clips import Clip, clip_name, ending, keep_clip, kept_path
from tools.export.documents import Document
from tools.export.moments import MOST, resolve
from tools.library import Library
from tools.media import Video
from tools.sandbox import Child
from ui.web.media import known_video, or_http_error, send_file, until_disconnect

THREADS = 2
"""Clips and documents that are made at the same time."""
_T = TypeVar("_T")


class Exports:
    """Work on exports, in threads of its own: cutting takes seconds, and holds up nothing else."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="export")
        self._children = set[Child]()

    def close(self) -> None:
        """Begin nothing more, and end what is being cut."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for child in list(self._children):
            child.kill()

    async def run(self, work: Callable[..., _T], *arguments: object) -> _T:
        """Run blocking work."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    async def clip(self, video: Video, start: float, end: float) -> Clip:
        """Cut a clip, or find it cut; one that nobody waits for any more is given up."""
        child = Child()
        self._children.add(child)
        try:
            return await self.run(keep_clip, self.library, video, start, end, child)
        finally:
            self._children.discard(child)
            child.kill()


def export_routes(exports: Exports) -> APIRouter:
    """Routes under `/media/{id}` of what is made of one video, and `/export` of cited moments."""
    router, library = APIRouter(), exports.library

    @router.post("/media/{id}/clip")
    async def cut(
        id: str,
        request: Request,
        start: Annotated[float, Query(alias="from")],
        end: Annotated[float, Query(alias="to")],
    ) -> dict[str, Any]:
        video = await or_http_error(exports.run(known_video, library, id))
        cutting = until_disconnect(request, exports.clip(video, start, end))
        clip = await or_http_error(cutting)
        name = Path(clip.path).name
        return {
            "address": f"/media/{video.id}/clip/{name}",
            "name": clip_name(video, clip.start, clip.end),
            "start": clip.start,
            "end": clip.end,
        }

    async def kept(id: str, start: int, end: int, suffix: str) -> tuple[Video, Path]:
        video = await or_http_error(exports.run(known_video, library, id))
        inside = start < end <= round(video.duration * 1000)
        path = kept_path(library, video, start / 1000, end / 1000)
        if not inside or suffix != ending(video) or not path.is_file():
            raise HTTPException(404, "there is no such clip")
        return video, path

    @router.api_route("/media/{id}/clip/{start:int}-{end:int}{suffix}", methods=["GET", "HEAD"])
    async def clip(
        id: str, start: int, end: int, suffix: str, request: Request, download: bool = False
    ) -> Response:
        video, path = await kept(id, start, end, suffix)
        name = clip_name(video, start / 1000, end / 1000)
        media_type = "video/mp4" if video.width else "audio/mp4"
        if download:
            return FileResponse(path, media_type=media_type, filename=name)
        return send_file(request, path, media_type, name)

    @router.delete("/media/{id}/clip/{start:int}-{end:int}{suffix}")
    async def forget(id: str, start: int, end: int, suffix: str) -> Response:
        _, path = await kept(id, start, end, suffix)
        await exports.run(lambda: path.unlink(missing_ok=True))
        return Response(status_code=204)

    @router.get("/media/{id}/export/{form}")
    async def of_video(id: str, form: str) -> Response:
        if form not in documents.OF_VIDEO:
            raise HTTPException(404, "there is no such export")
        await or_http_error(exports.run(known_video, library, id))
        return _sent(await _made(exports.run(documents.of_video, library, form, id)))

    @router.get("/export/{form}")
    async def of_moments(
        form: str,
        id: Annotated[list[str], Query(max_length=MOST)],
        handle: Annotated[list[int] | None, Query(max_length=MOST)] = None,
        title: Annotated[str, Query(max_length=400)] = "Cuepoint",
    ) -> Response:
        if form not in documents.OF_MOMENTS:
            raise HTTPException(404, "there is no such export")

        def make() -> Document:
            cited = resolve(library, id, handle or ())
            return documents.of_moments(library, form, cited, title)

        return _sent(await _made(exports.run(make)))

    return router


async def _made(work: Any) -> Document:
    """Await a document; 404 tells in a sentence what there is none of."""
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
        document.text.encode(),
        media_type=document.media_type,
        headers={"content-disposition": disposition},
    )
