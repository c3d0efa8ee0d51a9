"""Latency of /health while copies for the browser are made, beside an idle server.

    python -m benchmarks.playing [--looks 100]

The film is made here, 150 s of 720p that no browser plays. Twenty browsers ask for twenty spans of
it at once, and meanwhile /health is asked over and over.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

import av
import numpy as np

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

BROWSERS = 20
SECONDS, RATE = 150, 25
PAUSE = 0.02
"""Seconds between two requests."""


def film(path: Path) -> Path:
    """Write moving noise as MPEG-4 in AVI, as expensive to decode as real pictures."""
    noise = np.random.default_rng(1).integers(0, 255, (45, 160, 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for number in range(SECONDS * RATE):
            moved = np.roll(noise, number, axis=1)
            picture = moved.repeat(16, axis=0).repeat(8, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """Run the installed program as a server; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("cuepoint")), "--library", str(home), "serve"]
    settings = {**os.environ, "CUEPOINT_PORT": str(port)}
    with subprocess.Popen(command, env=settings, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        while True:
            with suppress(URLError), urlopen(f"{address}/health"):
                break
            time.sleep(PAUSE)
        try:
            yield address
        finally:
            process.terminate()


def latencies(address: str, goes_on: Callable[[int], bool]) -> list[float]:
    """Milliseconds of each request to /health."""
    milliseconds: list[float] = []
    while goes_on(len(milliseconds)):
        begun = time.perf_counter()
        with urlopen(f"{address}/health"):
            milliseconds.append((time.perf_counter() - begun) * 1000)
        time.sleep(PAUSE)
    return milliseconds


def play(address: str, video: str, number: int) -> None:
    """Request a span of six seconds."""
    start = number * 7
    with urlopen(f"{address}/media/{video}/play?from={start}&to={start + 6}") as reply:
        reply.read()


def measure(requests: int, folder: Path) -> None:
    """Print the latencies, idle and busy, and their ratio."""
    library = Library(folder / "home")
    video = ingest(library, film(folder / "film.avi"), providers=BARE).id
    with serving(library.home) as address:
        latencies(address, lambda done: done < 10)
        idle = latencies(address, lambda done: done < requests)
        browsers = [
            threading.Thread(target=play, args=(address, video, number))
            for number in range(BROWSERS)
        ]
        for browser in browsers:
            browser.start()
        busy = latencies(address, lambda _: any(browser.is_alive() for browser in browsers))
    print("| /health | looks | p50 ms | longest ms |\n|---|---|---|---|")
    for name, waits in (("idle", idle), (f"{BROWSERS} copies", busy)):
        print(f"| {name} | {len(waits)} | {statistics.median(waits):.1f} | {max(waits):.1f} |")
    p50 = statistics.median(busy) / statistics.median(idle)
    print(f"| ratio | | {p50:.2f} | {max(busy) / max(idle):.2f} |")


def main() -> None:
    """Parse the options and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--looks", type=int, default=100)
    requests = parser.parse_args().looks
    with TemporaryDirectory() as folder:
        measure(requests, Path(folder))


if __name__ == "__main__":
    main()
