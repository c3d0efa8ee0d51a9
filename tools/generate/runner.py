"""Run of an approved job: submit, poll, fetch, check, mark, sign, show; resumed wherever it ended.

What costs money is sent once. The intent is written before and the provider's id at once after: a
job that was killed between the two is looked for at the provider, and where that cannot tell, a
person decides. Every other step may be done again.
"""

import json
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from tools.errors import Interrupted, ProviderUnavailable, RefusedRequest, VideoError
from tools.files.durable import write_json
from tools.generate.job import UNDER_WAY, GenerationJob, Output
from tools.generate.jobs import INPUTS, MADE, WORK, Jobs, now
from tools.generate.moderation import Moderation
from tools.generate.providers import Ambiguous, Generator, Piece, Progress, Refused, Work

FETCHED, PIECES = "fetched", "pieces.json"
"""Folder of what the provider made, and the list that is written once all of it is there."""
SETTLED = 60.0
"""Seconds after which a job that was sent stands in its provider's list."""
POLL = 5.0
"""Seconds between two looks at a provider."""
UNANSWERED = 60
"""Looks in a row that a provider may leave unanswered before the job rests."""
_PIECES: TypeAdapter[list[Piece]] = TypeAdapter(list[Piece])
OnProgress = Callable[[GenerationJob], object]
Finish = Callable[[GenerationJob, Piece, Path], dict[str, Any]]
"""Checks, marks and signs a made file as the target; what was seen when it was read back. Rejected
where it is not what was asked for."""


class Rejected(VideoError):
    """A made file that is not what was asked for: nobody sees it."""


