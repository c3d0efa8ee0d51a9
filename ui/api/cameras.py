"""Routes for what fixed cameras see: counts, cameras, and zones and lines."""

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from tools.areas import LONGEST_NAME, MOST, Kind, numbers_of
from tools.export.incident import to_report
from ui.api.described import described
from ui.api.values import Id, Region, Time, conflicts
from ui.render import Json
from ui.web.accounts.gate import may_write
from ui.web.media import known_videos
from ui.web.state import AppState
from ui.web.workspaces import Mine

Name = Annotated[str, Query(max_length=LONGEST_NAME)]
Owner = Annotated[str, Query(min_length=1, max_length=200)]
Group = Literal["all", "label", "colour", "camera", "video", "hour", "minute"]
Share = Annotated[float, Field(ge=0, le=1)]


class Drawn(BaseModel):
    """A zone or a line of a camera, by its name, or of a video, by its id."""

    model_config = ConfigDict(extra="forbid")
    of: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    kind: Kind
    points: Annotated[list[tuple[Share, Share]], Field(min_length=2, max_length=MOST)]


def camera_routes() -> APIRouter:
    """Routes of cameras, for the router of `/api`."""
    router = APIRouter()

    @router.get("/objects/count", **described(["ObjectCount"], "Count objects before cameras."))
    async def count(
        mine: Mine,
        label: Annotated[str, Query(max_length=100)] = "",
        colour: Annotated[str, Query(max_length=40)] = "",
        video: Annotated[list[Id] | None, Query(max_length=1000)] = None,
        start: Annotated[Time | None, Query(alias="from")] = None,
        end: Annotated[Time | None, Query(alias="to")] = None,
        by: Group = "all",
        region: Annotated[Region | None, Query(max_length=200)] = None,
        area: Name = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> Response:
        await known_videos(mine.library, video or ())
        part = numbers_of(region) if region is not None else None
        with conflicts():
            found = await asyncio.to_thread(
                mine.agent.toolbox.count_objects, label, colour, video, start, end,
                by=by, region=part, area=area, limit=limit,
            )  # fmt: skip
        return await _json(mine, found)

    @router.get("/cameras", **described(["Camera"], "List the cameras."))
    async def cameras(mine: Mine) -> Response:
        return await _json(mine, await asyncio.to_thread(mine.library.cameras.all))

    @router.get("/cameras/report", **described("text/html", "Write an incident report."))
    async def report(
        mine: Mine,
        start: Annotated[datetime, Query(alias="from")],
        end: Annotated[datetime, Query(alias="to")],
        camera: Annotated[list[Owner] | None, Query(max_length=100)] = None,
    ) -> Response:
        def made() -> str:
            cameras = mine.library.cameras
            chosen = [*map(cameras.get, camera)] if camera else cameras.all()
            return to_report(mine.library, chosen, start, end)

        headers = {"content-disposition": 'attachment; filename="incident.html"'}
        with conflicts():
            page = await asyncio.to_thread(made)
        return Response(page, media_type="text/html", headers=headers)

    @router.get("/areas", **described(["Area"], "List the zones and lines."))
    async def areas(mine: Mine) -> Response:
        found = await asyncio.to_thread(mine.library.cameras.areas)
        return await _json(mine, found.all())

    @router.put("/areas", **described("Area", "Draw a zone or a line, or draw it anew."))
    async def draw(body: Drawn, mine: Mine) -> Response:
        _writing()

        def drawn() -> object:
            owner = mine.library.area_owner(body.of)
            return mine.library.cameras.draw(owner, body.name, body.kind, body.points)

        with conflicts():
            area = await asyncio.to_thread(drawn)
        return await _json(mine, area)

    @router.delete("/areas", **described(None, "Remove a zone or a line.", 204))
    async def erase(of: Owner, name: Name, mine: Mine) -> Response:
        _writing()
        owner = await asyncio.to_thread(mine.library.area_owner, of)
        with conflicts():
            await asyncio.to_thread(mine.library.cameras.erase, owner, name)
        return Response(status_code=204)

    return router


def _writing() -> None:
    if not may_write():
        raise HTTPException(403, "this token may only read: the scope `write` is needed")


async def _json(mine: AppState, value: object) -> JSONResponse:
    return JSONResponse(await asyncio.to_thread(Json(mine.library, "http"), value))
