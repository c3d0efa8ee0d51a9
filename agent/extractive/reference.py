"""What a question in the middle of a conversation refers to, by rule.

"The second one", "ten seconds later", "what was said there?", "and the last time?", "how many does
she carry?": each becomes a plan of its own, with a place in the video or words from before.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from agent.extractive.modality import ALIKE_WORDS, ASKS_ALIKE
from agent.extractive.query import (
    NUMBER,
    ORDINAL,
    ORDINALS,
    Edge,
    Plan,
    asked_words,
    find_modality,
    nth_scene,
    ordinal,
    plain,
    seconds,
    understand,
)
from agent.extractive.video_questions import concepts
from tools.evidence import parse_id
from tools.text.clean import word_set

Direction = Literal["", "before", "after"]
_VAGUE = {"a": "1", "an": "1", "a few": "5", "a couple of": "2", "half a": "0.5"}
_AMOUNT = rf"({NUMBER}|{'|'.join(_VAGUE)})"
_LATER = re.compile(
    rf"\b{_AMOUNT} (seconds?|secs?|s|minutes?|mins?) (later|after|afterwards|on|further|earlier|"
    r"before|prior|sooner|back)\b"
)
_ORDINAL = re.compile(rf"\b({ORDINAL}|last|final)\b")
_NTH_SHOWN = re.compile(
    rf"\b({ORDINAL}|last|other) (ones?|moment|result|hit|match|frame|quote|citation|picture|scene)\b"
)
_NTH_TIME = re.compile(
    rf"\b({ORDINAL}) (?:time|mention|appearance|occurrence)\b|"
    rf"^(?:and |but |ok |so )?(?:what about |how about )?(?:the )?({ORDINAL})[?.! ]*$"
)
_STRETCH = re.compile(
    rf"\b(?:in|during|for) the (?:last |next |first )?{_AMOUNT} (seconds?|secs?|s|minutes?|mins?) "
    r"(?:right |just |immediately |directly )?(before|after) (?:that|this|it)\b"
)
_HANDLE = re.compile(r"\[(\d{1,4})\]|\b(?:number|no\.?|citation|result)\s*(\d{1,3})\b|#(\d{1,3})\b")
_NEIGHBOUR = re.compile(
    r"\b(before|after(?:wards?)?|next|then|following|followed|previous(?:ly)?|preceding|earlier|"
    r"prior|later|beforehand)\b"
)
_BACK = word_set("before previous previously preceding earlier prior beforehand sooner back")
_AT_THAT_TIME = re.compile(
    r"\b(said|say(?:ing)?|shown|on screen|see|seen|visible|colou?r|written)\b"
)
"""With what "then" means that moment ("what was said then?") and not what follows it."""
_THERE = re.compile(
    r"\b(there|then|that|this|these|those|same time|same moment|meanwhile|at the time|it|moment)\b"
)
_WHEN = re.compile(
    r"\b(when|what time|timestamp|how far in|which (?:second|minute|moment)|where)\b"
)
_PRONOUN = re.compile(r"\b(it|its|she|her|hers|he|his|him|they|them|their|that|this|those|these)\b")
_ALSO = re.compile(r"^(?:(?:and|but|or|so|ok|okay|now)\b[, ]*)?(?:what|how) about\b|^and\b|^or\b")
_OFTEN = re.compile(
    r"\bhow (?:often|many times)\b|\bevery time\b|\ball (?:of )?(?:them|the times)\b"
)
_AGAIN = re.compile(r"\b(again|once more|another time|any other|anywhere else|else|other times?)\b")
_OWN_LIST = re.compile(
    r"\b(?:captions?|subtitles?|slides?|sentences?|words?|lines?|titles?|signs?)\b"
)
"""What a first or last one of is not one of the mentions before."""
_OTHER_VIDEO = re.compile(
    r"\b(?:other|second|another|next) (?:video|clip|film|recording)\b|\bin the other\b"
)
_SURE = re.compile(
    r"\bwhy do you (?:think|say)\b|\bare you sure\b|\bhow do you know\b|\bsays who\b"
)


@dataclass(frozen=True)
class Place:
    """Evidence that was shown: where it lies."""

    id: str
    video: str
    start: float
    end: float


@dataclass(frozen=True)
class Turn:
    """One earlier question: how it was understood and what was shown for it, in that order."""

    plan: "Referring"
    shown: tuple[Place, ...]


@dataclass(frozen=True)
class Referring:
    """A plan, and what of it comes from the conversation.

    at is evidence that the answer is about; direction asks for what comes before or after it.
    when asks for its time.
    """

    plan: Plan
    at: Place | None = None
    direction: Direction = ""
    when: bool = False
    otherwise: Plan | None = None
    """What is meant where the plan finds nothing."""
    video: str = ""
    """The video that is meant where it is not the one that was asked about."""


PLANS = TypeAdapter(Referring)
"""Plans as plain data, in which they are kept with their turn."""


def kept(data: Any) -> Referring | None:
    """Read a plan from plain data; None for no plan, or one of another release."""
    try:
        return PLANS.validate_python(data)
    except ValidationError:
        return None


def places(ids: Sequence[str]) -> tuple[Place, ...]:
    """Where pieces of evidence lie, from their ids."""
    found = ((id, parse_id(id)) for id in ids)
    return tuple(Place(id, p[1], p[2], p[3]) for id, p in found if p)


def resolve(
    question: str,
    before: Sequence[Turn],
    handles: Sequence[str],
    duration: float,
    videos: Sequence[str] = (),
) -> Referring:
    """Understand a question after the turns before it."""
    own = understand(question, duration)
    text = plain(question)
    if not before:
        return _alike(text, own, (), handles) or _or_read(own)
    last = before[-1].plan
    shown = next((turn.shown for turn in reversed(before) if turn.shown), ())
    focus = shown[0] if shown and (not videos or shown[0].video in videos) else None
    found = (
        _alike(text, own, shown, handles)
        or _other_video(text, own, last, focus, videos)
        or _listed(text, own, last)
        or _heard(text, own, last)
        or _named(text, own, shown, handles, last)
        or _shifted(text, own, last, focus, duration)
        or _more_of(text, own, last)
        or _around(text, own, focus)
    )
    if found:
        return found
    placed = own.kind == "moment" and not own.everything
    if _ALSO.search(text) and placed and last.plan.words and own.modality == "any":
        again = replace(own, kind="search", words=last.plan.words, modality=last.plan.modality)
        return Referring(again, otherwise=own)
    if own.window or own.kind not in ("search", "first", "last", "every"):
        return _or_read(own)
    if _ALSO.search(text) and own.words and len(own.words) <= 3 and len(text.split()) <= 8:
        return Referring(_instead(own, last.plan, text))
    if _PRONOUN.search(text):
        topic = tuple(w for w in (*last.plan.words, *last.plan.topic) if w not in own.words)
        return Referring(replace(own, topic=topic, words=own.words or topic))
    return Referring(own)


def _or_read(own: Plan) -> Referring:
    """What is to be read at a time, whatever the question says that it is written on."""
    placed = own.kind == "search" and own.window and own.modality == "screen"
    if not placed or re.search(r"\babout\b", own.question):
        return Referring(own)
    return Referring(own, otherwise=replace(own, kind="moment", words=()))


def _instead(own: Plan, last: Plan, text: str) -> Plan:
    """The last question with other words: "and the dog?"."""
    if own.kind != "search" or last.kind not in ("first", "last", "every", "search"):
        return own
    modality = own.modality if own.modality != "any" else last.modality
    senses = own.senses if last.senses.seen else replace(own.senses, seen="")
    return replace(own, kind=last.kind, modality=modality, senses=senses)


def _alike(
    text: str, own: Plan, shown: Sequence[Place], handles: Sequence[str]
) -> Referring | None:
    """ "More like [2]", "show me others like that one", "similar pictures to the first".

    Without a place where nothing was shown under the number.
    """
    subject = asked_words(_ORDINAL.sub(" ", _HANDLE.sub(" ", text)))
    if not ASKS_ALIKE.search(text) or set(subject) - ALIKE_WORDS:
        return None
    if match := _HANDLE.search(text):
        place = _under(match, handles)
    elif not shown:
        return None
    else:
        number = ordinal(match[1]) if (match := _ORDINAL.search(text)) else 1
        place = shown[-1 if number < 0 else min(number, len(shown)) - 1]
    return Referring(replace(own, kind="like", words=(), window=None), at=place)


def _under(match: re.Match[str], handles: Sequence[str]) -> Place | None:
    """Where the evidence lies that was shown under a number."""
    number = int(next(part for part in match.groups() if part))
    return places([handles[number - 1]])[0] if 0 < number <= len(handles) else None


def _other_video(
    text: str, own: Plan, last: Referring, focus: Place | None, videos: Sequence[str]
) -> Referring | None:
    if not _OTHER_VIDEO.search(text) or len(videos) < 2 or focus is None:
        return None
    others = [video for video in videos if video != focus.video]
    words = tuple(w for w in own.words if w not in ("other", "second", "another", "next"))
    return Referring(own if words else last.plan, video=others[0])


def _named(
    text: str, own: Plan, shown: Sequence[Place], handles: Sequence[str], last: Referring
) -> Referring | None:
    """`[2]`, "the second one", "the third time"."""
    if match := _HANDLE.search(text):
        if place := _under(match, handles):
            return _pointing(text, own, place)
        if match[1]:  # a number that nothing was shown under
            return Referring(replace(own, kind="search", words=()))
    match = _NTH_TIME.search(text)
    if match and (match[1] or last.plan.words) and not _content(own):
        return Referring(replace(last.plan, kind="every", nth=ordinal(match[1] or match[2])))
    match = _NTH_SHOWN.search(text)
    if match and shown and not [w for w in _content(own) if w != match[2]]:
        if match[2] == "scene" and own.kind == "scenes":
            return None
        named = {"last": len(shown), "other": 2}
        number = named.get(match[1]) or ordinal(match[1])
        if re.search(r"\b(?:scenes?|shots?|cuts?)\b", plain(last.plan.question)):
            return Referring(Plan(own.question, "scenes", pick="all", nth=number))
        if number <= len(shown):
            return _pointing(text, own, shown[number - 1])
        if last.plan.words:
            return Referring(replace(last.plan, kind="every", nth=number))
    return None


def _content(own: Plan) -> list[str]:
    return [word for word in own.words if word not in ORDINALS and word not in _IDLE]


_IDLE = word_set("""
    1st 2nd 3rd 4th 5th others else anywhere many moment moments ones previous previously
    following followed preceding prior afterwards afterward beforehand few couple shortly
    immediately straight directly same meanwhile further came sure know think result citation play
    rest continue continues""")


def _pointing(text: str, own: Plan, place: Place) -> Referring:
    when = bool(_WHEN.search(text))
    direction = _direction(text)
    modality = find_modality(re.sub(r"\b(show|see|seen|shown)\b", " ", text))
    plan = replace(own, kind="moment", words=(), modality=modality)
    alone = when or modality == "any"  # that one, and nothing else of the moment
    return Referring(plan, at=place, direction=direction, when=alone and not direction)


def _direction(text: str) -> Direction:
    match = _NEIGHBOUR.search(
        re.sub(r"\b(?:and|but|what(?:'s| is| was)?|so) then\b", "after", text)
    )
    if match is None or (
        match[1] == "then" and (_AT_THAT_TIME.search(text) or not re.search(r"\bthen\?*$", text))
    ):
        return ""
    return "before" if match[1] in _BACK else "after"


def _listed(text: str, own: Plan, last: Referring) -> Referring | None:
    """ "Which one is the longest?" of scenes, "and the last ones?" of all that is said."""
    before = last.plan
    named = concepts(_NEIGHBOUR.sub(" ", _ORDINAL.sub(" ", text)))
    if named.rest or (own.window and not own.everything):
        return None
    asked = plain(before.question)
    about_cuts = re.search(r"\b(?:cuts?|transitions?)\b", asked)
    if before.kind == "scenes" or re.search(r"\b(?:scenes?|shots?|cuts?)\b", asked):
        for pick in ("longest", "shortest"):
            if named.has(pick):
                return Referring(Plan(own.question, "scenes", pick=pick))
        nth = _nth_of(text, before.nth)
        if nth and not nth_scene(text):
            pick = "cuts" if about_cuts else "all"
            return Referring(Plan(own.question, "scenes", (), own.modality, pick=pick, nth=nth))
    word = _ORDINAL.search(text)
    edge: Edge = "" if word is None else "end" if word[1] in ("last", "final") else "start"
    if before.everything and edge:
        return Referring(replace(before, question=own.question, edge=edge, nth=0))
    return None


def _heard(text: str, own: Plan, last: Referring) -> Referring | None:
    """ "When is the first one?", "and the last?" of sounds."""
    nth = _nth_of(text, 0)
    if last.plan.kind != "sound" or not nth or own.modality != "any" or _content(own):
        return None
    return Referring(replace(last.plan, question=own.question, nth=nth))


def _nth_of(text: str, before: int) -> int:
    """Which one of a list is meant, from 1: "the third", "the last", "the next one"; 0 for none."""
    if match := _ORDINAL.search(text):
        return ordinal(match[1])
    if before > 0 and re.search(r"\b(?:scene|shot|one)\b", text):
        step = _direction(text)
        return max(before + (1 if step == "after" else -1), 1) if step else 0
    return 0


def _shifted(
    text: str, own: Plan, last: Referring, focus: Place | None, duration: float
) -> Referring | None:
    if match := _STRETCH.search(text):
        length = seconds(_VAGUE.get(match[1], match[1]), match[2])
        if focus is not None and not _content(own):
            low = focus.start - length if match[3] in _BACK else focus.end
            window = (max(low, 0.0), min(low + length, duration))
            plan = replace(own, kind="moment", words=(), modality=find_modality(text))
            return Referring(replace(plan, window=window, edge="", everything=False))
    match = _LATER.search(text)
    if match is None or focus is None or set(_content(own)) - {"back"}:
        return None
    amount = seconds(_VAGUE.get(match[1], match[1]), match[2])
    amount = -amount if match[3] in _BACK else amount
    asked = last.plan.window if last.plan.kind == "moment" else None
    base = asked[0] if asked and asked[1] - asked[0] < 0.05 else focus.start
    at = min(max(base + amount, 0.0), max(duration - 0.1, 0.0))
    modality = find_modality(text)
    modality = last.plan.modality if asked and modality == "any" else modality
    return Referring(replace(own, kind="moment", words=(), modality=modality, window=(at, at)))


def _more_of(text: str, own: Plan, last: Referring) -> Referring | None:
    """ "How often?", "and the last time?", "does it come again?": the words are those before."""
    if _content(own) or not last.plan.words:
        return None
    if own.everything and _OWN_LIST.search(text):
        return None
    modality = find_modality(text)
    again = replace(last.plan, question=own.question, window=None, sides=None, nth=0)
    if modality == "speech" or (modality == "screen" and "screen" in text):
        again = replace(again, modality=modality)
    if _OFTEN.search(text) or _AGAIN.search(text):
        return Referring(replace(again, kind="every"))
    if (own.window and not own.everything) or _NEIGHBOUR.search(text) or _NTH_SHOWN.search(text):
        return None
    if re.search(r"\blast\b", text):
        return Referring(replace(again, kind="last"))
    return Referring(replace(again, kind="first")) if re.search(r"\bfirst\b", text) else None


def _around(text: str, own: Plan, focus: Place | None) -> Referring | None:
    """ "There", "then", "before that", "when was that?": the moment that was shown last."""
    if focus is None:
        return None
    if own.senses.labels:
        there = not own.window and re.search(r"\b(?:it|that|this|these|there)\b", text)
        return Referring(own, at=focus) if there else None
    if _content(own) or own.kind in ("facts", "summary", "scenes", "look", "order", "sound"):
        return None
    if (own.window and not own.everything) or own.edge or own.nth:
        return None
    plan = replace(own, kind="moment", words=(), window=None, everything=False, edge="")
    if direction := _direction(text):
        return Referring(plan, at=focus, direction=direction)
    when = _WHEN.search(text) and _THERE.search(text)
    if when or text.rstrip("?! ") in ("when", "and when") or _SURE.search(text):
        return Referring(plan, at=focus, when=True)
    if _THERE.search(text) or not asked_words(text):
        return Referring(plan, at=focus)
    return None
