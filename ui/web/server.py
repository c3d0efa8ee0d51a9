"""The ASGI application: guard, health, media, uploads, chat."""

import asyncio
import gc
import logging
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

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
from tools.errors import DecoderStopped, UnreadableMedia
from tools.files.disk import Note, disk_state
from tools.files.handles import raise_limit
from tools.library import Library
from tools.sandbox import Child
from ui.api.routes import api_routes
from ui.chat import mount
from ui.mcp_server.endpoint import Endpoint
from ui.slack_bot.door import open_slack
from ui.web.accounts.gate import Gate
from ui.web.accounts.sign_in import Accounts
from ui.web.exports import export_routes
from ui.web.host_guard import HostGuard, served_names
from ui.web.library_page import library_routes
from ui.web.made import made_routes
from ui.web.media import media_routes
from ui.web.moments import moment_routes
from ui.web.pages import sign_in_page
from ui.web.tasks import task_routes
from ui.web.uploads import UserImage, UserSubtitles
from ui.web.workspaces import Mine, Workspaces

LEAST_FREE = 200 << 20
"""Bytes that must be free for the server to call itself ready."""
ENOUGH_FILES = 512
"""Files that may be open, below which less is done at once."""
_log = logging.getLogger(__name__)


def build_app(settings: Settings, opened: Callable[[], None] = lambda: None) -> FastAPI:
    """The application, for uvicorn or a test; RefusedRequest where people could come in unasked.

    `opened` is called once all is open, before the first request.
    """
    accounts = Accounts(settings)
    with mount.chainlit_environment(settings.home / "chat"):
        from ui.chat import handlers as chat
        from ui.chat import signing_in
        from ui.chat.sessions import session_files, session_routes

    workspaces = Workspaces(settings)
    can_decode = False

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        nonlocal can_decode
        can_decode = await asyncio.to_thread(_can_decode)
        alone = accounts.method in ("none", "token")
        async with (
            endpoint.running(),
            workspaces.of(settings.owner) if alone else nullcontext(),
            slack.running() if slack else nullcontext(),
        ):
            opened()
            yield
        await workspaces.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.workspaces, app.state.accounts = workspaces, accounts
    root = Library(settings.home, settings.owner, settings.signing).root
    root.mkdir(parents=True, exist_ok=True)  # here, so that what is in the way is told in a line
    _add_health(app, root, lambda: can_decode)
    signing_in.register(accounts, settings.url)
    ways = export_routes(), made_routes(), media_routes(), moment_routes(), task_routes()
    more = library_routes(), api_routes(), signing_in.routes(accounts), session_routes()
    for routes in (*ways, *more):
        app.include_router(routes)
    _add_uploads(app, session_files)
    chat.register(workspaces)
    proxy = (settings.url or "").partition("://")[2].strip("/")
    names = served_names(settings.port, settings.allowed_hosts, proxy)
    endpoint = Endpoint(
        lambda owner: workspaces.of(owner or settings.owner),
        names,
        owner_of=accounts.tokens.owner_of,
        open_here=accounts.method == "none",
    )
    app.router.routes += [Route(path, endpoint) for path in ("/mcp", "/mcp/")]
    slack = open_slack(settings, workspaces, accounts.secret)
    app.router.routes += slack.routes() if slack else []
    mount.mount_chainlit(app, accounts.method)
    app.add_middleware(Gate, accounts=accounts, page=sign_in_page)
    app.add_middleware(HostGuard, names=names, policy=mount.policy())
    return app


def serve(settings: Settings) -> None:
    """Run until a signal stops it; open connections get two seconds."""
    import uvicorn

    files = raise_limit()
    if files < ENOUGH_FILES:
        sys.stderr.write(
            f"Only {files} files may be open here at once (ulimit -n): Cuepoint does less at the "
            f"same time and searches more slowly; {ENOUGH_FILES} are enough\n"
        )
    app = build_app(settings, _leave_what_is_loaded)
    accounts: Accounts = app.state.accounts
    logging.getLogger("uvicorn.error").addFilter(_is_no_cancellation)
    address = settings.url or f"http://{settings.host}:{settings.port}"
    if accounts.start_token:
        address = f"{address.rstrip('/')}/?token={accounts.start_token}"
    sys.stderr.write(f"Cuepoint is at {address} (Ctrl-C stops it)\n")
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        timeout_graceful_shutdown=2,
        server_header=False,
        proxy_headers=False,
    )


def _leave_what_is_loaded() -> None:
    """Keep what is loaded out of later searches for garbage, which stop the event loop meanwhile.

    Modules, routes and schemas are some hundred thousand objects, none of them ever garbage.
    """
    gc.collect()
    gc.freeze()


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    """False of the traceback of a request that the end of the server cut off."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _can_decode() -> bool:
    """True if a decoding child refuses an empty file, as one that works does."""
    try:
        with Child() as child:
            list(child.call("tools.video.container:probe", path=os.devnull))
    except UnreadableMedia as error:
        return not isinstance(error, DecoderStopped)
    return False


def _add_health(app: FastAPI, root: Path, can_decode: Callable[[], bool]) -> None:
    def missing() -> str:
        there = next(folder for folder in (root, *root.parents) if folder.exists())
        if not os.access(there, os.W_OK):
            return "library"
        if shutil.disk_usage(there).free < LEAST_FREE:
            return "space"
        return "" if can_decode() else "decoder"

    @app.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> Response:
        word = await asyncio.to_thread(missing)
        return PlainTextResponse(word or "ready", 503 if word else 200)


def _add_uploads(app: FastAPI, session_files: Callable[[str], dict[str, Any]]) -> None:
    """Replace Chainlit's upload routes, which keep a file in memory and trust its declared type."""

    @app.post("/project/file")
    async def receive(request: Request, session_id: str, mine: Mine) -> Response:
        files = session_files(session_id)
        length = request.headers.get("content-length", "")
        try:
            upload = await mine.uploads.receive(
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
        file = session_files(session_id).get(id)
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
