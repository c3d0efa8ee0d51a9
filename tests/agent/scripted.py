"""Questions to a graph whose model follows a script."""

from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent.agent import Agent, open_agent
from agent.ask import Answer, ask
from agent.fakes import MemoryToolbox, ScriptedModel, calling
from agent.settings import Settings

WATER = calling("search_transcript", query="water", limit=3)


@asynccontextmanager
async def opened(home: Path, *script: Any, toolbox: Any = None, **settings: Any):
    model = ScriptedModel(script=list(script))
    chosen = Settings(home=home, **settings)
    async with open_agent(chosen, toolbox=toolbox or MemoryToolbox(home), model=model) as agent:
        yield agent, model


async def run(agent: Agent, question: str, **options: Any) -> tuple[list[Any], Answer]:
    events = [event async for event in ask(agent, question, **options)]
    assert isinstance(events[-1], Answer)
    return events[:-1], events[-1]
