"""Pool of processes that index videos, each one at a time; the others wait in their order.

Indexing must not slow or end answers: decoding, text recognition and models run in processes of
their own, which may crash or run out of memory. A process ends with its video, and so frees the
memory of its models.
"""

import json
import logging
import signal
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tools.errors import Interrupted, UnknownVideo, VideoError
from tools.ingest.pipeline import NEEDED, ingest, record_crash
from tools.ingest.run import OnProgress, Progress
from tools.library import Library
from tools.media import Video
from tools.models.providers import Providers
from tools.sandbox import Child
from tools.sandbox.process import die_with, json_output

STOPPING = "Cuepoint is stopping: the video goes on at its next index"
PATIENCE = 7 * 86400.0
"""Seconds without progress; it may wait for another program that indexes the same video."""


class Pool:
    """Pool of indexing processes. Safe for many threads."""

    def __init__(self, processes: int) -> None:
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="index")
        self._workers: dict[Worker, Future[Video] | None] = {}
        """Those of videos that are indexed, or wait for their turn."""

    def index(
        self,
        library: Library,
        path: Path,
        providers: Providers,
        on_progress: OnProgress,
        *,
        subtitles: Sequence[Path] = (),
        **options: Any,
    ) -> "Future[Video]":
        """Index a file with `ingest` in another process; Interrupted once the pool is closed.

        The options are those of `ingest` that JSON can hold. on_progress is called from a thread of
        the pool. A video that can be searched is no failure: errors of its other stages become
        notes.
        """
        request = {
            "home": str(library.home),
            "owner": library.owner,
            "path": str(path),
            "providers": asdict(providers),
            "subtitles": list(map(str, subtitles)),
            "options": options,
        }
        worker = Worker()
        self._workers[worker] = None
        try:
            running = self._threads.submit(self._run, library, request, on_progress, worker)
        except RuntimeError as error:
            raise Interrupted(STOPPING) from error
        self._workers[worker] = running
        running.add_done_callback(lambda _: self._workers.pop(worker, None))
        return running

    def stop(self, running: "Future[Video]") -> None:
        """End the index of one video, begun or not; the next one goes on where it was."""
        if not running.cancel():
            for worker, known in list(self._workers.items()):
                if known is running:
                    worker.kill()

    def close(self) -> None:
        """Stop all processes and start no more; each video is resumed at its next run."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in list(self._workers):
            worker.kill()
        self._threads.shutdown(wait=True)

    def _run(
        self,
        library: Library,
        request: dict[str, Any],
        on_progress: OnProgress,
        worker: "Worker",
    ) -> Video:
        video, stage = "", ""
        try:
            for event in worker.call("ingest", **request):
                video = event["video"]
                if "stage" in event:
                    stage = event["stage"] if event["state"] == "running" else ""
                    on_progress(Progress(**event))
            return library.get(video)
        except Interrupted as error:
            if stage and isinstance(error, Crashed):
                record_crash(library, video, stage, str(error))
            raise
        except VideoError as error:
            with suppress(UnknownVideo):
                made = library.get(video)
                if all(made.stages[name].state in ("done", "skipped") for name in NEEDED):
                    failed = [s.note for s in made.stages.values() if s.state == "failed"]
                    notes = dict.fromkeys((*made.notes, str(error), *failed))
                    return replace(made, notes=tuple(notes))
            raise
        finally:
            worker.close()


class Crashed(Interrupted):
    """A process that we did not end has ended: a native crash, or the system ran out of memory."""


class Worker(Child):
    """Process without the limits of a decoder; it decodes in a child of its own."""

    module = "tools.ingest.workers"
    errors = None
    environment: Mapping[str, str] = {}
    folder = None  # a setting may name a folder of models from here

    def __init__(self) -> None:
        super().__init__(patience=PATIENCE)

    def exit_error(self, code: int, cpu: float) -> VideoError:
        """Error for an unexpected exit; finished stages are kept."""
        if self._killed:
            return Interrupted(STOPPING)
        how = f"with status {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
        if -code == signal.SIGKILL:
            how += ", as the system does where memory runs out"
        return Crashed(f"indexing was ended {how}: index the video again to go on")


def _main() -> None:
    die_with(int(sys.argv[1]))
    write = json_output()
    request = json.loads(sys.stdin.readline())["arguments"]
    with answering(write, request["path"]):
        video = ingest(
            Library(Path(request["home"]), request["owner"]),
            Path(request["path"]),
            providers=Providers(**request["providers"]),
            on_progress=lambda progress: write(event=asdict(progress)),
            subtitles=[Path(path) for path in request["subtitles"]],
            **request["options"],
        )
        write(event={"video": video.id})


@contextmanager
def answering(write: Callable[..., None], what: str) -> Generator[None]:
    """Answer the parent in the end: that all is done, or which error came."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, VideoError):
            logging.getLogger(__name__).exception("indexing %s", what)
        write(error=type(error).__name__, text=str(error))
    else:
        write(done=True)


if __name__ == "__main__":
    _main()
