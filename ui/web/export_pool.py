"""Work on exports, in threads of its own: cutting takes seconds, and holds up nothing else."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, TypeVar

from tools.errors import RefusedRequest
from tools.export.clips import LONGEST, Clip, keep_clip
from tools.export.moments import Moment
from tools.export.reels import join_reel
from tools.files.durable import temporary_folder
from tools.library import Library
from tools.media import Video
from tools.sandbox import Child

THREADS = 2
"""Clips and documents that are made at the same time."""
_T = TypeVar("_T")


class Exports:
    """Exports of one library that are being made."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="export")
        self._children = set[Child]()

    def close(self) -> None:
        """Begin nothing more, and end what is being cut."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for child in list(self._children):
            child.kill()

    async def reel(self, moments: Sequence[Moment]) -> BinaryIO:
        """Join moments; the file has no name any more, so nothing stays of it."""
        if sum(one.end - one.start for one in moments) > LONGEST:
            raise RefusedRequest(f"a reel lasts {LONGEST:g} seconds at most: take fewer moments")
        child = Child()
        self._children.add(child)

        def join() -> BinaryIO:
            with temporary_folder(self.library.root, ".reel-") as folder:
                return open(join_reel(self.library, moments, folder / "reel.mp4", child).path, "rb")

        try:
            return await self.run(join)
        finally:
            self._children.discard(child)
            child.kill()

    async def run(self, work: Callable[..., _T], *arguments: object) -> _T:
        """Run blocking work."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    async def clip(self, video: Video, start: float, end: float) -> Clip:
        """Cut a clip, or find it cut; one that nobody waits for any more is given up."""
        child = Child()
        self._children.add(child)
        try:
            return await self.run(keep_clip, self.library, video, start, end, child)
        finally:
            self._children.discard(child)
            child.kill()
