"""Daemon threads for work that may outlast the question that it is done for.

A thread cannot be cancelled. The event loop's own pool is small, and the program waits for it
before it ends; nobody waits for these threads once the question's time is over.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TypeVar

T = TypeVar("T")
MAX_THREADS = 8
"""Threads of one kind that are waited for at the same time."""
IDLE = 5.0
"""Seconds that a thread without work is kept: while one starts, the event loop waits for it."""


class DaemonThreads:
    """Daemon threads, at most `limit` awaited at once; an abandoned one no longer counts."""

    def __init__(self, name: str, limit: int) -> None:
        self._name, self._free = name, asyncio.Semaphore(limit)
        self._calls, self._guard, self._idle = SimpleQueue[Callable[[], None]](), Lock(), 0

    async def run(self, function: Callable[[], T]) -> T:
        """Run a blocking function in the caller's context; once cancelled it is left alone."""
        result, context = Future[T](), copy_context()
        result.set_running_or_notify_cancel()

        def call() -> None:
            try:
                result.set_result(context.run(function))
            except BaseException as error:
                result.set_exception(error)

        async with self._free:
            self._give(call)
            return await asyncio.wrap_future(result)

    def _give(self, call: Callable[[], None]) -> None:
        with self._guard:
            if self._idle:
                self._idle -= 1
                return self._calls.put(call)
        Thread(target=self._work, args=(call,), name=self._name, daemon=True).start()

    def _work(self, call: Callable[[], None] | None) -> None:
        while call:
            call()
            del call  # a thread that waits keeps nothing open
            with self._guard:
                self._idle += 1
            call = self._next()

    def _next(self) -> Callable[[], None] | None:
        """The next call; None if none comes, and none was meant for this thread."""
        while True:
            try:
                return self._calls.get(timeout=IDLE)
            except Empty:
                with self._guard:
                    if self._idle:
                        self._idle -= 1
                        return None
