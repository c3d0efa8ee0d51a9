"""Handlers of this door, free of any SDK: a request goes in, a dataclass comes out."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Any, TypeVar

from agent.ask import Answer
from agent.daemon_threads import DaemonThreads
from agent.toolbelt import DECODING, MAX_DECODING, called
from tools.errors import RefusedRequest, VideoError
from tools.files.disk import NOTED, Noted, notes
from tools.sandbox import DEADLINE
from ui.mcp_server import resources, results
from ui.mcp_server.door import Door
from ui.mcp_server.results import Result
from ui.mcp_server.signatures import Tool, of_capability
from ui.mcp_server.tools import Report, add_video, ask, check_answer, job_status

T = TypeVar("T")
THREADS = 2
"""Calls that are worked on at once: with more, the event loop waits longer for its own turn."""
BROKEN = "something went wrong; the log of Cuepoint says what. Ask for something else."
_log = logging.getLogger(__name__)


class Handlers:
    """Requests of callers, of any library. Slow work runs in threads of its own."""

    def __init__(self) -> None:
        self._threads = DaemonThreads("mcp", THREADS)
        self._decoders = DaemonThreads("mcp look", MAX_DECODING)

    async def tools(self, door: Door) -> list[Tool]:
        """The tools of this door, and every capability that is registered in the toolbox."""
        return [*_own(door).values(), *(await self._capabilities(door)).values()]

    async def call(
        self, door: Door, name: str, arguments: Mapping[str, Any], report: Report
    ) -> Result:
        """Call a tool. What a caller can mend is a failed result that says how."""
        try:
            tools = _own(door)
            if name not in tools:
                tools |= await self._capabilities(door)
            if name not in tools:
                raise RefusedRequest(f"no tool {name[:64]!r}; there are: {', '.join(tools)}")
            if tools[name].effect == "adds" and not door.may_write:
                raise RefusedRequest(f"{name} needs a token with the scope `write`")
            return await self._called(door, tools[name], arguments, report)
        except VideoError as error:
            return Result(door.told(error), failed=True)
        except Exception:
            _log.exception("the tool %s", name[:64])
            return Result(BROKEN, failed=True)

    async def listed(
        self, door: Door, cursor: str | None
    ) -> tuple[list[resources.Resource], str | None]:
        """One page of the resources, and the cursor of the next."""
        return await self._threads.run(partial(resources.listed, door, cursor))

    async def read(self, door: Door, uri: str) -> resources.Content:
        """Content of a resource; VideoError where there is none."""
        if resources.is_clip(uri):
            return await self._limited(door, resources.clip(door, uri))
        reading = self._decoders.run(partial(resources.read, door, uri))
        return await self._limited(door, reading)

    async def completed(
        self, door: Door, argument: str, begun: str, *, titles: bool
    ) -> tuple[list[str], int]:
        """Values for an argument, and how many there are."""
        find = partial(resources.completed, door, argument, begun, titles=titles)
        return await self._threads.run(find)

    async def _capabilities(self, door: Door) -> dict[str, Tool]:
        capabilities = await self._threads.run(door.agent.toolbox.tools)
        return {tool.name: tool for tool in map(of_capability, capabilities)}

    async def _called(
        self, door: Door, tool: Tool, arguments: Mapping[str, Any], report: Report
    ) -> Result:
        given = tool.check(arguments)
        if inspect.iscoroutinefunction(tool.function):
            wanted: dict[str, Any] = {"door": door, "report": report}
            inner = {name: wanted[name] for name in wanted if name in tool.parameters}
            value = await tool.function(**inner, **given)
            render = results.of_answer if isinstance(value, Answer) else results.of_values
            return await self._threads.run(partial(render, door, value))
        threads = self._decoders if tool.name in DECODING else self._threads
        with door.state.answering():
            return await self._limited(door, threads.run(partial(_rendered, door, tool, given)))

    async def _limited(self, door: Door, work: Awaitable[T]) -> T:
        """Await slow work for no longer than a question may take."""
        seconds = door.state.settings.limits.question_seconds
        token = DEADLINE.set(time.monotonic() + seconds)
        try:
            async with asyncio.timeout(seconds):
                return await work
        except TimeoutError as error:
            raise RefusedRequest(
                f"that took longer than {seconds:g} seconds: ask for a shorter span"
            ) from error
        finally:
            DEADLINE.reset(token)


def _own(door: Door) -> dict[str, Tool]:
    """The tools of this door beside the capabilities."""
    leaves = door.agent.spending is not None
    own = (
        Tool(ask, "keeps", repeatable=False, opens=leaves, app=True),
        Tool(add_video, "adds", opens=door.state.settings.addresses == "on"),
        Tool(job_status, "reads"),
        Tool(check_answer, "reads", app=True),
    )
    return {tool.name: tool for tool in own}


def _rendered(door: Door, tool: Tool, given: dict[str, Any]) -> Result:
    """Result of a capability, with what it could not search or keep."""
    noted: Noted = {}
    NOTED.set(noted)
    values = called(tool.function, given)
    skipped = door.agent.belt.skipped(tool.name, given.get("videos") or ())
    return results.of_values(door, values, [note.text for note in notes(noted)] + skipped)
