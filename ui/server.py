"""One ASGI application: guard, health, media, uploads, chat.

build_app(settings)     the application, for uvicorn or a test
serve(settings)         run it until it is stopped
"""

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.requests import ClientDisconnect

from agent.settings import Settings
from tools.errors import Damaged, DecoderStopped, RefusedRequest, UnreadableMedia, VideoError
from tools.files.disk import Note, best_effort, disk_state
from tools.files.handles import raise_limit
from tools.ingest.pipeline import delete_unlisted, unlisted_originals
from tools.library import Library
from tools.media import Video
from tools.sandbox import Child
from ui.chat import mount as front
from ui.web.host_guard import Guard, is_loopback, served_names
from ui.web.jobs import Intake
from ui.web.media import media_routes
from ui.web.proxies import Proxies
from ui.web.state import Desk
from ui.web.uploads import NotTaken, Picture, Uploads

if TYPE_CHECKING:
    from tools.search.vector_index import VectorIndex
    from tools.toolbox import Toolbox

FLOOR = 200 << 20
"""Bytes that must be free for the server to call itself ready."""
FILES = 512
"""Files that may be open, below which less is done at once."""
_log = logging.getLogger(__name__)


def build_app(settings: Settings) -> FastAPI:
    """The whole application; RefusedRequest where it would be reachable without a login."""
    if not is_loopback(settings.host):
        raise RefusedRequest(
            f"{settings.host} can be reached from other machines and there is no login yet: "
            "serve on 127.0.0.1"
        )
    with front.prepared(settings.home / "chat"):
        from ui.chat import handlers as chat

    library = Library(settings.home, settings.owner)
    uploads = Uploads(
        library.root / "uploads",
        settings.upload_limit,
        settings.upload_room,
        settings.upload_stall,
    )
    desk = Desk(settings, library, uploads, Proxies(library), Intake(library, settings))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        from agent.agent import open_agent

        desk.decoder = await asyncio.to_thread(_decodes)
        toolbox, index = await asyncio.to_thread(_open_toolbox, settings, library)
        async with open_agent(settings, toolbox=toolbox) as desk.agent:
            _resume(desk)
            yield
            desk.intake.close()
            desk.proxies.close()
        await asyncio.to_thread(index.close)

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(VideoError, _refuse)
    _add_health(app, desk)
    app.include_router(media_routes(library, desk.proxies))
    _add_uploads(app, desk)
    chat.register(desk)
    front.mount(app)
    names = served_names(settings.port, settings.allowed_hosts)
    app.add_middleware(Guard, names=names, policy=front.policy())
    return app


def _open_toolbox(settings: Settings, library: Library) -> "tuple[Toolbox, VectorIndex]":
    """The capabilities over the library's Chroma: this process lives long enough to be worth it."""
    from tools.search.vector_index import open_index
    from tools.toolbox import open_toolbox

    index = open_index(library.root / "chroma")
    return open_toolbox(library, settings.providers, index), index


def _resume(desk: Desk) -> None:
    """Take up what was sent before the last stop: such an upload is never lost."""
    for upload in desk.uploads.waiting():
        desk.intake.start(
            upload.path,
            upload.title,
            take=True,
            after=lambda upload=upload: desk.uploads.forget(upload),
        )
    videos: list[Video] = []
    try:
        videos = desk.library.list()
    except Damaged as error:  # told to whoever asks, too
        _log.warning("%s", error)
    for video in videos:
        if video.state == "queued" and not desk.library.manifest(video.id)["source"]["linked"]:
            with suppress(UnreadableMedia):  # its original is gone, which `verify` tells
                desk.intake.start(desk.library.original(video.id), video.title)
    with best_effort("leftovers"):
        delete_unlisted(desk.library)
    for path in unlisted_originals(desk.library):
        desk.intake.start(path, "untitled", take=True)


def serve(settings: Settings) -> None:
    """Run until a signal stops it; open connections get two seconds."""
    import uvicorn

    files = raise_limit()
    if files < FILES:
        sys.stderr.write(
            f"Only {files} files may be open here at once (ulimit -n): Cuepoint does less at the "
            f"same time and searches more slowly; {FILES} are enough\n"
        )
    app = build_app(settings)
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    sys.stderr.write(f"Cuepoint is at http://{settings.host}:{settings.port} (Ctrl-C stops it)\n")
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        timeout_graceful_shutdown=2,
        server_header=False,
        proxy_headers=False,
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Not the traceback of a request that the end of the server cut off."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


async def _refuse(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, 400)


def _decodes() -> bool:
    """Ask a decoding child for an empty file: one that works refuses it, and says so."""
    try:
        with Child() as child:
            list(child.call("tools.video.container:probe", path=os.devnull))
    except DecoderStopped:
        return False
    except UnreadableMedia:
        return True
    return False


def _add_health(app: FastAPI, desk: Desk) -> None:
    def missing() -> str | None:
        if not os.access(desk.library.root, os.W_OK):
            return "library"
        if shutil.disk_usage(desk.library.root).free < FLOOR:
            return "space"
        if not desk.decoder:
            return "decoder"
        return None if desk.agent else "agent"

    @app.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> Response:
        word = await asyncio.to_thread(missing)
        return PlainTextResponse(word or "ready", 503 if word else 200)


def _add_uploads(app: FastAPI, desk: Desk) -> None:
    """In place of Chainlit's own, which holds a file in memory and believes its declared type."""

    @app.post("/project/file")
    async def receive(request: Request, session_id: str) -> Response:
        files = front.session_files(session_id)
        length = request.headers.get("content-length", "")
        try:
            upload = await desk.uploads.receive(
                request.stream(),
                request.headers.get("content-type", ""),
                int(length) if length.isdecimal() and len(length) < 20 else None,
            )
        except NotTaken as error:
            return JSONResponse({"detail": str(error)}, error.status, {"connection": "close"})
        except ClientDisconnect as error:
            raise HTTPException(499, "the upload broke off") from error
        except OSError as error:
            why = disk_state(error)
            if why is None:
                raise
            _log.warning("upload: %s", error)
            return JSONResponse({"detail": Note(why, ("uploads",)).text}, 507)
        except UnreadableMedia as error:
            _log.info("upload: %s", error)
            raise HTTPException(
                415, "this file holds no video and no picture that can be read"
            ) from error
        if isinstance(upload, Picture):
            files[upload.id] = {
                "id": upload.id,
                "path": Path(upload.id),  # of nothing: Chainlit wants one
                "name": upload.title,
                "type": "image/jpeg",
                "size": len(upload.content),
                "content": upload.content,
            }
            return JSONResponse({"id": upload.id})
        files[upload.id] = {
            "id": upload.id,
            "path": upload.path,
            "name": upload.title,
            "type": "application/mp4",  # for its icon; a video/ would get a player of Chainlit's
            "size": upload.path.stat().st_size,
        }
        return JSONResponse({"id": upload.id})

    @app.get("/project/file/{id}")
    async def attached(id: str, session_id: str) -> Response:
        file = front.session_files(session_id).get(id)
        if file is None:
            raise HTTPException(404, "no such file")
        if "content" in file:
            return Response(file["content"], media_type="image/jpeg")
        if "video" in file:
            return RedirectResponse(f"/media/{file['video']}/file")
        if not file["path"].is_file():
            raise HTTPException(404, "no such file")
        return FileResponse(file["path"], media_type="application/octet-stream")
