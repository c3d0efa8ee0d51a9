"""One indexing run and its stages: progress, checkpoints and results."""

import contextlib
import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.errors import Damaged, Interrupted, VideoError
from tools.files.durable import digest, read_lines, write_lines
from tools.library import Library
from tools.media import StageState
from tools.models.providers import Providers
from tools.sandbox import Child, Event
from tools.store.manifest import Manifest, is_partial, partial_name, unlisted_files, write_manifest
from tools.store.original import Original
from tools.store.records import past_file, row_builder
from tools.store.store import STAGES, WEIGHTS
from tools.vision.sampling import Strategy

REPORT_SECONDS = 0.5
"""Seconds between two notes of progress for who reads the library."""
CHECKPOINT_SECONDS = 2.0
"""Seconds between two checkpoints of a stage, at least."""
CHECKPOINT_WAIT = 10
"""How many times as long, for each second that the last checkpoint took."""


@dataclass(frozen=True)
class Progress:
    """Progress of a run: fraction is of the stage, 0 to 1; remaining is seconds for the video."""

    video: str
    stage: str
    state: StageState
    fraction: float
    remaining: float | None


OnProgress = Callable[[Progress], None]


def work_done(stage: str, fraction: float) -> float:
    """Share of the work of all stages that is done, 0 to 1, with a fraction of this stage."""
    before = sum(WEIGHTS[name] for name in STAGES[: STAGES.index(stage)])
    return (before + WEIGHTS[stage] * fraction) / sum(WEIGHTS.values())


