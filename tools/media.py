"""Data types. Times are float seconds of presentation time from the container's start, half-open.

Pixels never travel in a type: `image` is a path relative to the library's folder.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, TypeVar

Item = TypeVar("Item")
Kind = Literal[
    "frame", "scene", "speech", "screen", "object", "sound", "motion", "chapter", "video"
]
StageState = Literal["waiting", "running", "done", "skipped", "failed"]
VideoState = Literal["queued", "indexing", "ready", "failed"]


def clock(seconds: float) -> str:
    """Format seconds: 0:12.4, 1:02:03.0. Cut, not rounded: 59.96 is not 60.0."""
    tenths = int(seconds * 10 + 1e-6)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{tenths // 10:02}.{tenths % 10}"


def timestamp(seconds: float) -> str:
    """Seconds as 0:42, 1:02:03; tenths only where they are not zero."""
    return clock(max(seconds, 0.0)).removesuffix(".0")


def time_range(start: float, end: float) -> str:
    """One timestamp, or two with a dash."""
    first = timestamp(start)
    return first if end - start < 0.05 else f"{first}\N{EN DASH}{timestamp(end)}"


def overlaps(begin: float, finish: float, start: float | None, end: float | None) -> bool:
    """True if [begin, finish) and [start, end) share a moment; instants count as moments."""
    after = start is None or finish > start or begin >= start
    before = end is None or begin < end or (start == end and begin <= end)
    return after and before


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """`count` items, evenly spaced, first and last included; count is two or more."""
    if len(items) <= count:
        return list(items)
    return [items[round(place * (len(items) - 1) / (count - 1))] for place in range(count)]


def evidence_id(kind: Kind, video: str, start: float, end: float | None = None, n: int = 1) -> str:
    """Evidence id, `kind:video@start_ms[-end_ms][#n]`; n counts those of one kind and span."""
    span = f"{round(start * 1000)}"
    if end is not None and round(end * 1000) != round(start * 1000):
        span += f"-{round(end * 1000)}"
    return f"{kind}:{video}@{span}" + (f"#{n}" if n > 1 else "")


@dataclass(frozen=True)
class Stage:
    """State of one stage of indexing; progress is 0 to 1, seconds is the time it took."""

    state: StageState = "waiting"
    progress: float = 0.0
    provider: str = ""
    seconds: float = 0.0
    note: str = ""
    partial: bool = False
    """True of a finished stage that left something out."""


@dataclass(frozen=True)
class Video:
    """One indexed file. width, height and fps are None for sound alone; sizes are upright."""

    id: str
    title: str
    path: str
    duration: float
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    recorded_at: datetime | None = None
    state: VideoState = "queued"
    notes: tuple[str, ...] = ()
    stages: Mapping[str, Stage] = field(default_factory=dict[str, Stage])


@dataclass(frozen=True)
class Frame:
    """One kept picture; reason says why the sampler kept it."""

    video: str
    seconds: float
    image: str
    reason: str

    @cached_property
    def id(self) -> str:
        return evidence_id("frame", self.video, self.seconds)


@dataclass(frozen=True)
class Attributes:
    """Measurements of one frame's pixels. Shares and levels are 0 to 1."""

    video: str
    seconds: float
    colours: Mapping[str, float]
    brightness: float
    saturation: float
    motion: float


@dataclass(frozen=True)
class Scene:
    """A shot between two cuts; image is a frame from inside it."""

    video: str
    start: float
    end: float
    image: str | None

    @cached_property
    def id(self) -> str:
        return evidence_id("scene", self.video, self.start, self.end)


@dataclass(frozen=True)
class Chapter:
    """A span with one subject; `heading` is the id of the evidence that the title is taken from."""

    video: str
    start: float
    end: float
    title: str
    heading: str

    @cached_property
    def id(self) -> str:
        return evidence_id("chapter", self.video, self.start, self.end)


DOUBTFUL = 0.5
"""Confidence below which recognised speech proves nothing."""


