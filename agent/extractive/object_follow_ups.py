"""Follow-up questions about objects, made whole: the thing, the zone and the camera are kept."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from agent.extractive import cameras
from agent.extractive.intents import languages
from agent.extractive.objects import GROUPS, KEPT, Sought, named_object
from agent.extractive.question import Question
from agent.extractive.turn import Turn
from tools.text.tokens import surface_forms
from tools.vision.colour import COLOUR_WORDS

_BEGUN = re.compile(
    r"(?:and|und|what about|how about|was ist mit|wie (?:ist|sieht|steht) es mit)\b", re.IGNORECASE
)
LONGEST = 12
"""Words of a question, at most, that goes on with the one before."""


def object_follow_ups(turn: Turn) -> Iterator[Turn]:
    """The turn as it goes on with a question about objects; nothing where it does not."""
    before = turn.before.get(KEPT)
    if before and "[" not in turn.text and len(surface_forms(turn.text)) <= LONGEST:
        for one in (*cameras.placed(turn), turn):
            if made := _going_on(one, before):
                yield made


def _going_on(turn: Turn, before: Mapping[str, Any]) -> Turn | None:
    """The question that goes on with one about objects, whole: "and people?", "which one longest?".

    What it does not name is as before: the thing, the zone or line, the camera and the times. None
    where it is whole itself, or about anything else.
    """
    words, forms = turn.question.wording.words, surface_forms(turn.text)
    many, where = words["many"], words["enter"] | words["leave"] | words["way"]
    where |= {form for name in cameras.WAYS for form in words[f"way_{name}"]}
    how = many | words["stay"] | words["longest"] | words["per"] | words["busy"]
    groups = frozenset[str]().union(*(words[f"by_{name}"] for name in GROUPS))
    idle = words["ones"] | words["per"] | groups | words["busy"] | words["busy_idle"]
    what = named_object(turn, before["videos"], idle, needed=False)
    if what is None or {*forms} & (words["why"] | words["videos"]):
        return None
    asks, points = {*forms} & (how | where), {*forms} & (words["ones"] | words["pronouns"])
    is_begun = _BEGUN.match(turn.text.strip())
    if what.word and not is_begun and not points:
        return None
    if not (what.word or what.colour or asks or turn.placed):
        return None
    if {*forms} & how:
        thing = "" if what.word else f" {before['word'] or 'something'}"
        colour = "" if what.word or what.colour else f" {before['colour']}".rstrip()
        kept = "" if {*forms} & where else _only(before["text"], where | words["to"])
        text = f"{turn.text.rstrip(' ?!.')}{colour}{thing} {kept}?"
    else:
        text = _with_other_object(before, what)
        if {*forms} & where:
            text = f"{_without(text, where)} {_only(turn.text, where | words['to'])}?"
    if before["times"]:
        text = f"{text.rstrip(' ?!.')} {before['times']}?"
    kept_area = "" if turn.placed else str(before["area"])
    videos = tuple(before["videos"])
    if turn.placed:
        videos, kept_area = turn.videos, turn.area or _still_there(turn, str(before["area"]))
    elif turn.named:
        videos = tuple(one for one in videos if one in turn.named) or turn.named
    placed = turn.placed or bool(before["placed"])
    made = replace(turn, text=" ".join(text.split()), area=kept_area, videos=videos, placed=placed,
                   goes_on=True, question=Question(""))  # fmt: skip
    window = before["window"]
    if window and made.question.window is None:
        made.question = replace(made.question, window=(window[0], window[1]))
    return made


def _still_there(turn: Turn, area: str) -> str:
    """A zone or line if it is drawn in the videos of a turn, too; else ""."""
    drawn = turn.toolbox.cameras.areas().all(turn.videos)
    return area if any(one.name == area for one in drawn) else ""


def _only(text: str, wanted: frozenset[str]) -> str:
    return " ".join(one for one in text.split() if {*surface_forms(one)} & wanted)


def _without(text: str, unwanted: frozenset[str]) -> str:
    kept = [one for one in text.rstrip(" ?!.").split() if not {*surface_forms(one)} & unwanted]
    return " ".join(kept)


def _with_other_object(before: Mapping[str, Any], what: Sought) -> str:
    """The question before with another thing or colour in the place of its own."""
    text, old = str(before["text"]), {str(before["word"])}
    thing = what.word or str(before["word"]) or "something"
    new = f"{what.colour} {thing}".strip()
    placed = [one for one in text.split() if {*surface_forms(one)} & old]
    kept = [one for one in text.split() if not _is_colour(one)]
    told = [new if one in placed else one for one in kept]
    return " ".join(told if placed else [*kept, new])


def _is_colour(word: str) -> bool:
    named = [one.colours for one in languages().values()]
    return any(f in COLOUR_WORDS or any(f in of for of in named) for f in surface_forms(word))
