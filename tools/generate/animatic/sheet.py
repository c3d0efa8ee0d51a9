"""Sheet of a film: the source of every shot and sound, and what of it is synthetic."""

from collections.abc import Mapping, Sequence
from typing import Any

from tools.generate.animatic.plan import Plan, Shot
from tools.generate.animatic.product import Product
from tools.generate.animatic.timeline import Slot

DRAWN = {"title", "card", "end"}
"""Shots of which everything is drawn."""


def sheet_of(
    plan: Plan, slots: Sequence[Slot], products: Mapping[str, Product]
) -> list[dict[str, Any]]:
    """A row a shot, then one for the voice and one for the music.

    `synthetic` lists what was made by a machine; `source` is empty where all of it was.
    """
    rows: list[dict[str, Any]] = []
    for number, (shot, slot) in enumerate(zip(plan.shots, slots, strict=True), 1):
        rows.append(
            {
                "shot": number,
                "start": round(slot.start, 3),
                "end": round(slot.end, 3),
                "shows": shot.shows,
                "source": shot.named,
                "span": [shot.start, shot.end] if shot.end > shot.start else None,
                "evidence": shot.evidence,
                "text": shot.text,
                "synthetic": _synthetic(shot, products),
            }
        )
    if plan.lines:
        said = [line.text for line in plan.lines]
        voice = {"part": "voice", "source": plan.voice, "text": " ".join(said)}
        rows.append({**voice, "synthetic": ["voice"] if plan.voice else []})
    if plan.mood:
        rows.append({"part": "music", "source": "", "text": plan.mood, "synthetic": ["music"]})
    if any(shot.cues for shot in plan.shots) or plan.lines:
        rows.append({"part": "captions", "source": "", "text": "", "synthetic": ["captions"]})
    return rows


def _synthetic(shot: Shot, products: Mapping[str, Product]) -> list[str]:
    if shot.shows in DRAWN:
        return ["drawing"]
    if shot.shows == "product":
        cut = ["cut_out"] if products[shot.source].is_cut else []
        return ["background", "shadow", "movement", *cut]
    if shot.shows == "still":
        return ["movement", *shot.looks]
    return [*shot.looks, *(["speed"] if shot.speed != 1.0 else [])]
