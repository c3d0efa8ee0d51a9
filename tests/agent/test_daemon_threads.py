"""Threads for work that may outlast its question are kept for a while, and lose no call."""

import asyncio
import threading

import pytest

from agent import daemon_threads
from agent.daemon_threads import DaemonThreads


async def test_threads_are_used_again_and_end_once_there_is_no_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(daemon_threads, "IDLE", 0.2)
    threads = DaemonThreads("used again", 1)
    used = {await threads.run(threading.current_thread) for _ in range(200)}
    assert len(used) < 20 and all(one.daemon for one in used)
    for one in used:
        await asyncio.to_thread(one.join, 60)
        assert not one.is_alive()
    assert await threads.run(lambda: "again") == "again"


async def test_no_call_is_lost_while_threads_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_threads, "IDLE", 0.0)  # each ends as soon as it may
    threads = DaemonThreads("hasty", 8)
    given = [await asyncio.gather(*(threads.run(lambda n=n: n) for n in range(8)))
             for _ in range(100)]  # fmt: skip
    assert given == [list(range(8))] * 100


async def test_a_call_that_is_given_up_holds_up_no_other_and_an_error_is_told() -> None:
    held, begun = threading.Event(), asyncio.Event()
    loop, threads = asyncio.get_running_loop(), DaemonThreads("held", 1)

    def hold() -> None:
        loop.call_soon_threadsafe(begun.set)
        held.wait(60)

    waiting = asyncio.create_task(threads.run(hold))
    await begun.wait()
    waiting.cancel()
    assert await threads.run(lambda: "next") == "next"
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    held.set()
