"""Answers about what passes before a fixed camera: how many, when, how long, in which colour."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from agent.extractive.question import Question
from agent.extractive.reply import LISTED, SHOWN, Answering, Found, Reply, length, time
from agent.extractive.search import search
from agent.extractive.turn import Turn
from tools.clock import Clock, Window
from tools.media import Evidence
from tools.models import registry
from tools.text.times_of_day import Times, named_times
from tools.text.tokens import surface_forms
from tools.vision.colour import COLOUR_WORDS
from tools.vision.objects import labels_of

_ASKED = (
    "search", "count", "first", "last", "named", "moving", "said_by", "can't count",
    "can't recognise", "nth", "speakers",
)  # fmt: skip
"""Intents of questions that may be about objects."""
_STILL = re.compile(r"\b(?:nothing|still|nobody|nichts|niemand|camera moves?|kamera)\b", re.I)
_MANY, _VIDEOS = 50, 200


class Sought(NamedTuple):
    """What a question looks for: its word, the classes that it means, and its colour or ""."""

    word: str
    labels: frozenset[str]
    colour: str


def sought(turn: Turn) -> Sought | None:
    """What a question asks of what was tracked; None where it asks for something else.

    Every word of it must be a class, a colour, or say that something passes or stays.
    """
    asked = turn.question
    if asked.intent.name not in _ASKED or asked.modality != "any" or _STILL.search(turn.text):
        return None
    if asked.intent.name == "speakers" and turn.utterances:
        return None
    words, forms = asked.wording.words, surface_forms(turn.text)
    names = COLOUR_WORDS | asked.wording.colours
    colours = {form: names[form] for form in forms if form in names}
    known = words["acts"] | words["many"] | words["stay"] | words["asks"] | words["again"]
    known |= words["ordinals"] | words["last"] | words["also"] | colours.keys()
    named = {form: labels_of(form) for form in forms if form not in known}
    things = [form for form in named if named[form] is not None]
    rest = {w for one in asked.words for w in surface_forms(one)} - known - {*things}
    tracked = (turn.get(video).stages["sightings"].state == "done" for video in turn.videos)
    if len(things) != 1 or rest or not any(tracked):
        return None
    labels = named[things[0]]
    assert labels is not None
    asks = {*forms} & (words["acts"] | words["many"] | words["stay"])
    if not asks and asked.intent.name in ("search", "named"):
        return None
    return Sought(things[0], labels, next(iter(colours.values()), ""))


def seen(turn: Turn, what: Sought) -> Answering:
    """Tell what was seen of it, each object once."""
    (every,) = yield [("find_objects", {"limit": _MANY, **turn.where})]
    return (yield from _answered(turn, what, every, turn.write.when))


def asked_by_clock(turn: Turn) -> tuple[Turn, Sought, Times] | None:
    """The turn without the times of day that its question names, and these; None without any.

    A bare 14:00 is of the clock where a recording has it, and no video is that long.
    """
    times = named_times(turn.text)
    if times is None:
        return None
    ids = turn.named or tuple(one.id for one in turn.toolbox.catalog.entries(_VIDEOS))
    bare = replace(turn, text=times.rest, videos=ids, question=Question(""))
    what = sought(bare)
    if what is None:
        return None
    if not times.marked:
        longest = max(turn.get(id).duration for id in ids)
        is_of_video = longest > times.start.hour * 60 + times.start.minute
        if is_of_video or not _windows(bare, times):
            return None
    return bare, what, times


def seen_by_clock(turn: Turn, what: Sought, times: Times) -> Answering:
    """Tell what was seen of it at these times of day."""
    clocks = {id: clock for id in turn.videos if (clock := _clock(turn, id))}
    if not clocks:
        yield from ()
        return Reply(turn.sentence("clock_unknown"), reason="cannot")
    spans = _windows(turn, times)
    if not spans:
        first = min(clocks, key=lambda id: clocks[id].begun)
        end = clocks[first].wall(turn.get(first).duration)
        values = {"start": clocks[first].begun, "end": end}
        stated = {name: f"{at:%Y-%m-%d %H:%M}" for name, at in values.items()}
        return Reply(turn.sentence("clock_not_covered", **stated), reason="not_covered")
    found = yield [
        ("find_objects", {"limit": _MANY, "videos": [id], "start": start, "end": end})
        for id, (start, end) in spans
    ]
    every = [one for group in found for one in group]

    def when(one: Evidence) -> str:
        return f"{clocks[one.video].wall(one.start):%H:%M:%S}"

    return (yield from _answered(turn, what, every, when))


def _windows(turn: Turn, times: Times) -> list[tuple[str, Window]]:
    return [
        (id, window)
        for id in turn.videos
        if (clock := _clock(turn, id))
        for window in clock.windows(times, turn.get(id).duration)
    ]


def _clock(turn: Turn, video: str) -> Clock | None:
    clock = turn.toolbox.library.clock(video)
    return clock if clock and clock.is_relied_on else None


def _answered(
    turn: Turn, what: Sought, every: Sequence[Found], when: Callable[[Evidence], str]
) -> Answering:
    named = [f for f in every if not what.labels or f.one.facts["label"] in what.labels]
    found = [f for f in named if not what.colour or f.one.facts["colour"] == what.colour]
    unnamed = [f for f in every if not f.one.facts["label"]]
    if found:
        return _told(turn, found, unnamed if what.labels else [], when)
    if named:
        lead = turn.sentence("objects_no_colour", colour=what.colour)
        return turn.write.closest(lead, named, "unsure")
    if not any(f.one.facts["label"] for f in every) and unnamed:
        said = yield from search(turn, "count_things")
        if said.reason is None:
            return said
        model = next(one.name for one in registry.MODELS if one.kind == "detector")
        return turn.write.closest(turn.sentence("objects_unnamed", model=model), unnamed, "cannot")
    if unnamed:
        return turn.write.closest(turn.sentence("objects_unsure"), unnamed, "unsure")
    return Reply(turn.sentence("objects_none"), reason="absent", nearest=tuple(every[:SHOWN]))


def _told(
    turn: Turn,
    found: Sequence[Found],
    unnamed: Sequence[Found],
    when: Callable[[Evidence], str],
) -> Reply:
    """One of them, how long they stay, how many they are, or when."""
    words, forms = turn.question.wording.words, {*surface_forms(turn.text)}
    nth = turn.question.nth
    if nth:
        at = nth - 1 if nth > 0 else nth
        if at >= len(found):
            return _counted(turn, found, (), when)
        return Reply(lines=(turn.write.line(found[at]),))
    if forms & words["stay"] and not forms & words["many"]:
        if len(found) == 1:
            one = found[0].one
            values = {"start": time(one.start), "end": time(one.end)}
            stay = turn.sentence("objects_stayed", length=length(one.end - one.start), **values)
            return Reply(stay, (turn.write.line(found[0]),))
        return Reply(lines=tuple(map(turn.write.line, found[:LISTED])))
    return _counted(turn, found, unnamed, when)


def _counted(
    turn: Turn,
    found: Sequence[Found],
    unnamed: Sequence[Found],
    when: Callable[[Evidence], str],
) -> Reply:
    times = _joined(turn, found, when)
    lead = turn.sentence("objects_counted", n=len(found), times=times)
    more = len(found) - LISTED
    remarks = [turn.sentence("more", n=more)] if more > 0 else []
    if unnamed:
        beside = _joined(turn, unnamed, when)
        remarks.append(turn.sentence("objects_more", times=beside))
    return Reply(lead, tuple(map(turn.write.line, found[:LISTED])), tuple(remarks))


def _joined(turn: Turn, found: Sequence[Found], when: Callable[[Evidence], str]) -> str:
    *first, last = [when(f.one) for f in found[:LISTED]]
    return turn.sentence("join").join(filter(None, [", ".join(first), last]))
