"""Libraries of 1, 100 and 1,000 videos asked end to end: `python -m benchmarks.scale [--quick]`.

Everything is measured twice: with Chroma open in the process that asks (a chat), and with its lock
held by another one. Ratios are to the library of one video in the same run; the last line is the
worse of both: `cold R warm R add R`. The videos are made: see `benchmarks.made_library`.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from benchmarks.growing import cuepoint
from benchmarks.made_library import made, questions, video_id
from benchmarks.speed import draw

SIZES, QUICK = (1, 100, 1000), (1, 100)
ASKED, COLD = 20, 5
"""Questions asked in one process, and programs started for one question each."""
TOP = 20
"""Hits compared between both indexes."""
HOLD = """
import sys
from pathlib import Path
from tools.library import Library
from tools.search.chroma import open_index
index = open_index(Library(Path(sys.argv[1])).catalog)
print(index.name, flush=True)
sys.stdin.read()
"""


def fill(home: Path, size: int) -> dict[str, float]:
    """Make a library and both of its indexes; seconds that each took."""
    from tools.search.chroma import rebuild

    taken: dict[str, float] = {}
    library = made(home, size)
    works = {"catalog": library.catalog.rebuild, "chroma": lambda: rebuild(library.catalog)}
    for name, work in works.items():
        begun = time.perf_counter()
        work()
        taken[name] = time.perf_counter() - begun
    return taken


@contextmanager
def holding(home: Path, held: bool) -> Iterator[None]:
    """Hold the lock of a library's Chroma in another process meanwhile."""
    if not held:
        yield
        return
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin and holder.stdout
        assert holder.stdout.readline() == b"chroma\n"
        yield
        holder.stdin.close()


