"""Chainlit's mount: its folder, the policy of its page, its closed routes, its sessions.

It reads its settings and makes folders when imported: import it in `chainlit_environment`.
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
from pathlib import Path
from types import ModuleType
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse, Response

from tools.errors import VideoError
from tools.files.disk import write_to_first
from ui.texts import LANGUAGES, preferred, texts
from ui.web.host_guard import is_uuid
from ui.web.refusals import refuse, tell

SOURCE = Path(__file__).with_name("assets")
"""Links to chainlit.md, .chainlit/ and public/ at the top of the repository; copies in a wheel.

The help page in other languages lies beside them."""
CLOSED_ROUTES = (
    "/project/element", "/project/share", "/project/thread/share", "/project/thread/{id}/element",
    "/auth/jwt", "/copilot",
)  # fmt: skip
"""Chainlit's routes that nothing here uses: each would be an attack surface."""
_TELEMETRY = "traceloop.sdk"
"""Of that library: 500 modules, a tenth of the time in which the server starts, never called."""
_VARIABLES = re.compile(r"(SLACK|TEAMS|DISCORD|LITERAL)_|DATABASE_URL$")
"""Variables that make Chainlit start services of its own; ours use some of them."""
_FOREIGN = re.compile(r"<(?:link|meta)\b[^>]*\b(?:href|content)=\"https?://[^>]*>", re.DOTALL)
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@contextmanager
def chainlit_environment(folder: Path) -> Iterator[None]:
    """Environment to import Chainlit in: a folder of its own, and no keys that it would use.

    A temporary folder where the disk refuses this one: the chat needs nothing of it afterwards.
    """
    if "chainlit" not in sys.modules:  # else it keeps the folder that it was imported with
        os.environ["CHAINLIT_APP_ROOT"] = str(write_to_first(_prepare, folder))
        os.environ["TRACELOOP_TELEMETRY"] = "false"  # of a library that Chainlit brings along
        sys.modules.setdefault(_TELEMETRY, _unused(_TELEMETRY))
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if _VARIABLES.match(name)}
    try:
        yield
    finally:
        os.environ |= hidden
        if not hasattr(sys.modules.get(_TELEMETRY), "__path__"):
            sys.modules.pop(_TELEMETRY, None)


def _unused(name: str) -> ModuleType:
    """Stand-in for a module of which a name is imported and never used."""
    made = ModuleType(name)
    made.Traceloop = None  # pyright: ignore[reportAttributeAccessIssue]
    return made


def _prepare(folder: Path) -> None:
    """Copy our settings, texts and public files into Chainlit's folder."""
    (folder / ".chainlit/translations").mkdir(parents=True, exist_ok=True)
    (folder / ".files").mkdir(exist_ok=True)  # else Chainlit makes it
    for name in (".chainlit/config.toml", "chainlit.md"):
        shutil.copyfile(SOURCE / name, folder / name)
    shutil.rmtree(folder / "public", ignore_errors=True)
    shutil.copytree(SOURCE / "public", folder / "public")
    known = {one: texts(one) for one in LANGUAGES}
    (folder / "public/chat/texts.js").write_text(f"export default {json.dumps(known)}\n")


def policy() -> str:
    """Content-Security-Policy: nothing from elsewhere, no inline script but Chainlit's two.

    Its custom elements are compiled in the browser, hence unsafe-eval; its dialogues set styles.
    """
    hashes = (hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(_page()))
    scripts = " ".join(f"'sha256-{base64.b64encode(value).decode()}'" for value in hashes)
    return (
        "default-src 'self'; "
        f"script-src 'self' 'unsafe-eval' {scripts}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-src 'none'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def mount_chainlit(app: FastAPI, method: str) -> None:
    """Mount Chainlit at the root, after our routes and after its handlers were registered.

    `method` is how people sign in, which the page is told.
    """
    from chainlit import server, socket
    from chainlit.config import config
    from chainlit.emitter import ChainlitEmitter

    if config.features.mcp.enabled or config.features.unsafe_allow_html:
        raise RuntimeError("features.mcp and unsafe_allow_html stay off in .chainlit/config.toml")
    config.ui.default_theme = "system"  # pyright: ignore  # its file holds dark or light only
    _close(app)
    page = _page().replace("<html", f'<html data-sign-in="{method}"', 1)
    ChainlitEmitter.init_thread = _no_thread  # pyright: ignore[reportAttributeAccessIssue]
    server.get_html_template = lambda root_path: page
    server.get_markdown_str = _help  # pyright: ignore[reportPrivateImportUsage]

    @app.get("/project/translations")
    async def translations(language: str = "") -> Response:
        """Answer in a language of ours; Chainlit warns of each that it has no file of."""
        return JSONResponse({"translation": _chainlit_texts(preferred(language))})

    async def connect(sid: str, environ: dict[str, Any], auth: Any) -> Any:
        given: Any = auth if isinstance(auth, dict) else {}
        thread = given.get("threadId") or None
        if not is_uuid(given.get("sessionId")) or not (thread is None or is_uuid(thread)):
            raise ConnectionRefusedError("session ids are UUIDs")
        return await socket.connect(sid, environ, given)

    server.sio.on("connect", connect)
    for one in server.app.user_middleware:
        if isinstance(one.cls, type) and issubclass(one.cls, GZipMiddleware):
            one.kwargs["compresslevel"] = 1  # at 9 each page holds up the others' for 0.25 s
    for application in (app, server.app):
        application.add_exception_handler(RequestValidationError, refuse)
        application.add_exception_handler(VideoError, tell)
    app.mount("/", server.app)


async def _no_thread(emitter: Any, interaction: str) -> None:
    """Tell the page that something was said; a conversation is announced once it has an answer."""
    await emitter.emit("first_interaction", {"interaction": interaction or " ", "thread_id": None})


def _close(app: FastAPI) -> None:
    async def closed(request: Request) -> Response:
        raise HTTPException(404, "not here")

    for path in CLOSED_ROUTES:
        for route in (path, f"{path}/{{rest:path}}"):
            app.add_api_route(route, closed, methods=["GET", "POST", "PUT", "DELETE"])


def _help(root: str, language: str) -> str:
    """Help page in a language of ours: chainlit_de.md, else chainlit.md."""
    translated = SOURCE / f"chainlit_{preferred(language)}.md"
    return (translated if translated.is_file() else SOURCE / "chainlit.md").read_text("utf-8")


@functools.cache
def _chainlit_texts(language: str) -> dict[str, Any]:
    """Chainlit's own texts in a language, some of them replaced by ours."""
    from chainlit.translations import __file__ as beside

    (path,) = (Path(beside).parent / "translations").glob(f"{language}-*.json")
    own: dict[str, Any] = json.loads(path.read_text("utf-8"))
    for key, ours in texts(language).items():
        table, *path, last = key.split(".")
        if table == "chainlit":
            functools.reduce(dict.__getitem__, path, own)[last] = ours
    return own


@functools.cache
def _page() -> str:
    """Page of Chainlit without its links to fonts and styles of other hosts."""
    from chainlit import server

    return _FOREIGN.sub("", server.get_html_template(""))
