"""Chainlit made ours: where it may write, what its page may load, whose sessions it takes.

It reads its settings and makes folders when it is imported: that happens inside `prepared`.
"""

import base64
import functools
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from tools.files.disk import write_to_first
from ui.web.host_guard import is_uuid

SOURCE = Path(__file__).with_name("assets")
"""Links to chainlit.md, .chainlit/ and public/ at the top of the repository; copies in a wheel."""
CLOSED = (
    "/project/element", "/project/thread", "/project/threads", "/project/share", "/feedback",
    "/mcp", "/login", "/auth/jwt", "/auth/header", "/copilot",
)  # fmt: skip
"""Chainlit's routes that nothing here uses: each is a way in."""
_STARTS = re.compile(r"(SLACK|TEAMS|DISCORD|LITERAL|OAUTH)_|DATABASE_URL$")
"""Variables that make Chainlit start services of its own; ours use some of them."""
_FOREIGN = re.compile(r"<(?:link|meta)\b[^>]*\b(?:href|content)=\"https?://[^>]*>", re.DOTALL)
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


WORDS = {
    "chat.input.placeholder": "Ask about your videos, or drop one here",
    "chat.input.actions.attachFiles": "Attach a video, or a picture to look for",
    "chat.messages.status.using": "Using",
    "chat.watermark": "Answers rest on the frames below them: look before you rely on them.",
    "navigation.header.readme": "Help",
}
"""Chainlit's words that ours replace."""


@contextmanager
def prepared(folder: Path) -> Iterator[None]:
    """Where Chainlit may be imported: with a folder of its own, and no keys that it would use.

    It lies elsewhere where the disk does not take it: the chat needs nothing of it afterwards.
    """
    if "chainlit" not in sys.modules:  # else it keeps the folder that it was imported with
        os.environ["CHAINLIT_APP_ROOT"] = str(write_to_first(_prepare, folder))
        os.environ["TRACELOOP_TELEMETRY"] = "false"  # of a library that Chainlit brings along
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if _STARTS.match(name)}
    try:
        yield
    finally:
        os.environ |= hidden


def _prepare(folder: Path) -> None:
    """Copies of our settings and public files, for Chainlit alone."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".chainlit").mkdir(exist_ok=True)
    (folder / ".files").mkdir(exist_ok=True)  # which Chainlit would make itself
    shutil.copyfile(SOURCE / ".chainlit/config.toml", folder / ".chainlit/config.toml")
    shutil.copyfile(SOURCE / "chainlit.md", folder / "chainlit.md")
    shutil.rmtree(folder / "public", ignore_errors=True)
    shutil.copytree(SOURCE / "public", folder / "public")
    _write_words(folder / ".chainlit/translations/en-US.json")


def _write_words(target: Path) -> None:
    found = find_spec("chainlit")  # without importing it
    assert found is not None and found.origin is not None
    words: Any = json.loads((Path(found.origin).parent / "translations/en-US.json").read_text())
    for name, text in WORDS.items():
        *path, last = name.split(".")
        group = words
        for part in path:
            group = group[part]
        group[last] = text
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(words))


def policy() -> str:
    """The Content-Security-Policy: nothing from elsewhere, no inline script but Chainlit's two.

    Its custom elements are compiled in the browser, hence unsafe-eval; its dialogues set styles.
    """
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in _INLINE.findall(_page())
    ]
    scripts = " ".join(f"'sha256-{value}'" for value in hashes)
    return (
        "default-src 'self'; "
        f"script-src 'self' 'unsafe-eval' {scripts}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-src 'none'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def mount(app: FastAPI) -> None:
    """Mount Chainlit at the root, after every route of ours; its handlers are registered."""
    from chainlit import server, socket
    from chainlit.config import config

    if config.features.mcp.enabled or config.features.unsafe_allow_html:
        raise RuntimeError("features.mcp and unsafe_allow_html stay off in .chainlit/config.toml")
    config.ui.default_theme = "system"  # pyright: ignore  # its file holds dark or light only
    _close(app)
    page = _page()
    server.get_html_template = lambda root_path: page

    async def connect(sid: str, environ: dict[str, Any], auth: Any) -> Any:
        given: Any = auth if isinstance(auth, dict) else {}
        thread = given.get("threadId") or None
        if not is_uuid(given.get("sessionId")) or not (thread is None or is_uuid(thread)):
            raise ConnectionRefusedError("session ids are UUIDs")
        return await socket.connect(sid, environ, given)

    server.sio.on("connect", connect)
    for one in (app, server.app):
        one.add_exception_handler(RequestValidationError, _refuse)
    app.mount("/", server.app)


def session_files(id: str) -> dict[str, Any]:
    """What a chat session holds as attached, by id; 404 where there is no such session."""
    from chainlit.session import WebsocketSession

    session = WebsocketSession.get_by_id(id) if is_uuid(id) else None
    if session is None:
        raise HTTPException(404, "no such session")
    return session.files


async def _refuse(request: Request, error: Exception) -> Response:
    """Not with what was sent: that need not be text."""
    return JSONResponse({"detail": "this request cannot be understood"}, 400)


class _Session(BaseModel):
    session_id: str


def _close(app: FastAPI) -> None:
    from chainlit import server
    from chainlit.action import Action
    from chainlit.session import WebsocketSession
    from chainlit.types import CallActionRequest

    async def closed(request: Request) -> Response:
        raise HTTPException(404, "not here")

    for path in CLOSED:
        for route in (path, f"{path}/{{rest:path}}"):
            app.add_api_route(
                route, closed, methods=["GET", "POST", "PUT", "DELETE"], include_in_schema=False
            )

    @app.post("/set-session-cookie")
    async def cookie(body: _Session) -> Response:
        """Chainlit's page asks for this to find its worker again; there is one worker."""
        if not is_uuid(body.session_id):
            raise HTTPException(400, "session ids are UUIDs")
        return JSONResponse({"message": "not needed"})

    @app.post("/project/action")
    async def action(payload: CallActionRequest) -> Response:
        if not is_uuid(payload.sessionId) or not WebsocketSession.get_by_id(payload.sessionId):
            raise HTTPException(404, "no such session")
        try:
            Action(**payload.action)
        except (TypeError, ValueError) as error:
            raise HTTPException(400, "this request cannot be understood") from error
        return await server.call_action(payload, None)


@functools.cache
def _page() -> str:
    """Chainlit's page without its links to fonts and styles of other hosts."""
    from chainlit import server

    return _FOREIGN.sub("", server.get_html_template(""))
