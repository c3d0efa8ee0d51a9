"""Follow-up questions: what they point at in the conversation before, by rule."""

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.extractive.intents import Intent
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
_RULES_OF_WORDS = ("count", "first", "last", "named", "search", "nth")


def resolve(turn: Turn) -> tuple[Turn, Side | None]:
    """The turn as it is meant after the turns before it; and the side of what it points at."""
    asked, handles = turn.question, turn.handles
    if match := HANDLE.search(turn.text):
        number = int(next(part for part in match.groups() if part))
        if not 0 < number <= len(handles):
            return turn, None
        return _at(turn, places(handles[number - 1 : number])[0])
    if not turn.before:
        return turn, None
    if _OTHER.search(turn.text) and turn.shown and len(turn.videos) > 1:
        others = [v for v in turn.videos if v != turn.shown[0].video]
        rest = replace(turn, videos=tuple(others), shown=())
        own = [w for w in asked.words if not asked.points(w)]
        return (rest if own else _again(rest)), None
    language = asked.wording.words
    forms = [form for form in surface_forms(turn.text)]
    content = [w for w in asked.words if not asked.points(w)]
    if turn.before["intent"] in ("scenes", "cuts") and asked.intent.name == "which_most":
        name = "shortest_scene" if "shortest" in turn.text.lower() else "longest_scene"
        return replace(turn, question=replace(asked, intent=Intent(name))), None
    if shifted := _shifted(turn):
        return shifted, None
    if turn.shown and not content and asked.intent.name in _GOING_ON:
        side = _side(forms, asked)
        points = bool(
            set(forms) & (language["there"] | language["ordinals_set"] | language["last"])
        )
        if asked.intent.name == "alike":
            return replace(turn, at=_nth(turn.shown, asked.nth or 1)), None
        if side and (points or len(forms) <= SHORT) and not asked.nth:
            return replace(turn, at=turn.shown[0] if side == "before" else turn.shown[-1]), side
        if side and asked.nth:
            return replace(turn, at=_nth(turn.shown, asked.nth)), side
        if asked.nth and turn.before["intent"] in _LISTED and not asked.window:
            return _again(turn, asked.nth), None
        if asked.nth and not asked.window:
            if 0 < asked.nth <= len(turn.shown) or asked.nth < 0:
                return _at(turn, _nth(turn.shown, asked.nth))
            return _again(turn, asked.nth), None
        if set(forms) & language["again"] and turn.before["words"]:
            return _again(turn), None
        if points and asked.intent.name != "overview" and not asked.window:
            return _at(turn, turn.shown[0])
    if (
        len(forms) <= SHORT
        and forms
        and forms[0] in language["also"]
        and content
        and asked.intent.name == "search"
        and not asked.window
    ):
        name = str(turn.before["intent"])
        if name in _RULES_OF_WORDS:
            intent = Intent(name, tuple(content))
            return replace(turn, question=replace(asked, intent=intent)), None
    if set(forms) & language["pronouns"] and turn.before["words"]:
        topic = tuple(w for w in turn.before["words"] if w not in asked.words)
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


def _again(turn: Turn, nth: int = 0) -> Turn:
    """The last question once more, of another kind: "how often?", "the third time?"."""
    words = tuple(str(w) for w in (turn.before.get("slot") or turn.before["words"]))
    asked, own = turn.question, turn.question.intent.name
    name = own if own in _RULES_OF_WORDS and own != "search" else "nth" if nth else ""
    if not name:
        forms = set(surface_forms(turn.text))
        last = forms & asked.wording.words["last"]
        name = (
            "last"
            if last
            else "count"
            if forms & asked.wording.words["again"]
            else str(turn.before["intent"])
        )
    question = replace(
        asked, intent=Intent(name, words), nth=nth, words=words, text=str(turn.before["text"])
    )
    return replace(turn, question=question)


def _shifted(turn: Turn) -> Turn | None:
    """ "Ten seconds later": the moment so far from what was shown."""
    found, rest = times(turn.text)
    lengths = [t for t in found if _SHIFT.match(turn.text[t.place[1] :].lstrip())]
    if not lengths or not turn.shown or len(surface_forms(rest)) > SHORT:
        return None
    by = lengths[0].end * (-1 if _BACK.search(turn.text) else 1)
    before = turn.before.get("window")
    base = before[0] if before and before[1] - before[0] < INSTANT else turn.shown[0].start
    at = min(max(base + by, 0.0), max(turn.video.duration - 0.1, 0.0))
    return replace(
        turn, question=replace(turn.question, window=(at, at), words=(), intent=Intent("moment"))
    )
