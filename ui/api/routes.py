"""Routes under `/api`. Each answers with the contract's JSON, of the library of who asks."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from agent.ask import QUESTION_LIMIT, Answer, Token, ToolStarted, ask
from agent.audit import MAX_TEXT, check_text
from agent.history import handles
from tools.areas import numbers_of
from tools.errors import VideoError
from tools.text.times_of_day import only_times
from ui.api.cameras import camera_routes
from ui.api.described import described, page, schema
from ui.api.jobs import job_routes
from ui.api.slots import Slots
from ui.api.values import Id, Ids, Region, Text, Time, conflicts
from ui.render import Json
from ui.web.accounts.gate import may_write
from ui.web.job_status import job_state
from ui.web.media import known_videos
from ui.web.refusals import status_of
from ui.web.state import AppState
from ui.web.uploads import Upload
from ui.web.workspaces import Mine

PAGE = 100
"""Videos that are listed at once."""
Searched = Literal["speech", "screen", "sound", "frame", "scene", "object"]
"""Kinds of evidence that are searched."""


class Question(BaseModel):
    """A question to videos, or to all of them."""

    model_config = ConfigDict(extra="forbid")
    question: Annotated[Text, Field(max_length=QUESTION_LIMIT)]
    videos: Ids = []
    thread: Annotated[str, Field(max_length=200, pattern=r"^[\w.:-]+$")] | None = None
    """Conversation that it goes on with."""


class Checked(BaseModel):
    """A text about videos that is to be checked."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[Text, Field(max_length=MAX_TEXT)]
    videos: Ids = []
    thread: Annotated[str, Field(max_length=200, pattern=r"^[\w.:-]+$")] | None = None
    """Conversation whose numbers the text cites."""


def api_routes() -> APIRouter:
    """Routes for programs, their description (OpenAPI) and a page of it."""
    router, slots = APIRouter(prefix="/api"), Slots()

    @router.post("/ask", **described("Answer", "Answer a question with the moments it rests on."))
    async def answer(body: Question, request: Request, mine: Mine) -> Response:
        await known_videos(mine.library, body.videos)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(slots.one())
            if "text/event-stream" not in request.headers.get("accept", ""):
                (*_, last) = [event async for event in _asked(mine, body)]
                return JSONResponse(last[1])
            release = stack.pop_all()  # the slot is held until the stream ends
        return StreamingResponse(
            _stream(mine, body, release, mine.hold()), media_type="text/event-stream",
            headers={"cache-control": "no-store"},
        )  # fmt: skip

    @router.post("/check", **described("Answer", "Check a text against the videos, by rule."))
    async def check(body: Checked, mine: Mine) -> Response:
        await known_videos(mine.library, body.videos)
        known = await handles(mine.agent, body.thread) if body.thread else ()
        async with slots.one():
            checked = await asyncio.to_thread(
                check_text, mine.agent.toolbox, body.text, body.videos, known
            )
        return await _json(mine, checked)

    @router.get("/search", **described(["Evidence"], "Find evidence, best first."))
    async def search(
        mine: Mine,
        query: Annotated[Text, Query(max_length=QUESTION_LIMIT)],
        video: Annotated[list[Id] | None, Query(max_length=1000)] = None,
        kind: Annotated[list[Searched] | None, Query(max_length=6)] = None,
        start: Annotated[Time | None, Query(alias="from")] = None,
        end: Annotated[Time | None, Query(alias="to")] = None,
        at: Annotated[str | None, Query(max_length=100)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 6,
        region: Annotated[Region | None, Query(max_length=200)] = None,
        area: Annotated[str, Query(max_length=60)] = "",
    ) -> Response:
        await known_videos(mine.library, video or ())
        part = numbers_of(region) if region is not None else None
        if at and only_times(at) is None:
            raise HTTPException(404, "this is no time of day: say 14:05, or 2 PM to 4 PM")
        async with slots.one():
            with conflicts():
                found = await asyncio.to_thread(
                    mine.agent.toolbox.search, query, video, kinds=tuple(kind or ()),
                    start=start, end=end, at=at, limit=limit, region=part, area=area,
                )  # fmt: skip
        return await _json(mine, found)

    @router.get("/videos", **described(["Video"], "List the videos, by title."))
    async def videos(
        mine: Mine,
        start: Annotated[int, Query(ge=0, le=10**9)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = PAGE,
    ) -> Response:
        listed = await asyncio.to_thread(mine.library.list)
        return await _json(mine, listed[start : start + limit])

    @router.get("/videos/{id}", **described("Video", "Tell how far a video is indexed."))
    async def video(id: Id, mine: Mine) -> Response:
        return await _json(mine, (await known_videos(mine.library, [id]))[0])

    @router.post("/videos", **described("Added", "Add a video, and index it.", 202, form=True))
    async def add(request: Request, mine: Mine) -> Response:
        _writing()
        told = request.headers.get("content-length", "")
        length = int(told) if told.isdecimal() and len(told) < 20 else None
        kind = request.headers.get("content-type", "")
        given = await mine.uploads.receive(request.stream(), kind, length)
        if not isinstance(given, Upload):
            raise HTTPException(415, "this is no video: send one in the field `file` of a form")
        accepted = await asyncio.to_thread(mine.uploads.accept, given.id)
        return JSONResponse({"job": mine.index_upload(accepted or given).id}, 202)

    @router.get("/added/{job}", **described("JobStatus", "Tell how far an added video is."))
    async def added(job: Annotated[str, Field(pattern="^[0-9a-f]{32}$")], mine: Mine) -> Response:
        known = mine.jobs.listed.get(job) or mine.jobs.ended.get(job)
        if known is None:
            raise HTTPException(404, "there is no such job")
        return await _json(mine, job_state(known))

    @router.delete("/videos/{id}", **described(None, "Remove a video.", 204))
    async def remove(id: Id, mine: Mine) -> Response:
        _writing()
        (known,) = await known_videos(mine.library, [id])
        await asyncio.to_thread(mine.remove, known.id)
        return Response(status_code=204)

    router.include_router(job_routes())
    router.include_router(camera_routes())

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(schema(router))

    @router.get("", include_in_schema=False)
    async def documentation() -> Response:
        return page(schema(router))

    return router


def _writing() -> None:
    if not may_write():
        raise HTTPException(403, "this token may only read: the scope `write` is needed")


async def _json(state: AppState, value: Any) -> JSONResponse:
    make = Json(state.library, "http")
    if isinstance(value, Answer):
        return JSONResponse(await asyncio.to_thread(make.answer, value))
    return JSONResponse(await asyncio.to_thread(make, value))


async def _asked(state: AppState, body: Question) -> AsyncIterator[tuple[str, Any]]:
    """Events of a question by name, with their JSON; `answer` is the last."""
    make = Json(state.library, "http")
    stream = ask(state.agent, body.question, videos=body.videos, thread=body.thread)
    async with aclosing(stream) as events:
        with state.answering():
            async for event in events:
                match event:
                    case ToolStarted():
                        yield "step", {"tool": event.name}
                    case Token():
                        yield "token", {"text": event.text}
                    case Answer():
                        yield "answer", await asyncio.to_thread(make.answer, event)


async def _stream(
    state: AppState, body: Question, slot: AsyncExitStack, release: Any
) -> AsyncIterator[str]:
    """Server-sent events of a question; an error is one, too, as the status is sent by then."""
    try:
        async with slot:
            try:
                async for name, value in _asked(state, body):
                    yield _event(name, value)
            except VideoError as error:
                yield _event("error", {"detail": str(error), "status": status_of(error)})
    finally:
        release()


def _event(name: str, value: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(value)}\n\n"
