"""Generation requests: what is to be made, of what, how long and in which formats."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text_to_video", "image_to_video", "video_to_video", "teaser", "captions", "narration", "ad"
]
"""Kinds of requests. A teaser joins cited moments; captions and narration are put on a moment."""
Aspect = Literal["16:9", "9:16", "1:1"]
SIZES: dict[Aspect, tuple[int, int]] = {
    "16:9": (1280, 720),
    "9:16": (720, 1280),
    "1:1": (720, 720),
}
"""Width and height of an output, in pixels."""
LONGEST = 60.0
"""Seconds of an output, at most."""


@dataclass(frozen=True)
class Moment:
    """A span of a video that a request uses; `evidence` is the id that it rests on."""

    video: str
    start: float
    end: float
    evidence: str = ""


@dataclass(frozen=True)
class GenerationRequest:
    """A request as a person approves it; nothing in it changes afterwards.

    `inputs` are names of files in the job's own folder: pictures (and for `video_to_video` one
    clip), copied there when it was proposed. `script` are sentences to speak and to caption.
    """

    kind: Kind
    prompt: str
    seconds: float
    aspects: tuple[Aspect, ...] = ("16:9",)
    moments: tuple[Moment, ...] = ()
    inputs: tuple[str, ...] = ()
    script: tuple[str, ...] = ()
    title: str = ""
    language: str = "en"
    voice: bool = True
    music: bool = True
    label: bool = False
    """A visible label in the picture says that it was made by a machine."""
    seed: int = 0
