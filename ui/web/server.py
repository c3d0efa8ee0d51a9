"""The ASGI application: guard, health, media, uploads, chat."""

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
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
from starlette.routing import Route

from agent.settings import Settings
from tools.errors import (
    Damaged,
    DecoderStopped,
    RefusedRequest,
    UnknownVideo,
    UnreadableMedia,
    VideoError,
)
from tools.files.disk import Note, best_effort, disk_state
from tools.files.handles import raise_limit
from tools.ingest.finishing import Finisher
from tools.ingest.pipeline import delete_unlisted, unlisted_originals
from tools.library import Library
from tools.media import Video
from tools.sandbox import Child
from ui.chat import mount
from ui.mcp_server.endpoint import Endpoint
from ui.web.downloads import Downloads
from ui.web.host_guard import HostGuard, is_loopback, served_names
from ui.web.jobs import JobQueue
from ui.web.library_page import library_routes
from ui.web.media import media_routes
from ui.web.moments import moment_routes
from ui.web.proxies import Proxies
from ui.web.state import AppState
from ui.web.tasks import task_routes
from ui.web.uploads import Uploads, UserImage, UserSubtitles

if TYPE_CHECKING:
    from tools.search.vector_index import ExactIndex
    from tools.toolbox import Toolbox

LEAST_FREE = 200 << 20
"""Bytes that must be free for the server to call itself ready."""
ENOUGH_FILES = 512
"""Files that may be open, below which less is done at once."""
_log = logging.getLogger(__name__)


def build_app(settings: Settings) -> FastAPI:
    """The application, for uvicorn or a test; RefusedRequest where it would need a login."""
    if not is_loopback(settings.host):
        raise RefusedRequest(
            f"{settings.host} can be reached from other machines and there is no login yet: "
            "serve on 127.0.0.1"
        )
    with mount.chainlit_environment(settings.home / "chat"):
        from ui.chat import handlers as chat

    library = Library(settings.home, settings.owner)
    uploads = Uploads(
        library.root / "uploads",
        settings.upload_limit,
        settings.upload_room,
        settings.upload_stall,
    )
    state = AppState(
        settings,
        library,
        uploads,
        Proxies(library),
        JobQueue(library, settings),
        Downloads(settings),
    )
    state.finisher = Finisher(library) if settings.background == "on" else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        from agent.agent import open_agent

        state.can_decode = await asyncio.to_thread(_can_decode)
        toolbox, index = await asyncio.to_thread(_open_toolbox, settings, library)
        finisher = state.finisher

        def indexed(videos: list[str]) -> None:
            index.catch_up(videos)
            if finisher:
                finisher.wake()

        state.jobs.on_indexed = indexed
        async with open_agent(settings, toolbox=toolbox) as state.agent, endpoint.running():
            _resume(state)
            if finisher:
                finisher.on_finished = lambda video: index.catch_up([video])
                finisher.start()
            yield
            if finisher:
                await asyncio.to_thread(finisher.close)
            await asyncio.to_thread(state.downloads.close)
            state.jobs.close()
            state.proxies.close()
        await asyncio.to_thread(index.close)

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(VideoError, _refuse)
    _add_health(app, state)
    app.include_router(media_routes(library, state.proxies))
    app.include_router(moment_routes(library, state.proxies))
    app.include_router(task_routes(state))
    app.include_router(library_routes(state))
    _add_uploads(app, state)
    chat.register(state)
    names = served_names(settings.port, settings.allowed_hosts)
    endpoint = Endpoint(lambda owner: nullcontext(state), names, open_here=True)
    app.router.routes += [Route(path, endpoint) for path in ("/mcp", "/mcp/")]
    mount.mount_chainlit(app)
    app.add_middleware(HostGuard, names=names, policy=mount.policy())
    return app


def _open_toolbox(settings: Settings, library: Library) -> "tuple[Toolbox, ExactIndex]":
    """Toolbox over the library's Chroma: this process lives long enough to open it."""
    from tools.search.chroma import open_index
    from tools.toolbox import open_toolbox

    index = open_index(library.catalog)
    index.catch_up()
    return open_toolbox(library, settings.providers, index), index


