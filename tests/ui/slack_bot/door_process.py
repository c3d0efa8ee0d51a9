"""The Slack door in a process of its own, with an answer that needs no video; to be killed.

Its settings are in its environment. A program that is started imports nothing of the tests.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import uvicorn
from starlette.applications import Starlette

from agent.ask import Answer
from agent.settings import EXTRACTIVE, Settings
from ui.slack_bot import answering
from ui.slack_bot.door import Slack


async def ask(agent: Any, question: str, **_: Any) -> AsyncIterator[Answer]:
    """In place of an answer, which says what was asked."""
    yield Answer(question, f"Asked: {question}", True, (), (), model=EXTRACTIVE, turn=1)


class Libraries:
    """In place of libraries, which nobody asks."""

    @asynccontextmanager
    async def of(self, owner: str) -> AsyncIterator[Any]:
        agent = SimpleNamespace(model_name=EXTRACTIVE)
        yield SimpleNamespace(agent=agent, answering=nullcontext, library=None)


def main() -> None:
    """Serve until it is killed."""
    answering.ask = ask  # type: ignore[assignment]
    settings = Settings.from_env()
    slack = Slack(settings, Libraries(), b"secret")  # type: ignore[arg-type]

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        async with slack.running():
            yield

    app = Starlette(routes=slack.routes(), lifespan=lifespan)
    uvicorn.run(app, host="127.0.0.1", port=settings.port, log_level="critical")


if __name__ == "__main__":
    main()