@dataclass
class IngestRun:
    """One run over one video, by the holder of its lock."""

    library: Library
    video: str
    original: Original
    manifest: Manifest
    holds_lock: Callable[[], bool]
    child: Child
    sampling: Strategy
    max_gap: float
    providers: Providers
    on_progress: OnProgress | None
    stage: str = ""
    fingerprint: Any = None
    upload: Path | None = None
    """First name of a file that was moved in; deleted once the manifest lists the video."""
    started: float = field(default_factory=time.monotonic)
    reported_at: float = 0.0
    checkpoint_due: float = 0.0
    resumed: Manifest = field(default_factory=dict[str, Any])
    """Manifest entry of the last checkpoint of a killed run of the same stage, or of a finished one
    that left something out; or empty."""
    finishing: bool = False
    """True if the stage goes on where a finished run left something out."""

    @property
    def path(self) -> Path:
        """Path of the media file."""
        return self.original.path

    @property
    def folder(self) -> Path:
        """Folder of the video."""
        return self.library.folder(self.video)

    @property
    def models(self) -> Path:
        """Folder of downloaded weights."""
        return self.library.home / "models"

    @property
    def scratch(self) -> Path:
        """Folder for unfinished files; emptied at the start of each run."""
        return self.folder / "scratch"

    @property
    def entry(self) -> Manifest:
        """Manifest entry of the running stage: none, an older run's, or that of a checkpoint."""
        return self.manifest["stages"].get(self.stage, {})

    def decode(self, function: str, **arguments: Any) -> Iterator[Event]:
        """Run a generator of `tools.video` over the media file, in the sandbox."""
        return self.child.call(function, path=str(self.path), **arguments)

    def report(self, fraction: float, state: StageState = "running") -> None:
        """Report the progress of the running stage to the caller and to readers of the library."""
        done = work_done(self.stage, fraction)
        now = time.monotonic()
        spent = now - self.started
        remaining = spent * (1 - done) / done if done > 0.03 and spent > 1 else None
        if state == "running" and now - self.reported_at >= REPORT_SECONDS:
            self.reported_at = now
            progress = {"stage": self.stage, "fraction": round(fraction, 3)}
            with contextlib.suppress(OSError):  # for show only
                (self.folder / "progress.json").write_text(json.dumps(progress))
        if self.on_progress:
            self.on_progress(Progress(self.video, self.stage, state, fraction, remaining))

    def mark_waiting(self) -> None:
        """Mark the stage `waiting` in the manifest before its files are replaced.

        Without this, a kill between a new file and the manifest pairs it with old metadata.
        """
        if self.entry:
            waiting: Manifest = {"state": "waiting", "from": None, "files": {}}
            self.manifest["stages"][self.stage] = waiting
            self.save()

    def resumed_words(self, file: str) -> list[Any]:
        """Words of the checkpoint that this run resumes."""
        return list(map(row_builder(file), self.resumed_rows(file)))

    def resumed_rows(self, file: str) -> list[Manifest]:
        """Rows of a file of what this run resumes."""
        names = self.resumed.get("files", {})
        parts = [name for name in names if name == file or is_partial(name, file)]
        return [row for name in parts for row in read_lines(self.folder / name)]

    def checkpoint(
        self,
        file: str,
        words: Callable[[], Sequence[Any]],
        fraction: float,
        beside: Mapping[str, Callable[[], Sequence[Any]]] | None = None,
        /,
        **facts: Any,
    ) -> None:
        """Make the words found so far visible as `file`, at most every CHECKPOINT_SECONDS.

        If an older run left that file, it stays visible until `write_words`, and the checkpoint is
        only stored. What a killed stage needs to resume from there are facts (JSON), and the rows
        of files `beside`. Writing takes a small share of the time, however much there is.
        """
        now = time.monotonic()
        if now < self.checkpoint_due:
            return
        rows = {name: some() for name, some in (beside or {}).items()}
        if file not in self.entry.get("files", {}):
            rows |= self._with_replaced(file, words())
            self._save_entry({"state": "running", **self._write_parts(rows, fraction, **facts)})
        elif facts or rows:
            redo = self._write_parts({file: words(), **rows}, fraction, **facts)
            self._save_entry({**self.entry, "redo": redo})
        done = time.monotonic()
        self.checkpoint_due = done + CHECKPOINT_SECONDS * max(1.0, (done - now) * CHECKPOINT_WAIT)

    def write_words(
        self,
        *files: tuple[str, Sequence[Any]],
        beside: Mapping[str, Sequence[Any]] | None = None,
    ) -> tuple[str, ...]:
        """Write the words of the finished stage, by file, and the files beside; returns all names.

        Words that could be cited before and are replaced go into a file of their own: no search
        finds them any more, but evidence of them can still be looked up.
        """
        rows: dict[str, Sequence[Any]] = dict(beside or {})
        for file, words in files:
            rows |= self._with_replaced(file, words)
        if rows.keys() & self.entry.get("files", {}).keys():
            # Files that are listed must not change.
            self._save_entry({"state": "running", **self._write_parts(rows, 1.0)})
        for name, some in rows.items():
            if some:
                write_lines(self.folder / name, some)
        return tuple(name for name, some in rows.items() if some)

    def _with_replaced(self, file: str, words: Sequence[Any]) -> dict[str, Sequence[Any]]:
        """Words of a file, and those that can be cited and are not among them, by file."""
        ids = {word.id for word in words}
        replaced: list[Any] = []
        for name in (file, past_file(file)):
            with contextlib.suppress(Damaged):
                known = self.library.words(self.video, name)
                replaced += [word for word in known if word.id not in ids]
        return {file: words, past_file(file): replaced}

    def _write_parts(
        self, rows: dict[str, Sequence[Any]], fraction: float, **facts: Any
    ) -> Manifest:
        """Write words into files that nobody reads yet; returns the manifest entry for them."""
        files: dict[str, str] = {}
        for whole, some in rows.items():
            if some:
                name = partial_name(whole, int(self.manifest.get("generation", 0)) + 1)
                write_lines(self.folder / name, some)
                files[name] = digest(self.folder / name)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        entry: Manifest = {"progress": round(fraction, 4), "from": self.fingerprint}
        return {**entry, "files": files, "at": at, **facts}

    def _save_entry(self, entry: Manifest) -> None:
        self.manifest["stages"][self.stage] = entry
        self.save()
        self.delete_unlisted()

    def save(self) -> None:
        """Write the manifest, unless the video was removed meanwhile."""
        if not self.holds_lock():
            raise removal(self.path)
        with catalogued(self.library, self.video):
            write_manifest(self.folder, self.manifest)
        if self.upload:
            self.upload.unlink(missing_ok=True)
            self.upload = None

    def delete_unlisted(self) -> None:
        """Delete files of stages that the manifest does not list."""
        for path in unlisted_files(self.folder, self.manifest):
            path.unlink()


@dataclass(frozen=True)
class Result:
    """Result of a stage: names of files in the video's folder, and its entry in the manifest.

    `facts` (JSON) are added to the entry. `partial` is true if something was left out, as the note
    says.
    """

    files: tuple[str, ...] = ()
    state: StageState = "done"
    provider: str = ""
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    partial: bool = False


@dataclass(frozen=True)
class Step:
    """A stage: its function, its fingerprint (JSON), and its files of words if it has some.

    Words of an earlier run can still be cited after the stage is skipped.
    """

    run: Callable[[IngestRun], Result]
    fingerprint: Callable[[IngestRun], Any]
    words: tuple[str, ...] = ()


@contextlib.contextmanager
def catalogued(library: Library, video: str) -> Generator[None]:
    """Change what a video holds, and then its rows in the catalog.

    The rows are marked first: after a kill in between they are compared with the files again.
    """
    library.catalog.mark(video)
    yield
    with contextlib.suppress(VideoError):  # what is damaged is told when it is read
        library.catalog.refresh(video)


def removal(path: Path) -> Interrupted:
    """Error of a run whose video was removed meanwhile."""
    return Interrupted(f"{path.name!r} was removed while it was being indexed: index it again")
