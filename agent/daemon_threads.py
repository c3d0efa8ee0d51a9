"""Daemon threads for work that may outlast the question that it is done for.

A thread cannot be cancelled. The event loop's own pool is small, and the program waits for it
before it ends; nobody waits for these threads once the question's time is over.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
MAX_THREADS = 8
"""Threads of one kind that are waited for at the same time."""


class DaemonThreads:
    """A daemon thread for each call, at most `limit` at once; an abandoned one no longer counts."""

    def __init__(self, name: str, limit: int) -> None:
        self._name, self._free = name, asyncio.Semaphore(limit)

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
            Thread(target=call, name=self._name, daemon=True).start()
            return await asyncio.wrap_future(result)
