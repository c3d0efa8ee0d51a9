"""What of a video was looked at, as it stands now: an answer while it is indexed says so."""

import itertools
from collections.abc import Mapping

from tools.media import Coverage, Stage
from tools.store.records import HEARD, SUBTITLES
from tools.store.store import Store

SOURCES = {"frames": ("pass",), "speech": ("subtitles", "speech"), "screen": ("screen",)}
"""The stages that each kind of evidence comes from."""


def coverage(store: Store, video: str) -> Coverage:
    """What there is to answer from; a part that is still being made says how far it is."""
    one = store.get(video)
    times = [0.0, *(frame.seconds for frame in store.frames(video)), one.duration]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    ready = {kind: _ready(one.stages, names) for kind, names in SOURCES.items()}
    notes = [*one.notes, *(stage.note for stage in one.stages.values() if stage.note)]
    notes += [f"{name} is still to come" for name, s in one.stages.items() if s.state == "waiting"]
    return Coverage(
        video,
        one.duration,
        len(times) - 2,
        round(max(gaps), 3) if len(times) > 2 else one.duration,
        _speech(store, video, ready["speech"]),
        _screen(one.stages["screen"], ready["screen"]),
        "none",
        tuple(dict.fromkeys(notes)),
        ready,
    )


def told(one: Coverage) -> str:
    """In words: "31 frames, at most 4.0 s apart, speech 40 %, on-screen text complete"."""
    frames = f"{one.frames} frame{'s' * (one.frames != 1)}, at most {one.longest_gap:.1f} s apart"
    if one.ready["frames"] < 1 and one.longest_gap:
        frames += " (so far)"
    parts = {"speech": one.speech, "on-screen text": one.screen}
    for name, kind in (("speech", "speech"), ("on-screen text", "screen")):
        if one.ready[kind] < 1:
            parts[name] = f"{one.ready[kind]:.0%}".replace("%", " %")
    return ", ".join([frames, *(f"{name} {state}" for name, state in parts.items())])


def _ready(stages: Mapping[str, Stage], names: tuple[str, ...]) -> float:
    """The share that is done: 1 where the first is done, or the last one is, whatever it found."""
    there = [stages[name] for name in names if name in stages]
    if any(stage.state == "done" for stage in there):
        return 1.0
    return min(there[-1].progress, 0.99) if there[-1].state != "skipped" else 1.0


def _speech(store: Store, video: str, ready: float) -> str:
    if store.words(video, SUBTITLES):
        return "complete"
    heard = store.words(video, HEARD)
    if not heard:
        return "none" if ready == 1 else "partial"
    if any(one.source == "draft" for one in heard):
        return "draft"
    return "complete" if ready == 1 else "partial"


def _screen(stage: Stage, ready: float) -> str:
    if stage.state == "skipped":
        return "none"
    return "partial" if ready < 1 or stage.partial else "complete"
