"""Times of the shots of a film: each has what it says, and they fill the length that was asked."""

from collections.abc import Sequence
from typing import NamedTuple

from tools.errors import RefusedRequest
from tools.generate.animatic.plan import CLOSING, FADE, FASTEST, FPS, LEAD, TAIL

READ, SHORTEST = 0.33, 1.6
"""Seconds in which a word is read, and least seconds of a shot."""


class Slot(NamedTuple):
    """Times of a shot and of its spoken sentence, in seconds of the film; [start, end)."""

    start: float
    end: float
    spoken: float
    silent: float


class Spoken(NamedTuple):
    """Slots of all shots, and how much faster the voice has to be."""

    slots: list[Slot]
    faster: float


def on_frames(seconds: float) -> float:
    """The nearest time at which a frame begins."""
    return round(seconds * FPS) / FPS


def spoken_slots(
    texts: Sequence[str], voices: Sequence[float], seconds: float, closing: float = CLOSING
) -> Spoken:
    """Slots of shots that each say a sentence, together so many seconds.

    `voices` are the lengths of the sentences as spoken, 0 where nothing is: then it is read.
    RefusedRequest where it can't be said in that time.
    """
    count = len(texts)
    spare = seconds - count * (LEAD + TAIL) - closing
    lengths = [voice or len(text.split()) * READ for text, voice in zip(texts, voices, strict=True)]
    said = sum(lengths)
    faster = max(said / spare, 1.0) if spare > 0 else FASTEST + 1
    if faster > FASTEST:
        raise RefusedRequest(
            f"the script takes about {said + count * (LEAD + TAIL):.0f} s to say, and the film has "
            f"{seconds:g} s: shorten it, or ask for a longer film"
        )
    lengths = [one / faster for one in lengths]
    needs = [max(LEAD + one + TAIL, SHORTEST) for one in lengths]
    needs[-1] += closing
    left = max(seconds - sum(needs), 0.0)
    scale = min(seconds / sum(needs), 1.0)
    slots: list[Slot] = []
    at = 0.0
    for number, (length, need) in enumerate(zip(lengths, needs, strict=True)):
        share = 0.8 * left / count + (0.2 * left if number == count - 1 else 0.0)
        start, at = on_frames(at), at + need * scale + share
        last = number == count - 1
        end = seconds if last else min(on_frames(at) + FADE, seconds)
        slots.append(Slot(start, end, start + LEAD, start + LEAD + length))
    return Spoken(slots, faster)


def joined_slots(lengths: Sequence[float]) -> list[Slot]:
    """Slots of shots of given lengths, each going over into the next."""
    slots: list[Slot] = []
    at = 0.0
    for length in lengths:
        start = on_frames(at)
        end = max(on_frames(start + length), start + 1 / FPS)
        fade = min(FADE, length / 3)
        slots.append(Slot(start, end, start, start))
        at = on_frames(end - fade)
    return slots
