"""Finishing of what an index left out, one video at a time, when nothing else is asked.

The work runs in a process of its own at the lowest priority. It rests between two pictures while a
question is answered: no lock but that of its video is held there.
"""

import json
import logging
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from tools.errors import Damaged, Interrupted, UnreadableMedia, VideoError
from tools.ingest.pipeline import ingest, recorded_options
from tools.ingest.run import OnProgress, Progress
from tools.ingest.workers import Worker, answering
from tools.library import Library
from tools.sandbox.process import die_with, json_output
from tools.store.original import Original
from tools.store.store import STAGES

PAUSE, GO = b"p", b"g"
"""What the process is told, a byte each."""
TRIES = 3
"""Times that one video is tried: what an older release left out is made anew, and then finished."""
LOWEST = 19
"""Priority of the process, as `nice` counts."""
_log = logging.getLogger(__name__)


def finish(library: Library, video: str, on_progress: OnProgress | None = None) -> None:
    """Go on with the stages of a video that left something out, with its own settings.

    Raises UnreadableMedia if its file is another one by now.
    """
    manifest = library.manifest(video)
    path = library.original(video)
    if Original.identify(path, library.root).checksum != manifest["sha256"]:
        raise UnreadableMedia(f"{path.name!r} is another file than the one that was indexed")
    made = tuple(name for name in STAGES if name in manifest["stages"])
    ingest(library, path, only=made, on_progress=on_progress, **recorded_options(manifest))


def unfinished(library: Library) -> list[str]:
    """Videos of which a stage left something out, and that are not being indexed."""
    with suppress(Damaged):  # which whoever asks is told
        return [
            video.id
            for video in library.list()
            if video.state in ("ready", "failed")
            and any(stage.partial for stage in video.stages.values())
        ]
    return []


class FinishingWorker(Worker):
    """Process that finishes one video, and rests when it is told to."""

    module = "tools.ingest.finishing"

    def tell(self, word: bytes) -> None:
        """Send a word to the process, if it still runs."""
        if (process := self._process) and process.stdin:
            with suppress(OSError, ValueError):
                process.stdin.write(word)
                process.stdin.flush()


class Finisher:
    """One worker that finishes videos until none is left, and then waits for `wake`."""

    def __init__(
        self,
        library: Library,
        on_finished: Callable[[str], None] = lambda _: None,
        make_worker: Callable[[], FinishingWorker] = FinishingWorker,
    ) -> None:
        self.on_finished = on_finished
        """Called, in a thread, with the id of a video whose files may have changed."""
        self._library = library
        self._worker = make_worker()
        self._answering = 0
        self._told = False
        """True while the process reads the words that it is told."""
        self._closed = False
        self._tries: Counter[str] = Counter()
        self.now: Progress | None = None
        """Progress of the video that is being finished."""
        self._changed = threading.Condition()
        self._woken = True
        self._thread = threading.Thread(target=self._work, name="finish", daemon=True)

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def wake(self) -> None:
        """Look again for videos that are unfinished."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    @contextmanager
    def resting(self) -> Generator[None]:
        """Rest while a question is answered."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def close(self) -> None:
        """End the process; the next index, or the next start, goes on where it was."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._worker.kill()
        if self._thread.is_alive():
            self._thread.join()

    def _count(self, by: int) -> None:
        with self._changed:
            before, self._answering = self._answering, self._answering + by
            if self._told and bool(before) != bool(self._answering):
                self._worker.tell(PAUSE if self._answering else GO)
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed or (self._woken and not self._answering)
                )
                if self._closed:
                    return
                self._woken = False
            left = [one for one in unfinished(self._library) if self._tries[one] < TRIES]
            if left:
                self._finish(left[0])
                self.wake()

    def _finish(self, video: str) -> None:
        arguments = {"home": str(self._library.home), "owner": self._library.owner, "video": video}
        self._tries[video] += 1
        try:
            for event in self._worker.call("finish", **arguments):
                self.now = Progress(**event) if event else None
                with self._changed:
                    if not self._told:
                        self._told = True
                        if self._answering:
                            self._worker.tell(PAUSE)
        except Interrupted as error:
            _log.info("finishing %s: %s", video, error)
        except VideoError as error:  # as it will be the next time
            self._tries[video] = TRIES
            _log.warning("finishing %s: %s", video, error)
        finally:
            with self._changed:
                self._told = False
            self.now = None
            self._worker.close()  # and so frees the memory of its models
        self.on_finished(video)


def _main() -> None:
    die_with(int(sys.argv[1]))
    write = json_output()
    os.nice(LOWEST)
    request = json.loads(sys.stdin.readline())["arguments"]
    may_go = threading.Event()
    may_go.set()

    def listen() -> None:
        while word := os.read(0, 1):  # not `sys.stdin`, whose lock would outlive this thread
            (may_go.set if word == GO else may_go.clear)()

    def report(progress: Progress) -> None:
        write(event=asdict(progress))
        may_go.wait()

    threading.Thread(target=listen, daemon=True).start()
    write(event={})  # it listens from now on
    with answering(write, request["video"]):
        library = Library(Path(request["home"]), request["owner"])
        finish(library, request["video"], report)


if __name__ == "__main__":
    _main()
