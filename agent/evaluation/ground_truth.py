"""Ground truth of a film, and questions about it. Times in seconds, half-open spans."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

FOUND, ABSENT, ADJACENT = "found", "absent", "adjacent"
Expect = Literal["found", "absent", "adjacent"]
"""Adjacent: the video mentions the subject, but does not state what the question asks."""


@dataclass(frozen=True)
class Interval:
    """Base of everything that happens during a span of a film."""

    start: float
    end: float


@dataclass(frozen=True)
class SpokenLine(Interval):
    """A line of speech. A fact has relation, subject and value; a mention only a subject."""

    text: str
    relation: str = ""
    subject: str = ""
    value: str = ""


@dataclass(frozen=True)
class Sign(Interval):
    """Text on screen; `label` is its subject, `value` what it states of that."""

    text: str
    kind: Literal["title", "number", "price", "name", "notice"]
    label: str = ""
    value: str = ""


@dataclass(frozen=True)
class Shape(Interval):
    """A coloured shape that moves through the picture, towards the left or the right."""

    form: str
    colour: str
    towards: Literal["left", "right"]


@dataclass(frozen=True)
class Noise(Interval):
    """A burst of `noise`, or of a `tone`; level is its amplitude, 0 to 1."""

    kind: Literal["noise", "tone"]
    level: float


@dataclass(frozen=True)
class Shot(Interval):
    """The span between two cuts, with a background of one colour."""

    colour: str


@dataclass(frozen=True)
class Film:
    """A synthetic video: the script that is rendered, and at the same time its ground truth.

    `silence` is a span without any sound, `clock` the time that the burned-in clock shows at zero.
    A film that is not `audible` has no audio track.
    """

    name: str
    shots: tuple[Shot, ...]
    lines: tuple[SpokenLine, ...]
    signs: tuple[Sign, ...]
    shapes: tuple[Shape, ...]
    noises: tuple[Noise, ...]
    audible: bool
    silence: tuple[float, float] | None = None
    clock: datetime | None = None
    recorded_at: datetime | None = None

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.shots[-1].end

    @property
    def facts(self) -> list[SpokenLine]:
        """Lines that state a fact."""
        return [line for line in self.lines if line.relation]

    @property
    def mentions(self) -> list[SpokenLine]:
        """Lines that only name the recurring subject."""
        return [line for line in self.lines if line.subject and not line.relation]

    def shots_in(self, colour: str) -> list[Shot]:
        """Shots with a background of this colour."""
        return [shot for shot in self.shots if shot.colour == colour]

    def signs_reading(self, text: str) -> list[Sign]:
        """Signs with exactly this text."""
        return [sign for sign in self.signs if sign.text == text]


@dataclass(frozen=True)
class VideoSpan:
    """A span of one video, by the name of its file."""

    video: str
    start: float
    end: float


@dataclass(frozen=True)
class Question:
    """A question about some videos, with the spans that answer it.

    A right answer states one of the `accepted` values, before any of the `rejected`; without
    accepted values the cited span is the answer. Questions of one `conversation` share a thread.
    """

    text: str
    videos: tuple[str, ...]
    kind: str
    truth: tuple[VideoSpan, ...] = ()
    accepted: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    expect: Expect = FOUND
    conversation: str = ""
    follows_up: bool = False
