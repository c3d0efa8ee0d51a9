"""Calls of other agents: 200 mixed ones from 20 clients at once, and the server's health meanwhile.

    python -m benchmarks.mcp_calls [--clients 20] [--calls 200] [--video FILE]

A server in a process of its own answers without a language model from the sample, which is indexed
first. Every client is the official one, over streamable HTTP; a call is lost if it fails or has no
answer within a minute. /health is asked by another process all the while.
"""

import argparse
import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from multiprocessing import Queue, get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from pydantic import AnyUrl

from benchmarks.chat import PAUSE, SAMPLE, lateness, p, serving
from tools.ingest.pipeline import ingest
from tools.library import Library

LOST = 60.0
"""Seconds after which a call without an answer is lost."""
ALONE = 200
"""Looks at the health before the calls: the machine may be busy with something else."""
Call = Callable[[ClientSession], Awaitable[Any]]


def mixed(video: str) -> dict[str, Call]:
    """One call of each kind, by its name."""
    frame = AnyUrl(f"cuepoint://video/{video}/frame/47000")

    def tool(name: str, **given: Any) -> Call:
        return lambda session: session.call_tool(name, given)

    return {
        "ask": tool("ask", question="How often is the fog horn mentioned?"),
        "search_transcript": tool("search_transcript", query="the last ferry"),
        "search_screen_text": tool("search_screen_text", query="timetable"),
        "search_frames": tool("search_frames", query="mostly red"),
        "find_scenes": tool("find_scenes", video=video),
        "check_answer": tool("check_answer", text="The last ferry leaves at 17:30 [0:10]."),
        "look_at": tool("look_at", video=video, seconds=47),
        "list_videos": tool("list_videos"),
        "a frame": lambda session: session.read_resource(frame),
        "the tools": lambda session: session.list_tools(),
    }


async def call_all(
    address: str, calls: dict[str, Call], clients: int, count: int
) -> tuple[dict[str, list[float]], int]:
    """Seconds of each call by its kind, and how many were lost."""
    taken: dict[str, list[float]] = defaultdict(list)
    names, lost = list(calls), 0

    async def client(number: int) -> None:
        nonlocal lost
        async with (
            streamable_http_client(f"{address}/mcp") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            for turn in range(number, count, clients):
                name, begun = names[(number + turn // clients) % len(names)], time.perf_counter()
                try:
                    async with asyncio.timeout(LOST):
                        result = await calls[name](session)
                    lost += bool(getattr(result, "isError", False))
                except Exception as error:  # it is counted
                    print(f"lost: {name}: {error!r}")
                    lost += 1
                taken[name].append(time.perf_counter() - begun)

    await asyncio.gather(*(client(number) for number in range(clients)))
    return taken, lost


def look(address: str) -> float:
    """Seconds that the health takes to be told."""
    begun = time.perf_counter()
    with urlopen(f"{address}/health") as reply:
        assert reply.read() == b"ready"
    return time.perf_counter() - begun


def keep_looking(address: str, over: Event, found: "Queue[list[float]]") -> None:
    """Look until it is over; in a process of its own, which waits for no client."""
    taken = [look(address)]
    while not over.wait(PAUSE):
        taken.append(look(address))
    found.put(taken)


def measure(video: Path, clients: int, count: int, folder: Path) -> None:
    """Print the figures as a table."""
    library = Library(folder / "home")
    (folder / "copies").mkdir()
    id = ingest(library, video).id
    processes = get_context("spawn")
    over, found = processes.Event(), processes.Queue()
    with serving(library.home, folder / "copies") as address:
        asyncio.run(call_all(address, mixed(id), 1, len(mixed(id))))  # loads what is loaded once
        alone = [look(address) for _ in range(ALONE)]
        lateness(address)
        looking = processes.Process(target=keep_looking, args=(address, over, found))
        looking.start()
        begun = time.perf_counter()
        taken, lost = asyncio.run(call_all(address, mixed(id), clients, count))
        seconds = time.perf_counter() - begun
        over.set()
        health = found.get()
        looking.join()
        late = lateness(address)
    print("| call | times | ms p50 | ms p99 |\n|---|---|---|---|")
    everything = [one for each in taken.values() for one in each]
    for name, each in {**taken, "all": everything}.items():
        print(f"| {name} | {len(each)} | {p(50, each):.0f} | {p(99, each):.0f} |")
    print(f"{clients} clients, {len(everything)} calls in {seconds:.1f} s, lost: {lost}")
    for name, each in (("before", alone), ("meanwhile", health)):
        print(f"/health {name}: {len(each)} times, ms p50 {p(50, each):.0f}, "
              f"p99 {p(99, each):.0f}")  # fmt: skip
    print(f"loop late meanwhile: ms p99 {p(99, late):.0f}")


def main() -> None:
    """Parse the options and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--video", type=Path, default=SAMPLE)
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        measure(chosen.video, chosen.clients, chosen.calls, Path(folder))


if __name__ == "__main__":
    main()
