"""What is known of a made video, and of a question. Times in seconds, half-open spans."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

FOUND, ABSENT, ADJACENT = "found", "absent", "adjacent"
Expect = Literal["found", "absent", "adjacent"]
"""Adjacent: the video speaks of the subject, and does not tell what is asked of it."""


@dataclass(frozen=True)
class Sentence:
    """Something said. A fact has a relation, a subject and a value; a mention only a subject."""

    start: float
    end: float
    text: str
    relation: str = ""
    subject: str = ""
    value: str = ""


@dataclass(frozen=True)
class Sign:
    """Text on screen. `label` is what a sign is about, `value` what it tells of that."""

    start: float
    end: float
    text: str
    kind: Literal["title", "number", "price", "name", "notice"]
    label: str = ""
    value: str = ""


@dataclass(frozen=True)
class Shape:
    """A coloured shape that moves through the picture, towards the left or the right."""

    start: float
    end: float
    form: str
    colour: str
    towards: Literal["left", "right"]


@dataclass(frozen=True)
class Noise:
    """A burst of `noise`, or of a `tone`; level is its amplitude, 0 to 1."""

    start: float
    end: float
    kind: Literal["noise", "tone"]
    level: float


@dataclass(frozen=True)
class Shot:
    """What lies between two cuts, before a background of one colour."""

    start: float
    end: float
    colour: str


@dataclass(frozen=True)
class Film:
    """Everything that a made video holds; a truth and a script at the same time.

    `silence` is where the track holds no sound at all, `clock` what the burned-in clock shows at
    zero. A film that is not `audible` has no sound track.
    """

    name: str
    shots: tuple[Shot, ...]
    sentences: tuple[Sentence, ...]
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

    def facts(self, relation: str = "") -> list[Sentence]:
        """The sentences that tell something, of one relation or of any."""
        return [s for s in self.sentences if s.relation and relation in ("", s.relation)]

    def mentions(self, subject: str) -> list[Sentence]:
        """The sentences that only name a subject."""
        return [s for s in self.sentences if s.subject == subject and not s.relation]


@dataclass(frozen=True)
class Span:
    """A stretch of one video, by the name of its file."""

    video: str
    start: float
    end: float


@dataclass(frozen=True)
class Question:
    """What is asked of some videos, and what is true.

    The answer tells one of the `accepted` values, before any of `instead`; where none is listed
    the moment is the answer. `conversation` names the thread, whose later questions follow up.
    """

    text: str
    videos: tuple[str, ...]
    kind: str
    truth: tuple[Span, ...] = ()
    accepted: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    expect: Expect = FOUND
    conversation: str = ""
    follows_up: bool = False
