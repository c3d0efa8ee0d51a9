"""Coverage: how much of a video is indexed so far. Attached to every answer."""

import itertools
from collections.abc import Mapping

from tools.evidence import MACHINE
from tools.media import Coverage, Stage
from tools.store.records import HEARD, SUBTITLES
from tools.store.store import Store

SOURCES = {"frames": ("pass",), "speech": ("subtitles", "speech"), "screen": ("screen",)}
"""Stages by the kind of evidence that they produce."""


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
        "none",
        tuple(dict.fromkeys(notes)),
        ready,
    )


def covered(part: Coverage) -> str:
    """State of an index: complete, partial, or none that can be asked."""
    if all(share >= 1 for share in part.ready.values()) and part.screen != "partial":
        return "complete"
    return "partial" if part.frames or any(part.ready.values()) else "none"


def describe_coverage(part: Coverage) -> str:
    """Coverage in words: "31 frames, at most 4.0 s apart, speech 40 %, on-screen text complete"."""
    count = f"{part.frames} frame{'s' * (part.frames != 1)}"
    words = [count, f"at most {part.longest_gap:.1f} s apart"]
    if part.ready["frames"] < 1 and part.longest_gap:
        words[1] += " (so far)"
    for name, state, ready in (
        ("speech", part.speech, part.ready["speech"]),
        ("on-screen text", part.screen, part.ready["screen"]),
    ):
        state = MACHINE if state == "draft" else state
        words.append(f"{name} {state}" if ready == 1 else f"{name} {100 * ready:.0f} %")
    return ", ".join(words)


def _ready(stages: Mapping[str, Stage], names: tuple[str, ...]) -> float:
    """Share of the work that is done: all once any stage is done, or the last is skipped."""
    made = [stages[name] for name in names if name in stages]
    if made[-1].state == "skipped" or any(stage.state == "done" for stage in made):
        return 1.0
    return min(made[-1].progress, 0.99)


def _speech(store: Store, video: str, ready: float) -> str:
    if store.words(video, SUBTITLES):
        return "complete"
    recognised = store.words(video, HEARD)
    if any(utterance.source == "draft" for utterance in recognised):
        return "draft"
    return "partial" if ready < 1 else "complete" if recognised else "none"
