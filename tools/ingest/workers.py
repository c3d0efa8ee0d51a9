"""A pool of processes that index videos, each one at a time, with a bounded queue.

What indexes must not slow what answers: decoding, text recognition and models run beside the
program, and one that crashes or runs out of memory takes no answer with it. A process ends with its
video, and so gives back what its models held.
"""

import json
import logging
import signal
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tools.errors import Interrupted, RefusedRequest, UnknownVideo, VideoError
from tools.ingest.pipeline import NEEDED, ingest, record_death
from tools.ingest.run import OnProgress, Progress
from tools.library import Library
from tools.media import Video
from tools.models.providers import Providers
from tools.sandbox import Child
from tools.sandbox.process import die_with, own_output

WAITING = 64
"""Videos that may wait for a process; more are refused."""
STOPPING = "Cuepoint is stopping: the video goes on at its next index"
PATIENCE = 7 * 86400.0
"""Seconds without a sign of life: it may wait for another program that indexes the same video."""


class Pool:
    """Indexes in the background; safe to use from any thread."""

    def __init__(self, processes: int, waiting: int = WAITING) -> None:
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="index")
        self._most = processes + waiting
        self._room = threading.BoundedSemaphore(self._most)
        self._workers = [Worker() for _ in range(processes)]
        self._free = list(self._workers)

    def index(
        self,
        library: Library,
        path: Path,
        providers: Providers,
        on_progress: OnProgress,
        *,
        title: str | None = None,
        take: bool = False,
    ) -> "Future[Video]":
        """Index a file as `ingest` does, in another process; RefusedRequest where too many wait.

        on_progress is called from a thread of the pool. A video that can be searched is no failure:
        what failed of the rest stands in its notes.
        """
        if not self._room.acquire(blocking=False):
            raise RefusedRequest(
                f"{self._most} videos are being indexed or wait for it: try again when one is done"
            )
        request = {
            "home": str(library.home),
            "owner": library.owner,
            "path": str(path),
            "providers": asdict(providers),
            "options": {"title": title, "take": take},
        }
        try:
            job = self._threads.submit(self._run, library, request, on_progress)
        except RuntimeError as error:
            self._room.release()
            raise Interrupted(STOPPING) from error
        job.add_done_callback(lambda _: self._room.release())
        return job

    def close(self) -> None:
        """Stop what runs and start nothing more; each video goes on at its next index."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown(wait=True)

    def _run(self, library: Library, request: dict[str, Any], on_progress: OnProgress) -> Video:
        worker = self._free.pop()
        video, at_work = "", ""
        try:
            for event in worker.call("ingest", **request):
                video = event["video"]
                if "stage" in event:
                    at_work = event["stage"] if event["state"] == "running" else ""
                    on_progress(Progress(**event))
            return library.get(video)
        except Died as error:
            if at_work:
                record_death(library, video, at_work, str(error))
            raise
        except Interrupted:
            raise
        except VideoError as error:
            with suppress(UnknownVideo):
                found = library.get(video)
                if all(found.stages[name].state in ("done", "skipped") for name in NEEDED):
                    failed = [one.note for one in found.stages.values() if one.state == "failed"]
                    notes = dict.fromkeys((*found.notes, str(error), *failed))
                    return replace(found, notes=tuple(notes))
            raise
        finally:
            worker.close()
            self._free.append(worker)


class Died(Interrupted):
    """A process ended that nobody here had ended: a native crash, or the system took its memory."""


class Worker(Child):
    """A process of ours, with all the machine's means; it decodes in a child of its own."""

    module = "tools.ingest.workers"
    errors = None
    environment: Mapping[str, str] = {}
    folder = None  # a setting may name a folder of models from here

    def __init__(self) -> None:
        super().__init__(patience=PATIENCE)

    def death(self, code: int, cpu: float) -> VideoError:
        """What was done is kept."""
        if self._killed:
            return Interrupted(STOPPING)
        how = f"with status {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
        if -code == signal.SIGKILL:
            how += ", as the system does where memory runs out"
        return Died(f"indexing was ended {how}: index the video again to go on")


def _main() -> None:
    die_with(int(sys.argv[1]))
    answers = own_output()

    def say(**message: Any) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    request = json.loads(sys.stdin.readline())["arguments"]
    try:
        video = ingest(
            Library(Path(request["home"]), request["owner"]),
            Path(request["path"]),
            providers=Providers(**request["providers"]),
            on_progress=lambda progress: say(event=asdict(progress)),
            **request["options"],
        )
    except VideoError as error:
        say(error=type(error).__name__, text=str(error))
    except Exception as error:
        logging.getLogger(__name__).exception("indexing %s", request["path"])
        say(error=type(error).__name__, text=str(error))
    else:
        say(event={"video": video.id})
        say(done=True)


if __name__ == "__main__":
    _main()
