"""Cameras, zones and lines that a question names, and which way something goes there."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from agent.extractive.question import Question
from agent.extractive.turn import Turn
from tools.errors import Damaged
from tools.media import Evidence
from tools.text.tokens import surface_forms

WAYS = ("left", "right", "up", "down")
_MOST = 200
"""Videos that a question about a zone goes to, at most."""


def placed(turn: Turn) -> Iterator[Turn]:
    """The turn without the zone, line or camera that its question names; nothing without any.

    The longest name first. Its videos are those in which that is.
    """
    with suppress(Damaged):  # which is told where zones are asked for
        drawn, scope = turn.toolbox.cameras.areas(), turn.named or None
        names = {area.name for area in drawn.all(scope)}
        for name in sorted(names, key=len, reverse=True):
            if (rest := _without(turn, name)) is not None:
                ids = {id for videos in drawn.named(name, scope).values() for id in videos}
                for one in (*_at_camera(turn, rest, ids), (rest, ids)):
                    yield _turn(turn, *one, area=name)
        for one in _at_camera(turn, turn.text, None):
            yield _turn(turn, *one)


def _at_camera(turn: Turn, text: str, ids: set[str] | None) -> Iterator[tuple[str, set[str]]]:
    cameras = sorted(turn.toolbox.cameras.all(), key=lambda one: -len(one.name))
    for camera in cameras:
        held = {*camera.videos} if ids is None else ids & {*camera.videos}
        held &= {*turn.named} or held
        rest = _without(replace(turn, text=text), camera.name)
        if rest is not None and held:
            yield rest, held


def _turn(turn: Turn, text: str, ids: set[str], area: str = "") -> Turn:
    chosen = tuple(sorted(ids))[:_MOST]
    return replace(turn, text=text, videos=chosen, area=area, placed=True, question=Question(""))


def _without(turn: Turn, name: str) -> str | None:
    """The question without a name and the word for what bears it; None where it is not named."""
    pattern = r"\W+".join(map(re.escape, re.findall(r"\w+", name)))
    if not pattern or not (found := re.search(rf"\b{pattern}\b", turn.text, re.IGNORECASE)):
        return None
    words = turn.question.wording.words["areas"]
    rest = f"{turn.text[: found.start()]} {turn.text[found.end() :]}"
    kept = [one for one in rest.split() if not {*surface_forms(one)} & words]
    return " ".join(kept)


def way(turn: Turn) -> str:
    """Way that a question asks for: left, right, up, down; "" for any. "Left" may be a verb."""
    forms, words = surface_forms(turn.text), turn.question.wording.words
    found = ""
    for place, form in enumerate(forms):
        for name in WAYS:
            sure = form in words[f"way_{name}"]
            if sure or (
                form == name and form in words["way"] and {*forms[:place][-2:]} & words["to"]
            ):
                found = name
    return found


def events(turn: Turn, one: Evidence) -> list[float] | None:
    """Seconds at which an object does what is asked in the zone or on the line; None for anything.

    It crosses the line, this way or any; it enters the zone, or leaves it.
    """
    forms, words = {*surface_forms(turn.text)}, turn.question.wording.words
    wanted = way(turn)
    if line := _named(turn, one, "crossings"):
        return [part["at"] for part in line if wanted in ("", part["to"])]
    zones = _named(turn, one, "zones")
    if wanted:
        return [one.start] if one.facts["direction"] == wanted else []
    if zones and forms & words["leave"]:
        return [at for zone in zones for at in zone["left"]]
    if zones and forms & words["enter"]:
        return [at for zone in zones for at in zone["entered"]]
    if zones:
        return [min([one.start, *zone["entered"]], key=lambda at: (at not in zone["entered"], at))
                for zone in zones]  # fmt: skip
    return None


def seconds_inside(turn: Turn, one: Evidence) -> float | None:
    """Seconds that an object is in the zone that is asked about; None where none is."""
    zones = _named(turn, one, "zones")
    return sum(zone["seconds"] for zone in zones) if zones else None


def _named(turn: Turn, one: Evidence, kind: str) -> Sequence[dict[str, Any]]:
    name = turn.area.casefold()
    return [part for part in one.facts.get(kind, ()) if name and part["name"].casefold() == name]
