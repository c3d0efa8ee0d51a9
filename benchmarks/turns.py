"""Overhead of the graph in a turn, without the model: milliseconds, memory, bytes on disk.

    python -m benchmarks.turns [--turns 60]

A scripted model answers at once from a library in memory, in one conversation that grows.
"""

import argparse
import asyncio
import gc
import statistics
import time
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from langchain_core.messages import AIMessage

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.fakes import MemoryToolbox, ScriptedModel, calling
from agent.settings import Settings

WATER = calling("search_transcript", query="water")
SAID = "They salt the water [e1]. " + "They keep a cup of the water [e3]. " * 6


def _by_question(messages: list[Any]) -> AIMessage:
    return WATER if messages[-1].type == "human" else AIMessage(SAID)


async def _measure(turns: int, home: Path) -> None:
    toolbox: Any = MemoryToolbox(home)
    taken: list[float] = []
    settings = Settings(home=home)
    model = ScriptedModel(script=[_by_question], piece=200)
    async with open_agent(settings, toolbox=toolbox, model=model) as agent:
        async for _ in ask(agent, "Salt?", thread="warm"):
            pass
        for number in range(turns):
            model.shown.clear()
            if number == turns // 2:  # tracing is slow: time is taken before it
                gc.collect()
                tracemalloc.start()
            begun = time.perf_counter()
            async for event in ask(agent, f"What of the water, number {number}?", thread="t"):
                assert not isinstance(event, Answer) or event.found
            if number < turns // 2:
                taken.append((time.perf_counter() - begun) * 1000)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] / (turns - turns // 2)
        disk = sum(path.stat().st_size for path in home.glob("conversations.sqlite*"))
    print("| turns | p50 ms | p95 ms | memory kept a turn, kB | conversation on disk, kB |")
    print("|---|---|---|---|---|")
    p95 = statistics.quantiles(taken, n=20)[-1]
    row = (turns, statistics.median(taken), p95, grown / 1e3, disk / 1e3)
    print("| {} | {:.1f} | {:.1f} | {:.1f} | {:.0f} |".format(*row))


def main() -> None:
    """Parse the options and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=60)
    turns = parser.parse_args().turns
    with TemporaryDirectory() as home:
        asyncio.run(_measure(turns, Path(home)))


if __name__ == "__main__":
    main()