def cold(home: Path, size: int, command: str) -> float:
    """Median seconds of a program that is started for one question."""
    taken: list[float] = []
    for _, question in asked(size)[:COLD]:
        begun = time.perf_counter()
        subprocess.run(cuepoint(home, command, question, "--json"), capture_output=True, check=True)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def asked(size: int) -> list[tuple[int, str]]:
    """Questions about videos that are spread over a library, each with its video."""
    return questions([number * size // ASKED for number in range(ASKED)])


def warm(home: Path, size: int) -> dict[str, Any]:
    """Ask questions in this process, then add a video to the library and take it away again."""
    from agent.agent import open_agent
    from agent.ask import Answer, ask
    from agent.settings import Settings
    from tools.ingest.pipeline import ingest
    from tools.library import Library
    from tools.models.providers import BARE, Providers
    from tools.search.chroma import open_index
    from tools.toolbox import open_toolbox

    library = Library(home)
    index = open_index(library.catalog)
    toolbox = open_toolbox(library, Providers(), index)
    taken: list[float] = []
    found: list[bool] = []

    async def answers() -> None:
        async with open_agent(Settings(home=home), toolbox=toolbox) as agent:
            for _, question in questions([0]):
                async for _ in ask(agent, question):
                    pass
            for _, question in asked(size):
                begun = time.perf_counter()
                async for event in ask(agent, question):
                    if isinstance(event, Answer):
                        found.append(event.found)
                taken.append(time.perf_counter() - begun)

    asyncio.run(answers())
    hits = [
        [one.id for one in toolbox.search_transcript(question, limit=TOP)]
        for _, question in asked(size)
    ]
    for video, _ in asked(size)[:COLD]:
        vectors = library.index_picture_vectors(video_id(video))
        assert vectors
        near = index.nearest_in_library("scenes", vectors.provider, vectors.array[0], TOP)
        hits.append([f"{one.video} {one.seconds}" for one in near])
    facts = {
        "p50": statistics.median(taken), "p95": statistics.quantiles(taken, n=20)[-1],
        "found": sum(found), "hits": hits, "index": index.name,
        "memory": most_memory(),
        "files": len(os.listdir("/proc/self/fd")),
    }  # fmt: skip
    with TemporaryDirectory() as folder:
        film = draw(Path(folder) / "one more.mp4", seconds=4)
        begun = time.perf_counter()
        video = ingest(library, film, providers=BARE).id
        index.refresh(video)
        facts["add"] = time.perf_counter() - begun
        library.remove(video)
        index.remove(video)
    index.close()
    return facts


def most_memory() -> float:
    """Most memory that this process ever held, in MB; `ru_maxrss` counts what started it, too."""
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) / 1024


def measure(home: Path, size: int, held: bool) -> dict[str, Any]:
    """Everything that is measured of one library, in programs of their own."""
    with holding(home, held):
        run = [sys.executable, "-m", "benchmarks.scale", "--warm", str(home), str(size)]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        facts: dict[str, Any] = json.loads(done.stdout)
        assert facts["index"] == ("exact" if held else "chroma")
        return {**facts, "ask": cold(home, size, "ask"), "search": cold(home, size, "search")}


def disk(home: Path) -> dict[str, int]:
    """Bytes on disk by part: both indexes, pictures, and the other files of the videos."""
    parts: dict[str, int] = dict.fromkeys(("catalog", "chroma", "pictures", "files"), 0)
    for path in home.rglob("*"):
        if path.is_file():
            places = path.relative_to(home).parts
            part = "chroma" if "chroma" in places else "pictures" if "frames" in places else "files"
            part = "catalog" if path.name.startswith("catalog.sqlite") else part
            parts[part] += path.stat().st_size
    return parts


def row(size: int, held: bool, one: dict[str, Any], first: dict[str, Any]) -> dict[str, float]:
    """Print a line of the table; the ratios to the library of one video."""
    cold = max(one["ask"] / first["ask"], one["search"] / first["search"])
    ratios = {"cold": cold, "warm": one["p50"] / first["p50"], "add": one["add"] / first["add"]}
    print(
        f"| {size:,} | {'held' if held else 'free'} | {one['ask']:.2f} | {one['search']:.2f} | "
        f"{1000 * one['p50']:.0f} | {1000 * one['p95']:.0f} | {one['add']:.2f} | "
        f"{one['memory']:.0f} | {one['files']} | {one['found']} of {ASKED} | "
        + " ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()) + " |",
        flush=True,
    )  # fmt: skip
    return ratios


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="1 and 100 videos only")
    parser.add_argument("--home", type=Path, help="keep the libraries here, and use those there")
    parser.add_argument("--warm", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.warm:
        json.dump(warm(Path(options.warm[0]), int(options.warm[1])), sys.stdout)
        return
    home: Path = options.home or Path(mkdtemp(prefix="cuepoint-scale-"))
    print("| videos | lock | cold ask s | cold search s | warm p50 ms | p95 ms | add s | memory MB "
          "| files | found | to one video |")  # fmt: skip
    print("|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---|")
    worst: dict[str, float] = {}
    notes: list[str] = []
    first: dict[bool, dict[str, Any]] = {}
    sizes = QUICK if options.quick else SIZES
    filled = {size: fill(home / str(size), size) for size in sizes}
    os.sync()  # what was written is on the disk before anything is asked
    for size, taken in filled.items():
        facts = {held: measure(home / str(size), size, held) for held in (False, True)}
        for held, one in facts.items():
            ratios = row(size, held, one, first.setdefault(held, one))
            worst = {name: max(worst.get(name, 0.0), ratio) if held else ratio
                     for name, ratio in ratios.items()}  # fmt: skip
        same = sum(a == b for a, b in zip(facts[False]["hits"], facts[True]["hits"], strict=True))
        parts = ", ".join(
            f"{part} {count / size / 1e6 * 3:.1f}" for part, count in disk(home / str(size)).items()
        )
        notes.append(
            f"{size:,} videos: the top {TOP} of both indexes agree for {same} of {ASKED + COLD} "
            f"queries; filled in {taken['catalog']:.0f} s (catalog) and {taken['chroma']:.0f} s "
            f"(Chroma); MB an hour of video: {parts}"
        )
    print("", *notes, sep="\n")
    print("cold {cold:.2f} warm {warm:.2f} add {add:.2f}".format(**worst))
    if options.home is None:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
