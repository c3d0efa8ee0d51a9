"""Slots for questions: a few at once, a queue of bounded length, and 429 for the rest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import HTTPException

AT_ONCE, QUEUE = 8, 32
"""Questions that are answered at once, and that wait."""
RETRY = 5
"""Seconds after which it is worth another try."""


class Slots:
    """Slots of one server."""

    def __init__(self, at_once: int = AT_ONCE, queue: int = QUEUE) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most, self._inside = at_once + queue, 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A slot, once one is free; HTTPException 429 where too many wait already."""
        if self._inside >= self._most:
            told = "too many questions at once: ask again in a moment"
            raise HTTPException(429, told, {"retry-after": str(RETRY)})
        self._inside += 1
        try:
            async with self._free:
                yield
        finally:
            self._inside -= 1
