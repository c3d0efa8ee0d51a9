"""Threads for work that may outlast the question that it is done for.

A thread cannot be cancelled. Those of the event loop's own pool are few, and the program waits for
them before it ends; of these nobody is waited for once the question's time is over.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
AT_ONCE = 8
"""Threads of one kind that are waited for at the same time."""


class Threads:
    """A thread for each call, so many at once; what is abandoned counts no longer."""

    def __init__(self, name: str, at_once: int) -> None:
        self._name, self._free = name, asyncio.Semaphore(at_once)

    async def run(self, function: Callable[[], T]) -> T:
        """Call what blocks, in the context of the caller; once cancelled it is left alone."""
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
