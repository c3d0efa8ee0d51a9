"""Generation jobs of one library while it is open: run in the background, and followed."""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tools.errors import Interrupted, VideoError, place_of
from tools.generate.job import UNDER_WAY, GenerationJob
from tools.generate.runner import Runner

PAUSE = 0.5
"""Seconds between two looks at a job that is followed."""
_log = logging.getLogger(__name__)


class Making:
    """Runs the approved jobs of one library, one after the other, in a thread of their own."""

    def __init__(self, open_runner: Callable[[Callable[[float], object]], Runner]) -> None:
        self._runner = open_runner(self.wait)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="making")
        self._closing = threading.Event()
        self._waiting = set[str]()
        self._progress: dict[str, float] = {}

    @property
    def busy(self) -> bool:
        """True while a job runs or waits."""
        return bool(self._waiting)

    def resume(self) -> None:
        """Go on with what was approved and is not over. Blocks."""
        for id in self._runner.unfinished():
            self.start(id)

    def start(self, id: str) -> None:
        """Run a job as soon as the ones before it are through."""
        if id not in self._waiting:
            self._waiting.add(id)
            self._pool.submit(self._run, id)

    def get(self, id: str) -> GenerationJob:
        """A job as it stands, with how far it is just now. Blocks."""
        job = self._runner.get(id)
        so_far = max(job.progress, self._progress.get(job.id, 0.0))
        return replace(job, progress=so_far) if job.state == "running" else job

    def rests(self, job: GenerationJob) -> bool:
        """True of a job that was approved and is run by nobody here. Blocks."""
        return job.id not in self._waiting and self._runner.get(job.id).state in UNDER_WAY

    def close(self) -> None:
        """Stop; what runs goes on at the next start."""
        self._closing.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def wait(self, seconds: float) -> None:
        """Wait between two looks at a provider; Interrupted where the server stops."""
        if self._closing.wait(seconds):
            raise Interrupted("the server stops: the job goes on at the next start")

    def _run(self, id: str) -> None:
        try:
            self._runner.run(id, self._note)
        except BlockingIOError:
            pass  # another process runs it
        except VideoError as error:
            self._runner.note(id, str(error))
        except Exception as error:  # its words may hold a prompt
            _log.warning("a generation job failed: %s", place_of(error))
            self._runner.note(id, "something went wrong here: nothing is lost, try again later")
        finally:
            self._waiting.discard(id)
            self._progress.pop(id, None)

    def _note(self, job: GenerationJob) -> None:
        self._progress[job.id] = job.progress
        self.wait(0)

    async def follow(self, id: str) -> AsyncGenerator[GenerationJob]:
        """A job each time it changes, until it is over or waits for a person."""
        told = None
        while True:
            job = await asyncio.to_thread(self.get, id)
            if job != told:
                told = job
                yield job
            if job.state not in UNDER_WAY or (job.error and id not in self._waiting):
                return
            await asyncio.sleep(PAUSE)
