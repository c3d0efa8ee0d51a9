"""Stage of the wall clock: when each second of the video was, by all sources together."""

from bisect import bisect_left
from pathlib import Path
from typing import Any

from tools.clock import DAY, Segment, clock_from
from tools.clock.readings import Shown, digits_of, screen_readings, subtitle_readings
from tools.clock.sidecars import clock_sidecars, sidecar_time
from tools.clock.sources import combined, shown_clock
from tools.errors import VideoError
from tools.ingest.run import IngestRun, Result
from tools.store.clocks import manifest_clocks
from tools.store.records import READ, SUBTITLES
from tools.vision import ocr

STEP = 0.25
"""Seconds between two pictures among which a jump of the clock is looked for."""
PICTURES = 64
"""Pictures for one jump, at most."""
MARGIN = 0.02
"""Room around a clock that is read again, in shares of the picture."""
OFF = 3.0
"""Seconds by which what is read may differ from both sides of a jump."""


def wall_clock(run: IngestRun) -> Result:
    """Combine an argument, the file's tags, name and time, files beside it, and a drawn clock."""
    manifest, library = run.manifest, run.library
    clocks = manifest_clocks(manifest)
    beside = [at for path in _sidecars(run) if (at := sidecar_time(path))]
    clocks += [clock_from(at, "sidecar") for at in beside[:1]]
    best = combined(clocks)
    near = best.begun.date() if best else None
    cues = library.words(run.video, SUBTITLES)
    if told := shown_clock(subtitle_readings(cues, near), "sidecar", clocks):
        clocks = [one for one in clocks if one.source != "sidecar"] + [told]
    texts = library.words(run.video, READ)
    frames = [frame.seconds for frame in library.index_frames(run.video)]
    shown = screen_readings(texts, frames, near)
    if seen := shown_clock(shown, "screen", clocks, place_jump=_JumpFinder(run)):
        clocks.append(seen)
    clock = combined(clocks)
    if clock is None:
        return Result(state="skipped", note="nothing tells when it was recorded")
    apart = [one for one in clock.others if not one.agrees]
    said = "; ".join(f"{one.source}: {one.begun:%Y-%m-%d %H:%M:%S}" for one in apart)
    note = f"other sources differ: {said}" if said else ""
    return Result((), "done", clock.source, note, {"clock": clock.row()})


def clock_sources(run: IngestRun) -> Any:
    """Fingerprint: a rerun for another argument, file, sidecar, or other texts."""
    manifest = run.manifest
    files = [manifest["stages"].get(name, {}).get("files", {}) for name in ("screen", "subtitles")]
    source = manifest["source"]
    facts = [source["path"], source["mtime_ns"]] if source["linked"] else []
    stamps = [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in _sidecars(run)]
    return [1, manifest["recorded_at"], facts, stamps, files]


def _sidecars(run: IngestRun) -> list[Path]:
    return clock_sidecars(run.path) if run.manifest["source"]["linked"] else []


class _JumpFinder:
    """Finder of the second at which the clock on the picture jumps, by reading it again.

    The pictures between two that were read are decoded, and halved until both sides are neighbours.
    """

    def __init__(self, run: IngestRun) -> None:
        self._run = run
        self._reader: ocr.TextReader | None = None

    def __call__(
        self, shown: Shown, before: Segment, after: Segment, start: float, end: float
    ) -> float | None:
        count = min(int((end - start) / STEP), PICTURES)
        if count < 2:
            return None
        step = (end - start) / count
        wanted = [round(start + step * number, 3) for number in range(1, count)]
        given = {"target": str(self._run.scratch), "seconds": wanted}
        try:
            events = [e["frame"] for e in self._run.decode("tools.video.jpeg:pictures", **given)
                      if "frame" in e]  # fmt: skip
            return self._place(shown, before, after, (start, end), events)
        except VideoError:
            return None  # the middle between two readings will do

    def _place(
        self,
        shown: Shown,
        before: Segment,
        after: Segment,
        span: tuple[float, float],
        pictures: list[Any],
    ) -> float:
        pictures.sort(key=lambda one: one["seconds"])
        times = [one["seconds"] for one in pictures]
        start, end = span
        while True:
            inside = pictures[bisect_left(times, start + 1e-3) : bisect_left(times, end - 1e-3)]
            if not inside:
                return (start + end) / 2
            one = inside[len(inside) // 2]
            is_after = self._is_after(one, shown, before, after)
            if is_after is None:
                return (start + end) / 2
            start, end = (start, one["seconds"]) if is_after else (one["seconds"], end)

    def _is_after(self, picture: Any, shown: Shown, before: Segment, after: Segment) -> bool | None:
        """True if a picture shows the clock after its jump; None where that cannot be read."""
        if self._reader is None:
            chosen = self._run.providers
            self._reader = ocr.load_text_reader(chosen.text_reader, chosen.threads)
        if self._reader is None:
            return None
        left, top, right, bottom = shown.box
        part = max(left - MARGIN, 0.0), max(top - MARGIN, 0.0)
        part = *part, min(right + MARGIN, 1.0), min(bottom + MARGIN, 1.0)
        lines = self._reader.read(self._run.scratch / picture["name"], part)
        read = digits_of(" ".join(line.text for line in lines), shown.order)
        if read is None:
            return None
        apart = [
            abs(one.at + (picture["seconds"] - one.start) * one.rate - read.at)
            for one in (before, after)
        ]
        if not read.dated:
            apart = [min(one % DAY, -one % DAY) for one in apart]
        return apart[1] < apart[0] if min(apart) <= OFF + read.step else None
