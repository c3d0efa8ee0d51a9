"""The library's page: its videos by title, age or length, their names, collections, removal."""

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
from tools.media import Video
from ui.render import picture_address, timestamp
from ui.texts import preferred, text
from ui.web.media import known_video
from ui.web.state import AppState
from ui.web.uploads import Upload, UserSubtitles

PAGE = 60
"""Videos that are sent at once."""
Sort = Literal["title", "newest", "longest"]
_TEMPLATE = Template(Path(__file__).with_name("library.html").read_text("utf-8"))
_Name = Annotated[str, Field(max_length=1000)]
_Ids = Annotated[list[Annotated[str, Field(max_length=16)]], Field(max_length=10_000)]


class Videos(BaseModel):
    """Videos by id."""

    videos: _Ids


class Title(BaseModel):
    """New title of a video or name of a collection; empty gives back the video's own."""

    title: _Name


class Speaker(BaseModel):
    """Name of a speaker by the label of the transcript."""

    label: _Name
    name: _Name


def library_routes(state: AppState) -> APIRouter:
    """Routes of the page, and of what it lists and changes."""
    router = APIRouter(prefix="/library")
    library = state.library

    async def known(ids: Sequence[str]) -> list[Video]:
        return await asyncio.to_thread(lambda: [known_video(library, id) for id in ids])

    @router.get("")
    async def page(request: Request) -> HTMLResponse:
        language = preferred(request.headers.get("accept-language"))
        values = {"lang": language, "title": text(language, "videos.heading")}
        return HTMLResponse(_TEMPLATE.substitute(values))

    @router.get("/videos")
    async def videos(
        request: Request,
        query: _Name = "",
        sort: Sort = "title",
        collection: _Name = "",
        start: Annotated[int, Query(ge=0)] = 0,
    ) -> dict[str, Any]:
        words = partial(text, preferred(request.headers.get("accept-language")))
        return await asyncio.to_thread(_listed, library, words, query, sort, collection, start)

    @router.get("/videos/{id}")
    async def details(id: str) -> dict[str, Any]:
        (video,) = await known([id])
        speakers = await asyncio.to_thread(library.speakers, video.id)
        rows = [{"label": label, "name": name} for label, name in speakers.items()]
        return {"id": video.id, "title": video.title, "speakers": rows}

    @router.post("/videos/{id}/title", status_code=204)
    async def rename(id: str, body: Title) -> None:
        (video,) = await known([id])
        await asyncio.to_thread(library.rename, video.id, body.title)

    @router.post("/videos/{id}/speaker", status_code=204)
    async def name_speaker(id: str, body: Speaker) -> None:
        (video,) = await known([id])
        await asyncio.to_thread(library.name_speaker, video.id, body.label, body.name)

    @router.post("/videos/{id}/finish", status_code=204)
    async def finish(id: str) -> None:
        (video,) = await known([id])
        await state.jobs.start_again(video.id)

    @router.post("/videos/{id}/subtitles", status_code=204)
    async def subtitles(id: str, request: Request) -> None:
        (video,) = await known([id])
        given = await state.uploads.receive(
            request.stream(), request.headers.get("content-type", ""), None
        )
        if not isinstance(given, UserSubtitles):
            if isinstance(given, Upload):
                await asyncio.to_thread(state.uploads.forget, given)
            raise RefusedRequest("this is no file of subtitles: .srt, .vtt and .ass are read")
        path = await asyncio.to_thread(
            state.uploads.add_subtitles, given.id, given.title, given.content
        )
        kept = Upload(given.id, path.name, path.parent.with_suffix(""))
        await state.add_subtitles(video.id, kept)

    @router.post("/size")
    async def size(body: Videos) -> dict[str, Any]:
        found = await known(body.videos)
        sizes = await asyncio.to_thread(lambda: [library.size(video.id) for video in found])
        linked = await asyncio.to_thread(lambda: sum(_is_linked(library, v.id) for v in found))
        return {"bytes": sum(sizes), "text": size_text(sum(sizes)), "linked": linked}

    @router.post("/remove", status_code=204)
    async def remove(body: Videos) -> None:
        for video in await known(body.videos):
            await asyncio.to_thread(library.remove, video.id)
            await asyncio.to_thread(state.jobs.on_indexed, [video.id])

    @router.post("/collections/{name}/videos", status_code=204)
    async def add(name: str, body: Videos) -> None:
        ids = [video.id for video in await known(body.videos)]
        await asyncio.to_thread(library.collections.add, name, ids)

    @router.post("/collections/{name}/take-out", status_code=204)
    async def take_out(name: str, body: Videos) -> None:
        await asyncio.to_thread(library.collections.take_out, name, body.videos)

    @router.post("/collections/{name}/title", status_code=204)
    async def rename_collection(name: str, body: Title) -> None:
        await asyncio.to_thread(library.collections.rename, name, body.title)

    @router.post("/collections/{name}/remove", status_code=204)
    async def forget(name: str) -> None:
        await asyncio.to_thread(library.collections.remove, name)

    return router


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


def _is_linked(library: Library, id: str) -> bool:
    return bool(library.manifest(id)["source"]["linked"])
