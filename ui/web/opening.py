"""Opening of one library for a door: its parts, its index and its agent, closed in turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from agent.settings import Settings
from tools.ingest.workers import Pool
from tools.library import Library
from ui.web.downloads import Downloads
from ui.web.export_pool import Exports
from ui.web.generation import Making
from ui.web.jobs import JobQueue
from ui.web.proxies import Proxies
from ui.web.state import AppState
from ui.web.uploads import Uploads

if TYPE_CHECKING:
    from tools.toolbox import Toolbox


@asynccontextmanager
async def opened(settings: Settings, pool: Pool | None = None) -> AsyncIterator[AppState]:
    """Library of the settings' owner, open; it indexes in `pool`, or in processes of its own.

    Who has its Chroma open already keeps it: this process then searches exactly.
    """
    from agent.agent import open_agent

    state = await asyncio.to_thread(_state, settings, pool)
    toolbox = await asyncio.to_thread(_open_toolbox, settings, state.library)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(asyncio.to_thread, toolbox.index.close)
        state.jobs.on_indexed = toolbox.index.catch_up
        state.agent = await closing.enter_async_context(open_agent(settings, toolbox=toolbox))
        state.making = await asyncio.to_thread(_making, toolbox, settings)
        for part in (state.exports, state.proxies, state.jobs, state.making):
            closing.callback(part.close)
        closing.push_async_callback(asyncio.to_thread, state.downloads.close)
        yield state


def _state(settings: Settings, pool: Pool | None) -> AppState:
    library = Library(settings.home, settings.owner, settings.signing)
    limits = settings.upload_limit, settings.upload_room, settings.upload_stall
    return AppState(
        settings,
        library,
        Uploads(library.root / "uploads", *limits),
        Proxies(library),
        JobQueue(library, settings, pool=pool),
        Downloads(settings),
        Exports(library),
    )


def _making(toolbox: Any, settings: Settings) -> Making:
    """Runner of the jobs of a library, which goes on with what was approved."""
    from agent.approval import open_runner

    making = Making(partial(open_runner, toolbox.proposer, settings))
    making.resume()
    return making


def _open_toolbox(settings: Settings, library: Library) -> "Toolbox":
    """Toolbox over the library's Chroma: this process lives long enough to open it."""
    from agent.approval import open_proposer
    from tools.search.chroma import open_index
    from tools.toolbox import open_toolbox

    index = open_index(library.catalog)
    index.catch_up()
    return open_toolbox(library, settings.providers, index, open_proposer(library, settings))