@dataclass(frozen=True)
class Utterance:
    """One piece of speech; source is `subtitles`, `whisper:…` or `draft`.

    language is a short code (`de`), empty if unknown. confidence is the recogniser's mean over
    the words, 0 to 1.
    """

    video: str
    start: float
    end: float
    text: str
    speaker: str | None = None
    source: str = "subtitles"
    confidence: float = 1.0
    n: int = 1
    language: str = ""

    @cached_property
    def id(self) -> str:
        return evidence_id("speech", self.video, self.start, self.end, self.n)


@dataclass(frozen=True)
class ScreenText:
    """Text seen on screen; box is left, top, right, bottom as shares of the picture, 0 to 1.

    `at_least` is true if a picture beside its span was not read: it may stand there for longer.
    """

    video: str
    start: float
    end: float
    text: str
    box: tuple[float, float, float, float]
    confidence: float = 1.0
    n: int = 1
    at_least: bool = False

    @cached_property
    def id(self) -> str:
        return evidence_id("screen", self.video, self.start, self.end, self.n)


@dataclass(frozen=True)
class Sighting:
    """One object before a fixed camera, from the moment it comes into view until it leaves.

    `label` is empty where only movement tells of it, `colour` where the light shows none.
    `direction` is left, right, up, down or empty; `dwell` the seconds that it stands still.
    `seconds` is the moment of its best view, and `image` a picture of it. `boxes` are a time and
    left, top, right, bottom as shares of the picture, one a second. `source` is `motion`, or the
    detector's name.
    """

    video: str
    start: float
    end: float
    label: str
    colour: str
    direction: str
    dwell: float
    confidence: float
    seconds: float
    boxes: tuple[tuple[float, float, float, float, float], ...]
    source: str = "motion"
    image: str | None = None
    n: int = 1

    @cached_property
    def id(self) -> str:
        return evidence_id("object", self.video, self.start, self.end, self.n)


Worded = TypeVar("Worded", Utterance, ScreenText)
Counted = TypeVar("Counted", Utterance, ScreenText, Sighting)


FOLLOWING_SECONDS = 2.0
"""Seconds within which the next text may go on with the sentence of one."""


def speaker_of(text: Utterance | ScreenText) -> str:
    """Label of who speaks; empty if unknown, and for text on screen."""
    return (text.speaker or "") if isinstance(text, Utterance) else ""


def follows(text: Utterance | ScreenText, later: Utterance | ScreenText) -> bool:
    """True if a text of the same video begins right after one, and may go on with its sentence."""
    return text.video == later.video and -0.05 <= later.start - text.end <= FOLLOWING_SECONDS


def numbered(items: Iterable[Counted]) -> Iterator[Counted]:
    """Number the items of each span of time, so that their ids differ."""
    count: Counter[str] = Counter()
    for item in items:
        count[item.id] += 1
        yield replace(item, n=count[item.id])


@dataclass(frozen=True)
class Evidence:
    """Evidence of an answer; score is higher for better and comparable within one result.

    facts are its content as data, by kind (`tools.evidence`): text is made of them, never parsed.
    language is that of speech, a short code (`de`), empty if unknown.
    """

    id: str
    video: str
    start: float
    end: float
    kind: Kind
    text: str
    image: str | None = None
    score: float = 0.0
    source: str = ""
    language: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


SPEECHLESS = "nobody speaks in the sound"
"""Note of a video in whose sound no voice was found."""


@dataclass(frozen=True)
class Coverage:
    """Indexed part of a video; longest_gap is the longest time without a kept frame, in seconds.

    ready is the share of the work that is done for `frames`, `speech` and `screen`, 0 to 1.
    """

    video: str
    duration: float
    frames: int
    longest_gap: float
    speech: str
    screen: str
    objects: str
    notes: tuple[str, ...] = ()
    ready: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def is_speechless(self) -> bool:
        """True if the sound was listened to, and nobody speaks in it."""
        return self.speech == "none" and SPEECHLESS in self.notes
