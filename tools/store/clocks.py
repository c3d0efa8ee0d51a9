"""Wall clock of a video from its manifest: as its stage stored it, else by its file alone."""

from datetime import datetime
from pathlib import Path

from tools.clock import Clock, clock_of
from tools.clock.sources import combined, file_clocks
from tools.store.manifest import Manifest


def stored_clock(manifest: Manifest) -> Clock | None:
    """Clock of a video; None where nothing tells when it was recorded."""
    entry = manifest["stages"].get("clock", {})
    if entry.get("clock") and entry.get("state") == "done":
        return clock_of(entry["clock"])
    return combined(manifest_clocks(manifest))


def manifest_clocks(manifest: Manifest) -> list[Clock]:
    """Clocks of the sources that a manifest knows: an argument, the file's tag, name and time."""
    source: Manifest = manifest.get("source") or {}
    probe: Manifest = manifest.get("probe") or {}
    linked = bool(source.get("linked"))
    name = Path(source["path"]).stem if linked else manifest["title"]
    written = source["mtime_ns"] / 1e9 if linked else None
    duration = manifest.get("duration") or 0.0
    return file_clocks(
        manifest.get("recorded_at"), probe.get("creation_time"), name, written, duration
    )


def relied_on(clock: Clock | None) -> datetime | None:
    """Time at which a video begins, by a clock that is good enough to answer by."""
    return clock.begun if clock and clock.is_relied_on else None
