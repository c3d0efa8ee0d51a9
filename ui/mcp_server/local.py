"""Standard input and output: one library, as the user who started the process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from agent.settings import Settings
from tools.library import Library
from ui.mcp_server.pipes import Pipes
from ui.web.downloads import Downloads
from ui.web.export_pool import Exports
from ui.web.jobs import JobQueue
from ui.web.proxies import Proxies
from ui.web.state import AppState
from ui.web.uploads import Uploads


def serve_pipes(settings: Settings) -> None:
    """Serve until the input ends. One library as one user: whoever started the process."""
    pipes = Pipes()  # before anything that may print is imported
    with suppress(BrokenPipeError):  # who read us has gone
        asyncio.run(_serve(settings, pipes))


async def _serve(settings: Settings, pipes: Pipes) -> None:
    from ui.mcp_server.door import Door
    from ui.mcp_server.handlers import Handlers
    from ui.mcp_server.sdk import Adapter

    async with opened(settings) as state:
        adapter = Adapter(Handlers(), Door(state, local=True))
        try:
            await adapter.run(pipes.lines(), pipes.write)
        except BaseExceptionGroup as errors:
            if errors.split(BrokenPipeError)[1]:
                raise


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[AppState]:
    """Library of the settings, open for one caller; the chat may have it open, too.

    Who has its Chroma open already keeps it: this process then searches exactly.
    """
    from agent.agent import open_agent
    from tools.search.chroma import open_index
    from tools.toolbox import open_toolbox

    library = Library(settings.home, settings.owner)
    limits = settings.upload_limit, settings.upload_room, settings.upload_stall
    uploads = Uploads(library.root / "uploads", *limits)
    proxies, jobs = Proxies(library), JobQueue(library, settings)
    downloads, exports = Downloads(settings), Exports(library)
    state = AppState(settings, library, uploads, proxies, jobs, downloads, exports)
    index = await asyncio.to_thread(open_index, library.catalog)
    await asyncio.to_thread(index.catch_up)
    jobs.on_indexed = index.catch_up
    toolbox = await asyncio.to_thread(open_toolbox, library, settings.providers, index)
    async with open_agent(settings, toolbox=toolbox) as state.agent:
        yield state
        exports.close()
        jobs.close()
        proxies.close()
    await asyncio.to_thread(index.close)
