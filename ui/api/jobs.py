"""Routes of generation jobs under `/api/jobs`: propose, approve, cancel, tell."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tools.generate.job import GenerationJob
from tools.generate.proposal import SENTENCES, TEXT, Draft
from tools.generate.request import LONGEST, Aspect, Kind
from ui.api.described import described
from ui.api.values import Id, Ids, Text, conflicts
from ui.render import Json
from ui.web.accounts.gate import identity_name, may_approve, may_write
from ui.web.media import known_videos
from ui.web.state import AppState
from ui.web.workspaces import Mine

LISTED = 100
"""Jobs that are listed, the newest first."""
Sentence = Annotated[Text, Field(max_length=TEXT)]


class Wish(BaseModel):
    """A video to make."""

    model_config = ConfigDict(extra="forbid")
    prompt: Annotated[Text, Field(max_length=TEXT)]
    kind: Kind | None = None
    seconds: Annotated[float, Field(ge=1, le=LONGEST)] | None = None
    videos: Ids = []
    moments: Annotated[
        list[Annotated[str, StringConstraints(max_length=100)]], Field(max_length=20)
    ] = []
    """Ids of evidence."""
    count: Annotated[int, Field(ge=0, le=20)] = 0
    script: Annotated[list[Sentence], Field(max_length=SENTENCES)] = []
    aspects: Annotated[list[Aspect], Field(max_length=3)] = []
    provider: Annotated[str, StringConstraints(max_length=40, pattern=r"^[\w-]*$")] = ""


def job_routes() -> APIRouter:
    """Routes of jobs, for the router of `/api`."""
    router = APIRouter(prefix="/jobs")

    @router.get("", **described(["GenerationJob"], "List the jobs, the newest first."))
    async def listed(mine: Mine) -> Response:
        found = await asyncio.to_thread(mine.agent.approvals.jobs.list)
        return JSONResponse(await asyncio.to_thread(Json(mine.library, "http"), found[:LISTED]))

    @router.post("", **described("GenerationJob", "Propose a video; nothing is made yet.", 201))
    async def propose(wish: Wish, mine: Mine) -> Response:
        _allowed(may_write(), "write")
        await known_videos(mine.library, wish.videos)
        draft = Draft(
            wish.prompt, wish.kind, wish.seconds, tuple(wish.aspects), tuple(wish.moments),
            tuple(wish.videos), script=tuple(wish.script), provider=wish.provider,
            count=wish.count, asked_by=identity_name(),
        )  # fmt: skip
        with conflicts():
            job = await mine.exports.run(mine.agent.toolbox.proposer.propose, draft)
        return await _told(mine, job, 201)

    @router.get("/{id}", **described("GenerationJob", "Tell of a job."))
    async def one(id: Id, mine: Mine) -> Response:
        return await _told(mine, await asyncio.to_thread(mine.agent.approvals.jobs.get, id))

    @router.post("/{id}/approve", **described("GenerationJob", "Say yes: it is made now."))
    async def approve(id: Id, mine: Mine) -> Response:
        _allowed(may_approve(), "approve")
        with conflicts():
            job = await mine.agent.approvals.decide(id, True, identity_name())
        mine.making.start(job.id)
        return await _told(mine, job)

    @router.post("/{id}/cancel", **described("GenerationJob", "Say no, or stop it."))
    async def cancel(id: Id, mine: Mine) -> Response:
        _allowed(may_write(), "write")
        with conflicts():
            job = await mine.agent.approvals.decide(id, False, identity_name())
        return await _told(mine, job)

    @router.delete("/{id}", **described(None, "Delete a job that is over, and its files.", 204))
    async def remove(id: Id, mine: Mine) -> Response:
        _allowed(may_write(), "write")
        with conflicts():
            await asyncio.to_thread(mine.agent.approvals.jobs.remove, id)
        return Response(status_code=204)

    return router


def _allowed(holds: bool, scope: str) -> None:
    if not holds:
        raise HTTPException(403, f"this token may not do that: the scope `{scope}` is needed")


async def _told(mine: AppState, job: GenerationJob, status: int = 200) -> Response:
    row: Any = await asyncio.to_thread(Json(mine.library, "http"), job)
    return JSONResponse(row, status)
