"""The library's pages: its videos by title, age or length, names, removal; two side by side."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from tools.errors import RefusedRequest
from tools.files.disk import size_text
from tools.library import Library
from tools.media import Video, timestamp
from ui.render import picture_address
from ui.texts import preferred, text
from ui.web.media import known_videos
from ui.web.uploads import Upload, UserSubtitles
from ui.web.workspaces import Mine

PAGE = 60
"""Videos that are sent at once."""
Sort = Literal["title", "newest", "longest"]
_PAGE = Template(Path(__file__).with_name("page.html").read_text("utf-8"))
_Name = Annotated[str, Field(max_length=1000)]
_Ids = Annotated[list[Annotated[str, Field(max_length=16)]], Field(max_length=10_000)]


class Videos(BaseModel):
    """Videos by id."""

    videos: _Ids


class Title(BaseModel):
    """New title of a video; empty gives back its own."""

    title: _Name


class Named(BaseModel):
    """Collection by its name, which may hold anything: it is no part of an address."""

    name: _Name


class Collected(Named, Videos):
    """Collection, and videos by id."""


class Renamed(Named, Title):
    """Collection, and its new name."""


class Speaker(BaseModel):
    """Name of a speaker by the label of the transcript."""

    label: _Name
    name: _Name


def library_routes() -> APIRouter:
    """Routes of the page, and of what it lists and changes."""
    router = APIRouter(prefix="/library")

    @router.get("")
    async def page(request: Request) -> HTMLResponse:
        return _page(request, "library", "videos.heading")

    @router.get("/compare")
    async def compare(request: Request) -> HTMLResponse:
        return _page(request, "compare", "compare.heading")

    @router.get("/videos")
    async def videos(
        request: Request,
        mine: Mine,
        query: _Name = "",
        sort: Sort = "title",
        collection: _Name = "",
        start: Annotated[int, Query(ge=0)] = 0,
    ) -> dict[str, Any]:
        words = partial(text, preferred(request.headers.get("accept-language")))
        choice = query, sort, collection, start
        return await asyncio.to_thread(_listed, mine.library, words, *choice)

    @router.get("/videos/{id}")
    async def details(id: str, mine: Mine) -> dict[str, Any]:
        (video,) = await known_videos(mine.library, [id])
        speakers = await asyncio.to_thread(mine.library.speakers, video.id)
        rows = [{"label": label, "name": name} for label, name in speakers.items()]
        return {"id": video.id, "title": video.title, "speakers": rows}

    @router.post("/videos/{id}/title", status_code=204)
    async def rename(id: str, body: Title, mine: Mine) -> None:
        (video,) = await known_videos(mine.library, [id])
        await asyncio.to_thread(mine.library.rename, video.id, body.title)

    @router.post("/videos/{id}/speaker", status_code=204)
    async def name_speaker(id: str, body: Speaker, mine: Mine) -> None:
        (video,) = await known_videos(mine.library, [id])
        await asyncio.to_thread(mine.library.name_speaker, video.id, body.label, body.name)

    @router.post("/videos/{id}/finish", status_code=204)
    async def finish(id: str, mine: Mine) -> None:
        (video,) = await known_videos(mine.library, [id])
        await mine.jobs.start_again(video.id)

    @router.post("/videos/{id}/subtitles", status_code=204)
    async def subtitles(id: str, request: Request, mine: Mine) -> None:
        (video,) = await known_videos(mine.library, [id])
        type = request.headers.get("content-type", "")
        given = await mine.uploads.receive(request.stream(), type, None)
        if not isinstance(given, UserSubtitles):
            if isinstance(given, Upload):
                await asyncio.to_thread(mine.uploads.forget, given)
            raise RefusedRequest("this is no file of subtitles: .srt, .vtt and .ass are read")
        path = await asyncio.to_thread(
            mine.uploads.add_subtitles, given.id, given.title, given.content
        )
        kept = Upload(given.id, path.name, path.parent.with_suffix(""))
        await mine.add_subtitles(video.id, kept)

    @router.post("/size")
    async def size(body: Videos, mine: Mine) -> dict[str, Any]:
        found = await known_videos(mine.library, body.videos)
        return await asyncio.to_thread(_size, mine.library, found)

    @router.post("/remove", status_code=204)
    async def remove(body: Videos, mine: Mine) -> None:
        for video in await known_videos(mine.library, body.videos):
            await asyncio.to_thread(mine.remove, video.id)

    @router.post("/collections/add", status_code=204)
    async def add(body: Collected, mine: Mine) -> None:
        ids = [video.id for video in await known_videos(mine.library, body.videos)]
        await asyncio.to_thread(mine.library.collections.add, body.name, ids)

    @router.post("/collections/take-out", status_code=204)
    async def take_out(body: Collected, mine: Mine) -> None:
        await asyncio.to_thread(mine.library.collections.take_out, body.name, body.videos)

    @router.post("/collections/rename")
    async def rename_collection(body: Renamed, mine: Mine) -> dict[str, str]:
        name = await asyncio.to_thread(mine.library.collections.rename, body.name, body.title)
        return {"name": name}

    @router.post("/collections/remove", status_code=204)
    async def forget(body: Named, mine: Mine) -> None:
        await asyncio.to_thread(mine.library.collections.remove, body.name)

    return router


def _page(request: Request, name: str, title: str) -> HTMLResponse:
    """Page whose content the script of its name makes."""
    language = preferred(request.headers.get("accept-language"))
    values = {"lang": language, "title": text(language, title), "name": name}
    values["back"] = text(language, "videos.back")
    return HTMLResponse(_PAGE.substitute(values))


def _size(library: Library, videos: Sequence[Video]) -> dict[str, Any]:
    """Bytes that removing videos frees, and how many of their files are linked and stay."""
    size = sum(library.size(video.id) for video in videos)
    linked = sum(bool(library.manifest(video.id)["source"]["linked"]) for video in videos)
    return {"bytes": size, "text": size_text(size), "linked": linked}


def _listed(
    library: Library,
    words: Callable[..., str],
    query: str,
    sort: Sort,
    collection: str,
    start: int,
) -> dict[str, Any]:
    """A page of the videos whose titles hold all words of a query, and the collections."""
    sets = library.collections.all()
    if collection and collection not in sets:
        raise HTTPException(404, words("videos.no_collection"))
    inside = set(sets[collection]) if collection else None
    wanted = query.casefold().split()
    every = library.list()
    found = [
        video
        for video in every
        if (inside is None or video.id in inside)
        and all(word in video.title.casefold() for word in wanted)
    ]
    if sort == "newest":
        found.sort(key=lambda video: _added(library, video.id), reverse=True)
    elif sort == "longest":
        found.sort(key=lambda video: -video.duration)
    return {
        "videos": [_row(library, words, video) for video in found[start : start + PAGE]],
        "found": len(found),
        "total": len(every),
        "collections": [{"name": name, "videos": len(ids)} for name, ids in sets.items()],
    }


def _row(library: Library, words: Callable[..., str], video: Video) -> dict[str, Any]:
    image = library.image_at(video.id, video.duration / 3)
    left_out = any(stage.partial for stage in video.stages.values())
    state = "" if video.state == "ready" else words(f"greeting.{video.state}")
    return {
        "id": video.id,
        "title": video.title,
        "time": timestamp(round(video.duration)),
        "state": words("videos.partial") if left_out and not state else state,
        "unfinished": left_out or video.state in ("queued", "failed"),
        "image": picture_address(library, image, "http"),
        "notes": list(video.notes),
    }


def _added(library: Library, id: str) -> str:
    """Time at which the first stage of a video finished, in UTC (ISO 8601)."""
    stages = library.manifest(id)["stages"].values()
    return min((stage["at"] for stage in stages if "at" in stage), default="")
