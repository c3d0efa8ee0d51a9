"""Route of the files that generation jobs made."""

import asyncio
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response

from ui.web.media import or_http_error, send_file
from ui.web.workspaces import Mine


def made_routes() -> APIRouter:
    """Route of the files that jobs made, for the browser of whose they are."""
    router = APIRouter()

    @router.api_route("/media/made/{id}/{name}", methods=["GET", "HEAD"])
    async def made(
        id: str, name: str, request: Request, mine: Mine, download: bool = False
    ) -> Response:
        jobs = mine.agent.approvals.jobs
        job = await or_http_error(asyncio.to_thread(jobs.get, id))
        path = next((Path(one.path) for one in job.outputs if Path(one.path).name == name), None)
        if job.state != "done" or job.id != id or path is None or not path.is_file():
            raise HTTPException(404, "there is no such file")
        if download:
            return FileResponse(path, media_type="video/mp4", filename=name)
        return send_file(request, path, "video/mp4", name)

    return router
