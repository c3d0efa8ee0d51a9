"""Deliveries: acknowledged while nothing is answered, each answered once, whatever is killed."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.ui.slack_bot.workspace import SECRET, TOKEN, Workspace, event, signed

EVENTS, DELIVERIES, CONNECTIONS = 500, 4, 16
ROOT = Path(__file__).parents[3]
Process = subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def door(home: Path, port: int, slack: Workspace) -> Iterator[Process]:
    """The door in a process of its own, which takes requests."""
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "CUEPOINT_HOME": str(home),
        "CUEPOINT_PORT": str(port), "CUEPOINT_SLACK_BOT_TOKEN": TOKEN,
        "CUEPOINT_SLACK_SIGNING_SECRET": SECRET,
        "CUEPOINT_SLACK_API": f"http://127.0.0.1:{slack.port}/api/",
    }  # fmt: skip
    command = [sys.executable, str(Path(__file__).with_name("door_process.py"))]
    with subprocess.Popen(command, env=environment) as process:
        try:
            while process.poll() is None:
                with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port))):
                    break
            yield process
        finally:
            process.kill()


def deliver(port: int, bodies: list[dict[str, Any]], number: int) -> list[bool]:
    """Deliver events, over several connections at once; whether each was acknowledged."""

    def some(share: list[dict[str, Any]]) -> list[bool]:
        taken: list[bool] = []
        for body in share:
            content = json.dumps(body).encode()
            headers = {"content-type": "application/json", **signed(content)}
            headers |= {"x-slack-retry-num": str(number)} if number else {}
            try:
                with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
                    connection.request("POST", "/slack/events", content, headers)
                    taken.append(connection.getresponse().status == 200)
            except (OSError, HTTPException):
                taken.append(False)
        return taken

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        shares = [bodies[n::CONNECTIONS] for n in range(CONNECTIONS)]
        return [one for share in pool.map(some, shares) for one in share]


def test_500_events_that_come_four_times_are_answered_once_though_the_process_is_killed(
    slack: Workspace, tmp_path: Path
) -> None:
    bodies = [event(f"<@UBOT> Question {n}?") for n in range(EVENTS)]
    threads = {body["event"]["ts"]: f"Asked: Question {n}?" for n, body in enumerate(bodies)}
    may, port = threading.Event(), free_port()
    slack.before = lambda _: may.wait(60) and None  # type: ignore[func-returns-value]
    with door(tmp_path, port, slack) as process:
        assert all(deliver(port, bodies, 0)), "each is acknowledged"
        assert not slack.messages, "while no answer could be given"
        may.set()
        slack.until(lambda: len(slack.messages) > EVENTS // 5)
        process.kill()
    with door(tmp_path, port, slack) as process, ThreadPoolExecutor(1) as later:
        coming = later.submit(deliver, port, bodies, 1)
        slack.until(lambda: len(slack.messages) > EVENTS // 2)
        process.kill()
        coming.result()  # who hears nothing delivers it once more
    with door(tmp_path, port, slack):
        for number in range(2, DELIVERIES):
            assert all(deliver(port, bodies, number))

        def rested() -> set[str]:
            forms = slack.forms("agents.sessions.setStatus")
            return {form["thread_ts"] for form in forms if form["status"] == "active"}

        slack.until(lambda: rested() == threads.keys())
    answers = [(one["thread_ts"], one["text"]) for one in slack.messages.values()]
    assert Counter(answers) == Counter(threads.items())
