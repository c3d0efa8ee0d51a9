"""Official clients of both transports, and one that sends lines as they are."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from agent.settings import Settings
from ui.mcp_server.door import Door
from ui.mcp_server.endpoint import Endpoint
from ui.mcp_server.handlers import Handlers
from ui.mcp_server.sdk import Adapter
from ui.web.host_guard import served_names
from ui.web.opening import opened
from ui.web.state import AppState

URL = "http://127.0.0.1:8000/mcp"
CUEPOINT = "from ui.cli.main import main; main()"
ROOT = Path(__file__).parents[3]
JSON = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


def text(result: CallToolResult) -> str:
    """Text of a result."""
    first = result.content[0]
    assert isinstance(first, TextContent)
    return first.text


def environment(home: Path, **more: str) -> dict[str, str]:
    """Variables of a server of its own process."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ
    }
    ours = {"CUEPOINT_HOME": str(home), "CUEPOINT_HUB": "off", "CUEPOINT_MODEL": "extractive"}
    bare = {"CUEPOINT_TEXT_READER": "none", "CUEPOINT_TRANSCRIBER": "none"}
    return {**kept, "PYTHONPATH": str(ROOT), **ours, **bare, **more}


def command(home: Path, owner: str, code: str = CUEPOINT) -> StdioServerParameters:
    """`cuepoint mcp` as a client starts it."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-P", "-c", code, "mcp"],
        env=environment(home, CUEPOINT_OWNER=owner),
    )


@asynccontextmanager
async def over_pipes(parameters: StdioServerParameters) -> AsyncIterator[ClientSession]:
    """A client of a process of its own."""
    with open(os.devnull, "w") as nowhere:
        async with (
            stdio_client(parameters, errlog=nowhere) as (read, write),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            yield session


@asynccontextmanager
async def serving(*states: AppState, **options: Any) -> AsyncIterator[Endpoint]:
    """The endpoint over open libraries, the first of them that of the user of this machine."""
    by_owner = {state.settings.owner: state for state in states}
    endpoint = Endpoint(
        lambda owner: nullcontext(by_owner[owner or states[0].settings.owner]),
        served_names(8000),
        **options,
    )
    async with endpoint.running():
        yield endpoint


def caller(endpoint: Any, token: str = "", **headers: str) -> httpx.AsyncClient:
    """An HTTP client of an application in this process."""
    bearer = {"authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(endpoint)
    return httpx.AsyncClient(transport=transport, headers={**bearer, **headers}, base_url=URL)


@asynccontextmanager
async def over_http(endpoint: Any, token: str = "") -> AsyncIterator[ClientSession]:
    """A client of an application in this process."""
    async with (
        caller(endpoint, token) as http,
        streamable_http_client(URL, http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


class Lines:
    """Lines to the adapter and from it, without a process."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[bytes] = asyncio.Queue()
        self.got: asyncio.Queue[str] = asyncio.Queue()

    async def incoming(self) -> AsyncIterator[bytes]:
        """What was sent, until an empty line."""
        while line := await self.sent.get():
            yield line


@asynccontextmanager
async def over_lines(settings: Settings) -> AsyncIterator[tuple[Lines, AppState]]:
    """A library that is served on lines."""
    async with opened(settings) as state:
        lines = Lines()
        adapter = Adapter(Handlers(), Door(state, local=True))
        task = asyncio.create_task(adapter.run(lines.incoming(), lines.got.put))
        yield lines, state
        lines.sent.put_nowait(b"")
        await asyncio.wait_for(task, 20)
