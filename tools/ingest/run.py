"""What the stages of one run share, and how a stage makes visible what it has so far."""

import contextlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.errors import Damaged, Interrupted
from tools.files.durable import digest, read_lines, write_lines
from tools.library import Library
from tools.media import ScreenText, StageState, Utterance
from tools.models.providers import Providers
from tools.sandbox import Child
from tools.store.manifest import Manifest, is_part, part_of, unnamed
from tools.store.original import Original
from tools.store.records import builder, past
from tools.store.store import as_rows, save_manifest
from tools.vision.sampling import Strategy

WEIGHTS = {
    "probe": 1, "subtitles": 2, "keyframes": 6, "pass": 40, "sound": 3, "screen": 45,
    "pictures": 20, "speech": 60, "speakers": 10, "vectors": 6,
}  # fmt: skip
"""Share of the time that each stage takes, for the estimate of what remains."""
CHECKPOINT_SECONDS = 2.0
"""What a stage has so far is written no more often than this."""


@dataclass(frozen=True)
class Progress:
    """One sign of life. fraction is of the stage, 0 to 1; remaining is seconds for the video."""

    video: str
    stage: str
    state: StageState
    fraction: float
    remaining: float | None


OnProgress = Callable[[Progress], None]


@dataclass
class Work:
    """One run over one video, by the holder of its lock."""

    library: Library
    video: str
    original: Original
    manifest: Manifest
    ours: Callable[[], bool]
    child: Child
    sampling: Strategy
    providers: Providers
    on_progress: OnProgress | None
    stage: str = ""
    fingerprint: Any = None
    taken: Path | None = None
    started: float = field(default_factory=time.monotonic)
    said: float = 0.0
    kept: float = 0.0
    partial: Manifest = field(default_factory=dict[str, Any])
    """What a killed run of the same stage told at its last checkpoint; nothing for another one."""

    @property
    def path(self) -> Path:
        """Where the media file lies."""
        return self.original.path

    @property
    def folder(self) -> Path:
        """Where the video's files lie."""
        return self.library.folder(self.video)

    @property
    def models(self) -> Path:
        """Where the weights lie that were downloaded."""
        return self.library.home / "models"

    @property
    def scratch(self) -> Path:
        """Where a stage writes before it is done; emptied at the start of each run."""
        return self.folder / "scratch"

    @property
    def entry(self) -> Manifest:
        """What the manifest says of the running stage: nothing, an older run, or what it has."""
        return self.manifest["stages"].get(self.stage, {})

    def say(self, stage: str, state: StageState, fraction: float) -> None:
        """Tell the caller, and whoever reads the library, how far a stage is."""
        names = list(WEIGHTS)
        before = sum(WEIGHTS[name] for name in names[: names.index(stage)])
        done = (before + WEIGHTS[stage] * fraction) / sum(WEIGHTS.values())
        now = time.monotonic()
        spent = now - self.started
        remaining = spent * (1 - done) / done if done > 0.03 and spent > 1 else None
        if state == "running" and now - self.said >= 0.5:
            self.said = now
            note = {"stage": stage, "fraction": round(fraction, 3)}
            with contextlib.suppress(OSError):  # for show only
                (self.folder / "progress.json").write_text(json.dumps(note))
        if self.on_progress:
            self.on_progress(Progress(self.video, stage, state, fraction, remaining))

    def take_back(self) -> None:
        """What the manifest says of the running stage no longer holds: its files change now.

        Without this, a kill between a new file and the manifest leaves an old stage with it.
        """
        if self.entry:
            waits: Manifest = {"state": "waiting", "from": None, "files": {}}
            self.manifest["stages"][self.stage] = waits
            self.save()

    def so_far(self, file: str) -> list[Any]:
        """The words that the running stage had found when it was killed: see `partial`."""
        make = builder(file)
        parts = [name for name in self.partial.get("files", {}) if is_part(name, file)]
        return [make(row) for name in parts for row in read_lines(self.folder / name)]

    def checkpoint(
        self, file: str, items: Callable[[], Sequence[Any]], fraction: float, **facts: Any
    ) -> None:
        """Make all that the running stage found so far visible, as `file` will be in the end.

        Where an older run left that file, it stays visible until `finish`, and what is found is
        only kept. facts (JSON) are what a killed stage needs to go on from there: see `partial`.
        Called too soon after the last time, this waits for the next.
        """
        if time.monotonic() - self.kept < CHECKPOINT_SECONDS:
            return
        if file not in self.entry.get("files", {}):
            found = items()
            self._show(file, found, self._gone(file, found), fraction, **facts)
        elif facts:
            redo = self._parts({file: items()}, fraction, **facts)
            self._list({**self.entry, "redo": redo})
        self.kept = time.monotonic()

    def finish(self, file: str, found: Sequence[Utterance | ScreenText]) -> tuple[str, ...]:
        """Write what the running stage found, and give the names of its files.

        What could be cited before and is not among it is kept apart: no search finds it any more,
        but what was said about it can still be looked up.
        """
        gone = self._gone(file, found)
        if {file, past(file)} & self.entry.get("files", {}).keys():
            self._show(file, found, gone, 1.0)  # files that are named must not change
        rows = {name: some for name, some in ((file, found), (past(file), gone)) if some}
        for name, some in rows.items():
            write_lines(self.folder / name, as_rows(some))
        return tuple(rows)

    def _gone(self, file: str, found: Sequence[Any]) -> list[Any]:
        """What can be cited, and is not among what was found."""
        ids = {one.id for one in found}
        gone: list[Any] = []
        for name in (file, past(file)):
            with contextlib.suppress(Damaged):
                gone += [o for o in self.library.words(self.video, name) if o.id not in ids]
        return gone

    def _show(
        self, file: str, found: Sequence[Any], gone: Sequence[Any], fraction: float, **facts: Any
    ) -> None:
        parts = self._parts({file: found, past(file): gone}, fraction, **facts)
        self._list({"state": "running", **parts})

    def _parts(self, rows: dict[str, Sequence[Any]], fraction: float, **facts: Any) -> Manifest:
        """Write words into files that nobody reads yet; what is to be said of them."""
        files: dict[str, str] = {}
        for whole, some in rows.items():
            if some:
                name = part_of(whole, int(self.manifest.get("generation", 0)) + 1)
                write_lines(self.folder / name, as_rows(some))
                files[name] = digest(self.folder / name)
        return {
            "progress": round(fraction, 4),
            "from": self.fingerprint,
            "files": files,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            **facts,
        }

    def _list(self, entry: Manifest) -> None:
        self.manifest["stages"][self.stage] = entry
        self.save()
        for path in unnamed(self.folder, self.manifest):
            path.unlink()

    def save(self) -> None:
        """Make the manifest visible, unless the video was removed meanwhile."""
        if not self.ours():
            raise removed(self.path)
        save_manifest(self.library, self.video, self.manifest)
        if self.taken:
            self.taken.unlink(missing_ok=True)
            self.taken = None


def removed(path: Path) -> Interrupted:
    """What a run says whose video went away under it."""
    return Interrupted(f"{path.name!r} was removed while it was being indexed: index it again")