class Runner:
    """Runs the jobs of one library, each by one caller at a time. Every call blocks."""

    def __init__(
        self,
        jobs: Jobs,
        generators: Mapping[str, Generator],
        moderation: Moderation,
        finish: Finish,
        wait: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jobs, self._generators, self._moderation = jobs, generators, moderation
        self._finish, self._wait, self._clock = finish, wait, clock

    def get(self, id: str) -> GenerationJob:
        """A job as it stands."""
        return self._jobs.get(id)

    def note(self, id: str, error: str) -> None:
        """Keep why a job rests; it goes on where it is when it is run again."""
        self._jobs.change(id, error=error)

    def unfinished(self) -> list[str]:
        """Ids of the jobs that were approved and are not over, the oldest first."""
        return [job.id for job in reversed(self._jobs.list()) if job.state in UNDER_WAY]

    def run(self, id: str, on_progress: OnProgress = lambda _: None) -> GenerationJob:
        """Bring a job to its end, or as far as it goes.

        Interrupted and ProviderUnavailable leave it where it is: run again, it goes on.
        BlockingIOError where another caller runs it.
        """
        with self._jobs.working(id):
            job = self._jobs.change(id, error=None)
            while job.state in UNDER_WAY:
                on_progress(job)
                with suppress(_Cancelled):
                    step = {"approved": self._send, "running": self._follow}.get(job.state)
                    (step or self._check)(job, on_progress)
                job = self._jobs.get(id)
            on_progress(job)
            return job

    def _send(self, job: GenerationJob, on_progress: OnProgress) -> None:
        generator = self._generator(job)
        if job.intended_at and not generator.local:
            self._look_for(job, generator)
            return
        inputs = {path.name: path.read_bytes() for path in self._jobs.inputs(job)}
        verdict = self._moderation.judge(job.request, inputs)
        if verdict.verdict == "refused":
            self._jobs.change(job.id, "approved", to="refused", moderation=verdict)
            return
        self._jobs.change(job.id, "approved", intended_at=now(), moderation=verdict)
        try:
            sent = generator.submit(self._work(job, verdict.cleared))
        except Ambiguous as error:
            self._end(job, "unknown", str(error))
        except Refused as error:
            self._end(job, "refused", str(error))
        except (Interrupted, ProviderUnavailable):
            self._jobs.change(job.id, intended_at="")  # nothing was sent
            raise
        except VideoError as error:
            self._end(job, "failed", str(error))
        else:
            self._sent(job, sent, generator)

    def _look_for(self, job: GenerationJob, generator: Generator) -> None:
        """Find a job that may have been sent when it was killed; send it if it was not."""
        since = datetime.fromisoformat(job.intended_at).timestamp()
        self._wait(max(since + SETTLED - self._clock(), 0.0))
        try:
            sent = generator.find(self._work(job, job.moderation.cleared), since)
        except Ambiguous as error:
            self._end(job, "unknown", str(error))
            return
        if sent is None:
            self._jobs.change(job.id, "approved", intended_at="")
        else:
            self._sent(job, sent, generator)

    def _sent(self, job: GenerationJob, sent: str, generator: Generator) -> None:
        with suppress(RefusedRequest):  # cancelled meanwhile
            self._jobs.change(job.id, "approved", to="running", provider_id=sent)
            return
        self._jobs.change(job.id, provider_id=sent)
        generator.cancel(sent)

    def _follow(self, job: GenerationJob, on_progress: OnProgress) -> None:
        generator, unanswered = self._generator(job), 0
        while True:
            self._stop_if_cancelled(job, generator)
            try:
                told = generator.poll(job.provider_id)
            except Interrupted:
                unanswered += 1
                if unanswered >= UNANSWERED:
                    raise
                self._wait(POLL)
                continue
            unanswered = 0
            if told.state == "done":
                break
            if told.state != "running":
                self._end(job, told.state, told.reason, told)
                return
            if told.fraction != job.progress:
                job = self._jobs.change(job.id, "running", progress=told.fraction)
                on_progress(job)
            self._wait(POLL)
        self._fetch(job, generator, on_progress)
        self._jobs.change(job.id, "running", to="checking", cost_usd=told.cost_usd)

    def _fetch(self, job: GenerationJob, generator: Generator, on_progress: OnProgress) -> None:
        folder = self._jobs.folder(job.id) / FETCHED
        if (folder / PIECES).exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

        def fetched(fraction: float) -> None:
            self._stop_if_cancelled(job, generator)
            on_progress(replace(job, progress=fraction))

        work = self._work(job, job.moderation.cleared)
        try:
            pieces = generator.fetch(job.provider_id, work, folder, fetched)
        except (Interrupted, ProviderUnavailable):
            raise
        except VideoError as error:  # as an animatic whose pictures cannot be used
            self._end(job, "failed", str(error))
            raise _Cancelled from error
        told = [asdict(piece) | {"path": piece.path.name} for piece in pieces]
        write_json(folder / PIECES, told)

    def _check(self, job: GenerationJob, on_progress: OnProgress) -> None:
        if not (job.outputs and (self._jobs.folder(job.id) / MADE).exists()):
            job = self._finish_all(job)
        if job.state == "checking":
            self._jobs.show(job.id)
            if not job.leaves_machine:  # what a service made stays as it came
                shutil.rmtree(self._jobs.folder(job.id) / FETCHED, ignore_errors=True)

    def _finish_all(self, job: GenerationJob) -> GenerationJob:
        folder = self._jobs.folder(job.id)
        if not (folder / FETCHED / PIECES).exists():
            self._fetch(job, self._generator(job), lambda _: None)
        pieces = _PIECES.validate_python(
            [
                row | {"path": folder / FETCHED / row["path"]}
                for row in json.loads((folder / FETCHED / PIECES).read_bytes())
            ]
        )
        shutil.rmtree(folder / WORK, ignore_errors=True)
        (folder / WORK).mkdir()
        outputs: list[Output] = []
        seen: dict[str, Any] = {}
        try:
            for piece in pieces:
                self._stop_if_cancelled(job, self._generator(job))
                name = f"{job.id[:8]}-{piece.aspect.replace(':', 'x')}.mp4"
                seen[piece.aspect] = self._finish(job, piece, folder / WORK / name)
                place = str((folder / MADE / name).absolute())
                outputs.append(Output(place, piece.aspect, piece.duration, tuple(piece.sheet)))
        except Rejected as error:
            shutil.rmtree(folder / WORK, ignore_errors=True)
            return self._end(job, "failed", str(error))
        scores = {piece.aspect: piece.scores for piece in pieces if piece.scores}
        return self._jobs.change(
            job.id, "checking", outputs=tuple(outputs), provenance=seen, checks=scores
        )

    def _end(
        self, job: GenerationJob, state: Any, reason: str, told: Progress | None = None
    ) -> GenerationJob:
        cost = told.cost_usd if told else job.cost_usd
        states = ("approved", "running", "checking")
        return self._jobs.change(job.id, *states, to=state, error=reason, cost_usd=cost)

    def _stop_if_cancelled(self, job: GenerationJob, generator: Generator) -> None:
        if self._jobs.get(job.id).state == "cancelled":
            with suppress(Interrupted):  # it is not paid for again all the same
                generator.cancel(job.provider_id)
            shutil.rmtree(self._jobs.folder(job.id) / WORK, ignore_errors=True)
            shutil.rmtree(self._jobs.folder(job.id) / FETCHED, ignore_errors=True)
            raise _Cancelled

    def _work(self, job: GenerationJob, cleared: str) -> Work:
        inputs = self._jobs.folder(job.id) / INPUTS
        return Work(job.id, job.request, inputs, job.payload, cleared)

    def _generator(self, job: GenerationJob) -> Generator:
        if job.provider not in self._generators:
            raise ProviderUnavailable(
                f"this job needs {job.provider}, which is not set up any more: nothing is lost, "
                "set it up and run: cuepoint jobs resume"
            )
        return self._generators[job.provider]


class _Cancelled(Exception):
    """A person said no while it ran, or the job ended inside a step."""
