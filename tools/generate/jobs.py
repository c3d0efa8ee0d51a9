"""Records of generation jobs: a folder each, whose `job.json` is written whole at every step."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from tools.errors import RefusedRequest, VideoError
from tools.files.durable import lock, move_folder_into_place, sync_folder, write_bytes, write_json
from tools.generate.job import GenerationJob, State, Step
from tools.generate.options import GenerationOptions

RECORD, INPUTS, WORK, MADE = "job.json", "inputs", "work", "made"
"""Names in a job's folder: the receipt, what it is made of, what is not whole yet, what is."""
PROPOSED = 50
"""Proposals that wait for a person at once, at most."""
_JOB: TypeAdapter[GenerationJob] = TypeAdapter(GenerationJob)


class UnknownJob(VideoError):
    """No job, or more than one, goes by this id."""


class Jobs:
    """Jobs of one library. Safe to call from several threads and processes."""

    def __init__(self, root: Path, options: GenerationOptions) -> None:
        self.root, self._options = root / "generations", options

    def folder(self, id: str) -> Path:
        """Folder of a job."""
        return self.root / id

    def inputs(self, job: GenerationJob) -> list[Path]:
        """Files that a job is made of."""
        return [self.folder(job.id) / INPUTS / name for name in job.request.inputs]

    def list(self) -> "list[GenerationJob]":
        """All jobs, the newest first."""
        found: list[GenerationJob] = []
        for path in self.root.glob(f"*/{RECORD}"):
            with suppress(UnknownJob):  # removed meanwhile
                found.append(self._read(path.parent.name))
        return sorted(found, key=lambda job: job.history[0].at, reverse=True)

    def get(self, ref: str) -> GenerationJob:
        """The job of an id, or of the start of one."""
        if not (4 <= len(ref) <= 16 and set(ref) <= set("0123456789abcdef")):
            raise UnknownJob(f"{ref[:40]!r} is no id of a job: `cuepoint jobs list` lists them")
        found = [path.parent.name for path in self.root.glob(f"{ref}*/{RECORD}")]
        if len(found) != 1:
            several = f"{len(found)} jobs begin with" if found else "there is no job"
            raise UnknownJob(f"{several} {ref!r}: `cuepoint jobs list` lists them")
        return self._read(found[0])

    def by_payload(self, payload: int) -> GenerationJob | None:
        """The job whose watermark a file carries."""
        with suppress(UnknownJob):
            return self.get(f"{payload:08x}")
        return None

    def add(self, job: GenerationJob, inputs: Mapping[str, bytes]) -> GenerationJob:
        """Keep a new job with its inputs; RefusedRequest where too many wait already."""
        if job.state == "proposed":
            waiting = sum(one.state == "proposed" for one in self.list())
            if waiting >= PROPOSED:
                raise RefusedRequest(
                    f"{waiting} proposals wait for a yes or no already: decide on some first "
                    "(`cuepoint jobs list`)"
                )
        folder = self.folder(job.id)
        (folder / INPUTS).mkdir(parents=True)
        for name, data in inputs.items():
            write_bytes(folder / INPUTS / name, data)
        kept = replace(job, history=(Step(job.state, now(), job.asked_by),))
        self._write(kept)
        return kept

    def change(
        self, id: str, *states: State, by: str = "", to: State | None = None, **fields: Any
    ) -> GenerationJob:
        """Change a job in one of these states, or in any; RefusedRequest where it is in another."""
        with self._locked(id):
            job = self._read(id)
            if states and job.state not in states:
                raise RefusedRequest(f"the job {id[:8]} is {job.state} already")
            if to and to != job.state:
                fields["history"] = (*job.history, Step(to, now(), by))
                fields["state"] = to
            changed = replace(job, **fields)
            self._write(changed)
            return changed

    def approve(self, id: str, by: str) -> GenerationJob:
        """Note a person's yes; RefusedRequest where it would go over the budget.

        One that may have been sent already is sent again: a person looked, and pays again.
        """
        with lock(self.root / "budget.lock"):
            job = self.get(id)
            if job.state in ("proposed", "unknown"):
                self._check_budget(job)
            return self.change(
                job.id, "proposed", "unknown", by=by, to="approved",
                approved_by=by, approved_at=now(), intended_at="", provider_id="", error=None,
            )  # fmt: skip

    def cancel(self, id: str, by: str) -> GenerationJob:
        """Note a person's no, at any time before it is over; what runs stops when it sees it."""
        job = self.get(id)
        states: tuple[State, ...] = ("proposed", "unknown", "approved", "running", "checking")
        return self.change(job.id, *states, by=by, to="cancelled")

    def remove(self, id: str) -> None:
        """Delete a job that is over, with its files."""
        job = self.get(id)
        if not job.over:
            raise RefusedRequest(f"the job {job.id[:8]} is {job.state}: cancel it first")
        folder = self.folder(job.id)
        (folder / RECORD).unlink()
        sync_folder(folder)
        shutil.rmtree(folder)

    def show(self, id: str) -> GenerationJob:
        """Let the files of a checked job be seen, all at once, and note that it is done."""
        folder = self.folder(id)
        with self._locked(id):
            job = self._read(id)
            if job.state != "checking" or not job.outputs:
                raise RefusedRequest(f"the job {id[:8]} is {job.state}: nothing was checked")
            if not (folder / MADE).exists():  # else it was killed right after
                move_folder_into_place(folder / WORK, folder / MADE)
            done = replace(
                job, state="done", progress=1.0, history=(*job.history, Step("done", now()))
            )
            self._write(done)
            return done

    @contextmanager
    def working(self, id: str) -> Generator[None]:
        """Be the only one that runs a job; BlockingIOError where another one does."""
        with lock(self.folder(id) / "work.lock", wait=False):
            yield

    def _check_budget(self, job: GenerationJob) -> None:
        options, price = self._options, job.price_usd
        if price is None:
            raise RefusedRequest(
                f"the price of {job.provider} is not known, so it cannot be held to a budget: name "
                "it by CUEPOINT_VIDEOS_USD_PER_SECOND, or for speech CUEPOINT_SPEECH_USD_PER_1000"
            )
        if not price:
            return
        if price > options.generate_job_usd:
            raise RefusedRequest(
                f"this would cost {price:.2f} USD, and a job may cost "
                f"{options.generate_job_usd:g} (CUEPOINT_GENERATE_JOB_USD)"
            )
        spent = sum(_spent(one, now()[:10]) for one in self.list())
        if spent + price > options.generate_day_usd:
            raise RefusedRequest(
                f"this would cost {price:.2f} USD, {spent:.2f} are spent today, and a day may cost "
                f"{options.generate_day_usd:g} (CUEPOINT_GENERATE_DAY_USD)"
            )

    @contextmanager
    def _locked(self, id: str) -> Generator[None]:
        with lock(self.folder(id) / "job.lock"):
            yield

    def _read(self, id: str) -> GenerationJob:
        try:
            return _JOB.validate_json((self.folder(id) / RECORD).read_bytes())
        except FileNotFoundError:
            raise UnknownJob(f"there is no job {id!r}: `cuepoint jobs list` lists them") from None

    def _write(self, job: GenerationJob) -> None:
        write_json(self.folder(job.id) / RECORD, asdict(job))


def _spent(job: GenerationJob, today: str) -> float:
    """US dollars of a day that a job may have cost: each yes counts, as it may have been sent."""
    times = sum(step.state == "approved" and step.at[:10] == today for step in job.history)
    price = job.price_usd or 0.0
    last = price if job.cost_usd is None else job.cost_usd
    was_sent = bool(job.intended_at) or not job.over
    return price * (times - 1) + (last if was_sent else 0.0) if times else 0.0


def new_id() -> str:
    """Id of a new job, 16 hexadecimal digits."""
    return secrets.token_hex(8)


def now() -> str:
    """Time of a step, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def digest_of(request: Any, inputs: Mapping[str, bytes]) -> str:
    """Digest of a request and of the files that it is made of: what a verdict is about."""
    known = hashlib.sha256(json.dumps(asdict(request), sort_keys=True).encode())
    for name in sorted(inputs):
        known.update(name.encode() + b"\0" + hashlib.sha256(inputs[name]).digest())
    return known.hexdigest()