def _resume(state: AppState) -> None:
    """Index what was sent before the last stop: such an upload is never lost."""
    for upload in state.uploads.waiting():
        state.index_upload(upload)
    videos: list[Video] = []
    try:
        videos = state.library.list()
    except Damaged as error:  # everybody who asks gets this message, too
        _log.warning("%s", error)
    for video in videos:
        if video.state == "queued" and not state.library.manifest(video.id)["source"]["linked"]:
            with suppress(UnreadableMedia):  # its original is gone, which `verify` tells
                state.jobs.start(state.library.original(video.id), video.title)
    with best_effort("leftovers"):
        delete_unlisted(state.library)
    for path in unlisted_originals(state.library):
        state.jobs.start(path, "untitled", take=True)


def serve(settings: Settings) -> None:
    """Run until a signal stops it; open connections get two seconds."""
    import uvicorn

    files = raise_limit()
    if files < ENOUGH_FILES:
        sys.stderr.write(
            f"Only {files} files may be open here at once (ulimit -n): Cuepoint does less at the "
            f"same time and searches more slowly; {ENOUGH_FILES} are enough\n"
        )
    app = build_app(settings)
    logging.getLogger("uvicorn.error").addFilter(_is_no_cancellation)
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


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    """False of the traceback of a request that the end of the server cut off."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


async def _refuse(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, 404 if isinstance(error, UnknownVideo) else 400)


def _can_decode() -> bool:
    """True if a decoding child refuses an empty file, as one that works does."""
    try:
        with Child() as child:
            list(child.call("tools.video.container:probe", path=os.devnull))
    except UnreadableMedia as error:
        return not isinstance(error, DecoderStopped)
    return False


def _add_health(app: FastAPI, state: AppState) -> None:
    def missing() -> str:
        if not os.access(state.library.root, os.W_OK):
            return "library"
        if shutil.disk_usage(state.library.root).free < LEAST_FREE:
            return "space"
        if not state.can_decode:
            return "decoder"
        return "" if state.agent else "agent"

    @app.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> Response:
        word = await asyncio.to_thread(missing)
        return PlainTextResponse(word or "ready", 503 if word else 200)


def _add_uploads(app: FastAPI, state: AppState) -> None:
    """Replace Chainlit's upload routes, which keep a file in memory and trust its declared type."""

    @app.post("/project/file")
    async def receive(request: Request, session_id: str) -> Response:
        files = mount.session_files(session_id)
        length = request.headers.get("content-length", "")
        try:
            upload = await state.uploads.receive(
                request.stream(),
                request.headers.get("content-type", ""),
                int(length) if length.isdecimal() and len(length) < 20 else None,
            )
        except ClientDisconnect as error:
            raise HTTPException(499, "the upload broke off") from error
        except OSError as error:
            if (why := disk_state(error)) is None:
                raise
            _log.warning("upload: %s", error)
            return JSONResponse({"detail": Note(why, ("uploads",)).text}, 507)
        except UnreadableMedia as error:
            _log.info("upload: %s", error)
            reason = "this file holds no video and no picture that can be read"
            raise HTTPException(415, reason) from error
        file = {"id": upload.id, "name": upload.title}
        if isinstance(upload, UserImage):
            content = upload.content
            file |= {"type": "image/jpeg", "size": len(content), "content": content}
            file |= {"path": Path(upload.id)}  # no file: Chainlit wants a path
        elif isinstance(upload, UserSubtitles):
            content = upload.content
            file |= {"type": "text/plain", "size": len(content), "subtitles": content}
            file |= {"path": Path(upload.id)}
        else:
            file |= {"path": upload.path, "size": upload.path.stat().st_size}
            file |= {"type": "application/mp4"}  # for its icon: video/ gets a player of Chainlit's
        files[upload.id] = file
        return JSONResponse({"id": upload.id})

    @app.get("/project/file/{id}")
    async def attached(id: str, session_id: str) -> Response:
        file = mount.session_files(session_id).get(id)
        if file is None:
            raise HTTPException(404, "no such file")
        if "subtitles" in file:
            return PlainTextResponse(file["subtitles"])
        if "content" in file:
            return Response(file["content"], media_type="image/jpeg")
        if "video" in file:
            return RedirectResponse(f"/media/{file['video']}/file")
        if not file["path"].is_file():
            raise HTTPException(404, "no such file")
        return FileResponse(file["path"], media_type="application/octet-stream")
