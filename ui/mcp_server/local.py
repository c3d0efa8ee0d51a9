"""Standard input and output: one library, as the user who started the process."""

import asyncio
from contextlib import suppress

from agent.settings import Settings
from ui.mcp_server.pipes import Pipes


def serve_pipes(settings: Settings) -> None:
    """Serve until the input ends. One library as one user: whoever started the process."""
    pipes = Pipes()  # before anything that may print is imported
    with suppress(BrokenPipeError):  # who read us has gone
        asyncio.run(_serve(settings, pipes))


async def _serve(settings: Settings, pipes: Pipes) -> None:
    from ui.mcp_server.door import Door
    from ui.mcp_server.handlers import Handlers
    from ui.mcp_server.sdk import Adapter
    from ui.web.opening import opened

    async with opened(settings) as state:
        adapter = Adapter(Handlers(), Door(state, local=True))
        try:
            await adapter.run(pipes.lines(), pipes.write)
        except BaseExceptionGroup as errors:
            if errors.split(BrokenPipeError)[1]:
                raise
