"""Follow-up questions: what they point at in the conversation before, by rule."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.extractive.intents import Intent, plain
from agent.extractive.question import INSTANT, Question
from agent.extractive.reply import Side
from agent.extractive.turn import Place, Turn, places
from tools.text.expressions import times
from tools.text.tokens import surface_forms

HANDLE = re.compile(r"\[(\d{1,4})\]|\b(?:number|no\.?|nummer)\s*(\d{1,3})\b|#(\d{1,3})\b")
_SHIFT = re.compile(
    r"\b(?:later|after|on|further|earlier|before|back|später|davor|vorher)\b", re.IGNORECASE
)
_BACK = re.compile(r"\b(?:earlier|before|back|davor|vorher)\b", re.IGNORECASE)
_OTHER = re.compile(
    r"\b(?:other|second|another|next|andere\w*) (?:video|clip|film)\b", re.IGNORECASE
)
SHORT = 8
"""Words of a question, at most, that go on with the one before."""
_LISTED = ("count", "first", "last", "nth")
_GOING_ON = (
    "search", "overview", "count", "first", "last", "named", "nth", "after", "before", "alike",
    "can't recognise", "can't count",
)  # fmt: skip
"""Intents of questions that may only go on with the one before."""
NOTHING = {"intent": "search", "slot": [], "words": [], "modality": "any", "text": ""}
"""The plan of an answer that kept none."""
_RULES_OF_WORDS = ("count", "first", "last", "named", "search", "nth")


def resolve(turn: Turn) -> tuple[Turn, Side | None]:
    """The turn as it is meant after the turns before it; and the side of what it points at."""
    asked, handles = turn.question, turn.handles
    if match := HANDLE.search(turn.text):
        number = int(next(part for part in match.groups() if part))
        if not 0 < number <= len(handles):
            return turn, None
        return _at(turn, places(handles[number - 1 : number])[0])
    if not (turn.before or turn.shown):
        return turn, None
    before: Mapping[str, Any] = {**NOTHING, **turn.before}
    content = asked.content
    if _OTHER.search(turn.text) and turn.shown and len(turn.videos) > 1:
        others = [v for v in turn.videos if v != turn.shown[0].video]
        rest = replace(turn, videos=tuple(others), shown=())
        return (rest if content else _again(rest, before, str(before["intent"]))), None
    language = asked.wording.words
    forms = surface_forms(turn.text)
    if before["intent"] in ("scenes", "cuts") and asked.intent.name == "which_most":
        name = "shortest_scene" if "shortest" in turn.text.lower() else "longest_scene"
        return replace(turn, question=replace(asked, intent=Intent(name))), None
    if shifted := _shifted(turn):
        return shifted, None
    if asked.intent.name in _LISTED and not asked.intent.slot and before["words"]:
        return _again(turn, before), None
    if turn.shown and not content and asked.intent.name in _GOING_ON:
        side = _side(forms, asked)
        points = bool(set(forms) & (language["there"] | language["ordinals"] | language["last"]))
        if asked.intent.name == "alike":
            return replace(turn, at=_nth(turn.shown, asked.nth or 1)), None
        if side and (points or len(forms) <= SHORT) and not asked.nth:
            first = side == "before" or turn.by_likeness
            return replace(turn, at=turn.shown[0 if first else -1]), side
        if side and asked.nth:
            return replace(turn, at=_nth(turn.shown, asked.nth)), side
        if asked.nth and before["intent"] in _LISTED and not asked.window:
            return _again(turn, before), None
        if asked.nth and not asked.window:
            if 0 < asked.nth <= len(turn.shown) or asked.nth < 0:
                return _at(turn, _nth(turn.shown, asked.nth))
            return _again(turn, before), None
        if set(forms) & language["again"] and before["words"]:
            return _again(turn, before), None
        of_whole = asked.intent.name == "overview" and asked.modality == "any"
        if points and not of_whole and not asked.window:
            return _at(turn, turn.shown[0])
    if (
        len(forms) <= SHORT
        and forms
        and forms[0] in language["also"]
        and content
        and not set(forms) & (language["asks"] - language["also"])
        and asked.intent.name == "search"
        and not asked.window
    ):
        name = str(before["intent"])
        if name in _RULES_OF_WORDS:
            intent = Intent(name, tuple(content))
            return replace(turn, question=replace(asked, intent=intent)), None
    if set(forms) & language["pronouns"] and before["words"]:
        topic = tuple(w for w in before["words"] if w not in asked.words)
        near = turn.shown[0] if turn.shown else None
        return replace(turn, question=replace(asked, topic=topic), near=near), None
    if turn.shown and (forms[:1] == ["and"] or forms[:1] == ["und"]):
        return replace(turn, near=turn.shown[0]), None
    return turn, None


def _side(forms: Sequence[str], asked: Question) -> Side | None:
    words = asked.wording.words
    if set(forms) & words["before"]:
        return "before"
    then = set(forms) & words["after"] or forms[-1:] == ["then"]
    return "after" if then else None


def _nth(shown: Sequence[Place], number: int) -> Place:
    return shown[-1 if number < 0 else min(number, len(shown)) - 1]


def _at(turn: Turn, place: Place) -> tuple[Turn, Side | None]:
    """The turn at a piece of evidence that was shown."""
    turn = replace(turn, at=place)
    return turn, _side(surface_forms(turn.text), turn.question)


def _again(turn: Turn, before: Mapping[str, Any], name: str = "") -> Turn:
    """The last question once more, of another kind: "how often?", "the third time?"."""
    words = tuple(map(str, before["slot"] or before["words"]))
    asked, own = turn.question, turn.question.intent.name
    if not name and own in _RULES_OF_WORDS and own != "search":
        name = own
    question = replace(
        asked, intent=Intent(name or ("nth" if asked.nth else "count"), words), words=words,
        text=str(before["text"]),
        modality=before["modality"] if asked.modality == "any" else asked.modality,
    )  # fmt: skip
    return replace(turn, question=question)


def _shifted(turn: Turn) -> Turn | None:
    """ "Ten seconds later": the moment so far from what was shown."""
    text = plain(turn.text)
    found, rest = times(text)
    lengths = [t for t in found if _SHIFT.match(text[t.place[1] :].lstrip())]
    if not lengths or not turn.shown or len(surface_forms(rest)) > SHORT:
        return None
    by = lengths[0].end * (-1 if _BACK.search(turn.text) else 1)
    before = turn.before.get("window")
    base = before[0] if before and before[1] - before[0] < INSTANT else turn.shown[0].start
    at = min(max(base + by, 0.0), max(turn.video.duration - 0.1, 0.0))
    return replace(
        turn, question=replace(turn.question, window=(at, at), words=(), intent=Intent("moment"))
    )
