"""Coverage: how much of a video is indexed so far. Attached to every answer."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from tools.evidence import MACHINE
from tools.media import Coverage, Stage, timestamp
from tools.store.records import HEARD, SUBTITLES
from tools.store.store import Store
from tools.vision.sampling import MAX_GAP

SOURCES = {"frames": ("pass",), "speech": ("subtitles", "speech"), "screen": ("screen",)}
"""Stages by the kind of evidence that they produce."""
_SPEECH = {
    "complete": "all speech", "draft": f"speech {MACHINE}", "partial": "a part of the speech",
    "none": "no speech found",
}  # fmt: skip
_SCREEN = {
    "complete": "all on-screen text read", "partial": "on-screen text read in part",
    "none": "on-screen text not read",
}  # fmt: skip
"""Words for what is known of speech and of on-screen text once their indexing has ended."""
BESIDE = 1.0
"""Seconds within which evidence lies beside a stretch."""


def coverage(store: Store, video: str) -> Coverage:
    """Measure the coverage of a video."""
    indexed = store.get(video)
    times = [0.0, *(frame.seconds for frame in store.frames(video)), indexed.duration]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    ready = {kind: _ready(indexed.stages, names) for kind, names in SOURCES.items()}
    notes = [*indexed.notes, *(stage.note for stage in indexed.stages.values() if stage.note)]
    notes += [
        f"{name} is still to come" for name, s in indexed.stages.items() if s.state == "waiting"
    ]
    screen = indexed.stages["screen"]
    missing = ready["screen"] < 1 or screen.partial
    return Coverage(
        video,
        indexed.duration,
        len(times) - 2,
        round(max(gaps), 3) if len(times) > 2 else indexed.duration,
        _speech(store, video, ready["speech"]),
        "none" if screen.state == "skipped" else "partial" if missing else "complete",
        _objects(indexed.stages.get("sightings")),
        tuple(dict.fromkeys(notes)),
        ready,
    )


@dataclass(frozen=True)
class Unseen:
    """A stretch without any frame, beside or within the evidence of these handles."""

    video: str
    start: float
    end: float
    handles: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """One line that says beside which evidence nothing was looked at."""
        marks = " ".join(f"[{handle}]" for handle in self.handles)
        start, end = (timestamp(at) for at in (self.start, self.end))
        return f"Beside {marks}: {start} to {end} not looked at."

    def meets(self, start: float, end: float) -> bool:
        """True if the span lies beside the stretch, or within."""
        return start <= self.end + BESIDE and end >= self.start - BESIDE


def unseen(store: Store, video: str) -> list[Unseen]:
    """Stretches longer than `max_gap` without a frame: damaged, or without room for pictures.

    In an intact file a frame that nothing follows stands on screen that long.
    """
    indexed = store.get(video)
    done = indexed.stages.get("pass")
    if indexed.width is None or done is None or done.state != "done":
        return []
    manifest = store.manifest(video)
    most = float(manifest.get("options", {}).get("max_gap", MAX_GAP))
    times = [0.0, *(frame.seconds for frame in store.frames(video)), indexed.duration]
    gaps = [Unseen(video, a, b) for a, b in itertools.pairwise(times) if b - a > most]
    if not gaps or manifest["stages"]["pass"].get("damaged", 0):
        return gaps
    decoded = store.signals(video)["seconds"]
    return [gap for gap in gaps if ((decoded > gap.start) & (decoded < gap.end)).any()]


def covered(part: Coverage) -> str:
    """State of an index: complete, partial, or none that can be asked."""
    if all(share >= 1 for share in part.ready.values()) and part.screen != "partial":
        return "complete"
    return "partial" if part.frames or any(part.ready.values()) else "none"


def describe_coverage(part: Coverage) -> str:
    """Coverage in words: "31 frames, at most 4.0 s apart, speech 40 %, all on-screen text read"."""
    count = f"{part.frames} frame{'s' * (part.frames != 1)}"
    words = [count, f"at most {part.longest_gap:.1f} s apart"]
    if part.ready["frames"] < 1 and part.longest_gap:
        words[1] += " (so far)"
    words += [
        told[state] if part.ready[kind] == 1 else f"{name} {100 * part.ready[kind]:.0f} %"
        for kind, name, state, told in (
            ("speech", "speech", part.speech, _SPEECH),
            ("screen", "on-screen text", part.screen, _SCREEN),
        )
    ]
    return ", ".join(words)


def _ready(stages: Mapping[str, Stage], names: tuple[str, ...]) -> float:
    """Share of the work that is done: all once any stage is done, or the last is skipped."""
    made = [stages[name] for name in names if name in stages]
    if made[-1].state == "skipped" or any(stage.state == "done" for stage in made):
        return 1.0
    return min(made[-1].progress, 0.99)


def _objects(stage: Stage | None) -> str:
    """complete, `motion` where nothing names them, or none."""
    if stage is None or stage.state != "done":
        return "none"
    return "motion" if stage.provider == "motion" else "complete"


def _speech(store: Store, video: str, ready: float) -> str:
    if store.words(video, SUBTITLES):
        return "complete"
    recognised = store.words(video, HEARD)
    if any(utterance.source == "draft" for utterance in recognised):
        return "draft"
    return "partial" if ready < 1 else "complete" if recognised else "none"
