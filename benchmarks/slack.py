"""Acknowledgement of Slack's events: 500, each delivered four times, while nothing is answered.

    python -m benchmarks.slack [--events 500] [--deliveries 4] [--connections 20]

A server in a process of its own takes signed requests at /slack/events, as `cuepoint serve` does.
All that answers there is blocked, for longer than Slack waits; an event is on disk before it is
acknowledged. One that is not is lost.
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from slack_sdk.signature import SignatureVerifier

from benchmarks.chat import p

SECRET = "a signing secret of this benchmark"
BLOCKED = 10.0
"""Seconds for which every thread that answers is held up, again and again."""


class Blocked:
    """In the place of libraries: whoever wants one holds a thread, and gets none."""

    @asynccontextmanager
    async def of(self, owner: str) -> AsyncIterator[Any]:
        while True:
            await asyncio.to_thread(time.sleep, BLOCKED)
        yield


def serve() -> None:
    """Serve the route of events, with settings of the environment."""
    import uvicorn
    from starlette.applications import Starlette

    from agent.settings import Settings
    from ui.slack_bot.door import Slack

    settings = Settings.from_env()
    slack = Slack(settings, Blocked(), b"secret")  # type: ignore[arg-type]

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        async with slack.running():
            yield

    app = Starlette(routes=slack.routes(), lifespan=lifespan)
    uvicorn.run(app, host="127.0.0.1", port=settings.port, log_level="critical")


@contextmanager
def serving(home: Path) -> Iterator[int]:
    """Run the server in a process of its own; yields its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"CUEPOINT_HOME": str(home), "CUEPOINT_PORT": str(port)}
    settings |= {"CUEPOINT_SLACK_BOT_TOKEN": "xoxb-none", "CUEPOINT_SLACK_SIGNING_SECRET": SECRET}
    command = [sys.executable, "-m", "benchmarks.slack", "--serve"]
    with subprocess.Popen(command, env={**os.environ, **settings}) as process:
        try:
            while process.poll() is None:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.01)
            yield port
        finally:
            process.kill()


def mention(number: int) -> bytes:
    """A mention of the bot in a channel, as Slack sends it."""
    stamp = f"1700000000.{number:06}"
    inner = {"type": "app_mention", "channel": "C1", "user": "U1", "ts": stamp}
    inner["text"] = f"<@UBOT> What is said at {number}?"
    about = {"type": "event_callback", "team_id": "T1", "event_id": f"Ev{number}"}
    return json.dumps({**about, "event": inner}).encode()


def deliver(port: int, bodies: list[bytes], number: int) -> tuple[list[float], int]:
    """Deliver events over one connection: seconds until each was acknowledged, and how many not."""
    verifier, taken, lost = SignatureVerifier(SECRET), list[float](), 0
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for body in bodies:
        stamp = str(int(time.time()))
        signature = verifier.generate_signature(timestamp=stamp, body=body) or ""
        headers = {"content-type": "application/json", "x-slack-request-timestamp": stamp}
        headers |= {"x-slack-signature": signature, "x-slack-retry-num": str(number)}
        begun = time.perf_counter()
        try:
            connection.request("POST", "/slack/events", body, headers)
            reply = connection.getresponse()
            reply.read()
            lost += reply.status != 200
        except (OSError, HTTPException):
            lost += 1
        taken.append(time.perf_counter() - begun)
    connection.close()
    return taken, lost


def measure(events: int, deliveries: int, connections: int, folder: Path) -> None:
    """Print the figures as a table."""
    bodies = [mention(number) for number in range(events)]
    everything, lost = list[float](), 0
    print("| delivery | requests | ms p50 | ms p99 | not acknowledged |\n|---|---|---|---|---|")
    with serving(folder) as port, ThreadPoolExecutor(connections) as pool:
        for number in range(deliveries):
            shares = [bodies[n::connections] for n in range(connections)]
            done = list(pool.map(lambda share, n=number: deliver(port, share, n), shares))
            taken = [one for each, _ in done for one in each]
            missed = sum(count for _, count in done)
            everything, lost = everything + taken, lost + missed
            print(f"| {number + 1} | {len(taken)} | {p(50, taken):.0f} | {p(99, taken):.0f} | "
                  f"{missed} |", flush=True)  # fmt: skip
    print(f"| all | {len(everything)} | {p(50, everything):.0f} | {p(99, everything):.0f} | "
          f"{lost} |")  # fmt: skip
    print(f"{connections} connections at once; the last may take {1000 * max(everything):.0f} ms")


def main() -> None:
    """Parse the options and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=500)
    parser.add_argument("--deliveries", type=int, default=4)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        return serve()
    with TemporaryDirectory() as folder:
        measure(chosen.events, chosen.deliveries, chosen.connections, Path(folder))


if __name__ == "__main__":
    main()
