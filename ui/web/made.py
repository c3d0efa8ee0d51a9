"""Route of the files that generation jobs made, and of the pictures they are made of."""

import asyncio
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response

from ui.web.media import or_http_error, send_file
from ui.web.workspaces import Mine


def made_routes() -> APIRouter:
    """Route of the files and pictures of jobs, for the browser of whose they are."""
    router = APIRouter()

    @router.api_route("/media/made/{id}/{name}", methods=["GET", "HEAD"])
    async def made(
        id: str, name: str, request: Request, mine: Mine, download: bool = False
    ) -> Response:
        jobs = mine.agent.approvals.jobs
        job = await or_http_error(asyncio.to_thread(jobs.get, id))
        given = next((path for path in jobs.inputs(job) if path.name == name), None)
        if given and job.id == id and given.suffix == ".jpg" and given.is_file():
            return send_file(request, given, "image/jpeg", name)
        path = next((Path(one.path) for one in job.outputs if Path(one.path).name == name), None)
        if job.state != "done" or job.id != id or path is None or not path.is_file():
            raise HTTPException(404, "there is no such file")
        if download:
            return FileResponse(path, media_type="video/mp4", filename=name)
        return send_file(request, path, "video/mp4", name)

    return router
