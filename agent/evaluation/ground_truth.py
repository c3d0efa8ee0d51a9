"""Ground truth of a film, and questions about it. Times in seconds, half-open spans."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from agent.evaluation.hand import Hand

Expect = Literal["found", "absent", "adjacent", "outside", "cannot"]
"""What a question expects. Found: something that answers it. Adjacent: the video mentions the
subject, but does not state what is asked. Outside: the time asked for is beyond the end. Cannot: no
answer can do what is asked."""


@dataclass(frozen=True)
class Interval:
    """Base of everything that happens during a span of a film."""

    start: float
    end: float


@dataclass(frozen=True)
class Text(Interval):
    """A line of speech or a sign. A fact has a subject and a value, a mention only a subject.

    `relation` is that of the fact, or "title" or "notice" of a sign that states none.
    """

    text: str
    relation: str = ""
    subject: str = ""
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

    `hand` is who made it. Its speech is in `lines`, its writing in `signs`. `clock` is the time
    that the burned-in clock shows at zero, `silence` a span without any sound; a film without one
    has no audio track.
    """

    hand: Hand
    name: str
    shots: tuple[Shot, ...]
    lines: tuple[Text, ...]
    signs: tuple[Text, ...]
    shapes: tuple[Shape, ...]
    noises: tuple[Noise, ...]
    silence: tuple[float, float] | None = None
    clock: datetime | None = None
    recorded_at: datetime | None = None

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.shots[-1].end

    @property
    def facts(self) -> list[Text]:
        """Lines that state a fact."""
        return [line for line in self.lines if line.value]

    @property
    def mentions(self) -> list[Text]:
        """Lines that only name the recurring subject."""
        return [line for line in self.lines if line.subject and not line.value]

    def shots_in(self, colour: str) -> list[Shot]:
        """Shots with a background of this colour."""
        return [shot for shot in self.shots if shot.colour == colour]

    def signs_reading(self, text: str) -> list[Text]:
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
    `facts` is what the maker of the film would tell of the whole: three of them must be told, each
    by its first words and, where it has more, by one of those.
    """

    text: str
    videos: tuple[str, ...]
    kind: str
    truth: tuple[VideoSpan, ...] = ()
    accepted: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    expect: Expect = "found"
    conversation: str = ""
    follows_up: bool = False
    facts: tuple[tuple[str, ...], ...] = ()
