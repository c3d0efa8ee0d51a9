"""Plan of a film: its shots with their sources, as it is sent to the process that draws it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

FPS = 25
FADE = 0.4
"""Seconds in which one shot goes over into the next."""
LEAD, TAIL = 0.36, 0.3
"""Seconds of a shot before its sentence begins, and after it has ended."""
CLOSING = 0.9
"""Seconds more for the last shot of an advertisement, on which the button stands."""
FASTEST = 1.3
"""How much faster a voice may be made, so that a script fits."""

Shows = Literal["product", "clip", "still", "title", "card", "end"]
Cue = tuple[float, float, str]


@dataclass(frozen=True)
class Shot:
    """A shot: what it shows, of which file, and what is said meanwhile.

    `source` is a picture or a video, of which [start, end) is shown; a frame of it where the shot
    is a still. `cues` are captions in seconds from the start of the shot.
    """

    shows: Shows
    seconds: float = 0.0
    text: str = ""
    headline: str = ""
    source: str = ""
    start: float = 0.0
    end: float = 0.0
    named: str = ""
    """How the sheet names the source."""
    evidence: str = ""
    layout: str = ""
    button: str = ""
    cues: Sequence[Cue] = ()
    looks: Sequence[str] = ()
    speed: float = 1.0
    heard: bool = True
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Line:
    """A sentence that is spoken, if there is a voice: `voice` is a file with its sound."""

    text: str
    voice: str = ""


@dataclass(frozen=True)
class Plan:
    """A film in one size. `seconds` is its length where the shots have none of their own.

    `lines` are said one a shot where they are `bound`, and over the whole film otherwise.
    `references` are the pictures that the shots of a product must be like. `payload` is written
    as a watermark; None for no watermark.
    """

    target: str
    width: int
    height: int
    seconds: float
    shots: Sequence[Shot]
    lines: Sequence[Line] = ()
    bound: bool = False
    voice: str = ""
    """Name of the voice; empty for captions alone."""
    references: Sequence[str] = ()
    brand: str = ""
    brief: str = ""
    language: str = "en"
    seed: int = 0
    mood: str = ""
    label: str = ""
    payload: int | None = None

    def arguments(self) -> dict[str, Any]:
        """As JSON, for the other process."""
        return asdict(self)


def plan_of(arguments: dict[str, Any]) -> Plan:
    """The opposite of `Plan.arguments`."""
    rows: list[dict[str, Any]] = arguments["shots"]
    for row in rows:
        row["cues"] = [(start, end, text) for start, end, text in row["cues"]]
    lines = [Line(**line) for line in arguments["lines"]]
    made: dict[str, Any] = {**arguments, "shots": [Shot(**row) for row in rows], "lines": lines}
    return Plan(**made)
