"""Answers about what passes before a fixed camera: how many, when, how long, in which colour."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from agent.extractive import cameras
from agent.extractive.reply import LISTED, SHOWN, Answering, Call, Found, Reply, length, time
from agent.extractive.search import search
from agent.extractive.turn import Turn
from tools.cameras.statistics import Group, ObjectCount
from tools.errors import VideoError
from tools.media import Evidence
from tools.models import registry
from tools.text.tokens import surface_forms
from tools.vision.colour import COLOUR_WORDS
from tools.vision.objects.detector import labels_of

_ASKED = (
    "search", "count", "first", "last", "named", "moving", "said_by", "can't count",
    "can't recognise", "nth", "speakers", "length", "after", "before",
)  # fmt: skip
"""Intents of questions that may be about objects."""
_STILL = re.compile(r"\b(?:nothing|still|nobody|nichts|niemand|camera moves?|kamera)\b", re.I)
_MANY = 50
GROUPS: tuple[Group, ...] = ("hour", "minute", "colour", "camera", "label")
KEPT = "objects"
"""Name of what a question about objects leaves for those that go on with it."""
_BUSY = 5
"""Videos in which the objects of the busiest time are looked up."""


class Sought(NamedTuple):
    """What a question looks for: its word, the classes that it means, and its colour or ""."""

    word: str
    labels: frozenset[str]
    colour: str


When = Callable[[Evidence], str]
"""Time of an object, as it is told."""


def sought(turn: Turn) -> Sought | None:
    """What a question asks of what was tracked; None where it asks for something else.

    Every word of it must be a class, a colour, or say that something passes or stays.
    """
    asked = turn.question
    if asked.modality != "any" or _STILL.search(turn.text):
        return None
    if not turn.goes_on and not _may_ask(turn):
        return None
    what = named_object(turn, turn.videos)
    words, forms = asked.wording.words, {*surface_forms(turn.text)}
    asks = forms & (words["acts"] | words["many"] | words["stay"])
    if what is None or (not asks and not turn.area and asked.intent.name in ("search", "named")):
        return None
    return what


def _may_ask(turn: Turn) -> bool:
    """True if a question has an intent of those that may be about objects."""
    name = turn.question.intent.name
    if name not in _ASKED or (name in ("length", "after", "before") and not turn.area):
        return False
    return name != "speakers" or not turn.utterances


def is_described(turn: Turn) -> bool:
    """True if a question asks for something that passes, in words of its own: "a wheelbarrow".

    Where somebody speaks, it may be about what is said.
    """
    asked = turn.question
    words, forms = asked.wording.words, {*surface_forms(turn.text)}
    asks = forms & (words["acts"] | words["many"] | words["stay"])
    if asked.intent.name not in _ASKED or asked.modality != "any" or _STILL.search(turn.text):
        return False
    if asked.intent.name in ("length", "after", "before") or not (asks or turn.placed):
        return False
    if not looked_for(turn) or not turn.toolbox.catalog.is_tracked(turn.videos):
        return False
    return not any(turn.toolbox.texts.corpus(one, "speech").items for one in turn.videos)


def looked_for(turn: Turn) -> str:
    """Words of the thing that a question asks for, without those for what it does."""
    asked, words = turn.question, turn.question.wording.words
    idle = words["acts"] | words["many"] | words["stay"] | words["asks"] | words["again"]
    idle |= words["there"] | words["ordinals"] | words["last"] | words["texts"]
    return " ".join(one for one in asked.words if not {*surface_forms(one)} <= idle)


def named_object(
    turn: Turn,
    videos: Sequence[str] | None,
    idle: frozenset[str] = frozenset(),
    needed: bool = True,
) -> Sought | None:
    """The one thing that a question is about; None where it speaks of anything else.

    Also where nothing is tracked in these videos, or in all. `idle` are words beside those of all
    such questions; without `needed` it may be any thing.
    """
    asked = turn.question
    words, forms = asked.wording.words, surface_forms(turn.text)
    names = COLOUR_WORDS | asked.wording.colours
    colours = {form: names[form] for form in forms if form in names}
    known = words["acts"] | words["many"] | words["stay"] | words["asks"] | words["again"]
    known |= words["ordinals"] | words["last"] | words["also"] | colours.keys() | idle
    known |= {form for name in cameras.WAYS for form in words[f"way_{name}"]} | words["way"]
    known |= words["enter"] | words["leave"] | words["longest"]
    known |= words["ones"] if turn.goes_on else frozenset()
    named = {form: labels_of(form) for form in forms if form not in known}
    things = [form for form in named if named[form] is not None]
    rest = {w for one in asked.words for w in surface_forms(one)} - known - {*things}
    if len(things) > 1 or (needed and not things) or rest:
        return None
    if not turn.toolbox.catalog.is_tracked(videos):
        return None
    labels = named[things[0]] if things else frozenset[str]()
    assert labels is not None
    return Sought(things[0] if things else "", labels, next(iter(colours.values()), ""))


def seen(turn: Turn, what: Sought, within: Sequence[dict[str, Any]] | None = None) -> Answering:
    """Tell what was seen of it, each object once; `within` are the stretches asked by the clock."""
    (every,) = yield [_call(turn, **turn.where)]

    def when(one: Evidence) -> str:
        found = cameras.events(turn, one) if turn.area else None
        at = found[0] if found else one.start
        clock = turn.toolbox.library.clock(one.video) if turn.by_clock else None
        if clock and clock.is_relied_on:
            return f"{clock.wall(at):%H:%M:%S}"
        return time(at) if found else turn.write.when(one)

    reply = yield from _answered(turn, what, every, when, within or [turn.where])
    return replace(reply, plan=kept(turn, what))


def kept(turn: Turn, what: Sought) -> dict[str, Any]:
    """What was asked, as plain data for the turns after it."""
    asked: dict[str, Any] = {"text": turn.text, "word": what.word, "colour": what.colour}
    asked |= {"area": turn.area, "videos": list(turn.videos), "placed": turn.placed}
    window = turn.question.window
    return {KEPT: {**asked, "times": turn.times, "window": list(window) if window else None}}


def _call(turn: Turn, **where: Any) -> Call:
    return "find_objects", {"limit": _MANY, **where, **({"area": turn.area} if turn.area else {})}


def grouped(turn: Turn) -> tuple[Sought, Group | None, bool] | None:
    """What a question counts by: the thing, the group, and whether only the fullest is asked for.

    "When is it busiest?", "How many people per hour?", "Cars by colour".
    """
    words, forms = turn.question.wording.words, {*surface_forms(turn.text)}
    groups: dict[Group, frozenset[str]] = {name: words[f"by_{name}"] for name in GROUPS}
    by: Group | None = next((name for name in groups if forms & groups[name]), None)
    is_busiest = bool(forms & words["busy"]) and not by
    needed = is_busiest and not forms & words["busy_idle"]
    if not is_busiest and not (by and forms & words["per"]):
        return None
    idle = words["busy"] | words["busy_idle"] | words["per"] | frozenset().union(*groups.values())
    what = named_object(turn, turn.limited_to, idle, needed)
    return (what, by, is_busiest) if what else None


def counted_by(turn: Turn, what: Sought, by: Group | None, is_busiest: bool) -> Answering:
    """Tell how many there are by group, or when there are most, with the first of them."""
    where: dict[str, Any] = {"videos": list(turn.limited_to or ())}
    where = {**where, "area": turn.area, "label": what.word if what.labels else ""}
    where["colour"] = what.colour

    def counts(unit: Group) -> list[ObjectCount]:
        return turn.toolbox.count_objects(**{**where, "videos": where["videos"] or None}, by=unit)

    try:
        rows = counts(by or "hour")
        if is_busiest and len(rows) < 2:
            by, rows = "minute", counts("minute")
    except VideoError:
        rows = []
    if not rows:
        every = yield [_call(turn, **({"videos": where["videos"]} if where["videos"] else {}))]
        return (yield from _answered(turn, what, every[0], lambda one: time(one.start), []))
    total, best = sum(row.objects for row in rows), max(rows, key=lambda row: row.objects)
    shown = [best] if is_busiest else sorted(rows, key=lambda row: -row.objects)[:LISTED]
    spans = [span for row in shown for span in row.spans[: _BUSY if is_busiest else 1]]
    asked = {name: where[name] for name in ("label", "colour", "area") if where[name]}
    found = yield [
        (
            "find_objects",
            {"videos": [id], "start": first, "end": last + 0.01, "limit": LISTED} | asked,
        )
        for id, first, last in spans[:LISTED]
    ]
    every = [f for group in found for f in group]
    if is_busiest:
        name = "objects_busiest_minute" if by == "minute" else "objects_busiest"
        lead = turn.sentence(name, n=best.objects, start=best.group)
        lines = [turn.write.line(f) for f in every][:LISTED]
        return Reply(lead, tuple(lines), _left_out(turn, best.objects - len(lines)))
    unnamed = turn.sentence("objects_no_group")
    told = ", ".join(f"{row.group or unnamed}: {row.objects}" for row in rows[: 2 * LISTED])
    lead = turn.sentence("objects_by", n=total, groups=told)
    return Reply(lead, tuple(turn.write.line(group[0]) for group in found if group))


def _left_out(turn: Turn, more: int) -> tuple[str, ...]:
    return (turn.sentence("more", n=more),) if more > 0 else ()


def _answered(
    turn: Turn, what: Sought, every: Sequence[Found], when: When, within: Sequence[dict[str, Any]]
) -> Answering:
    every = [f for f in every if cameras.events(turn, f.one) != []]
    named = [f for f in every if not what.labels or f.one.facts["label"] in what.labels]
    found = [f for f in named if not what.colour or f.one.facts["colour"] == what.colour]
    unnamed = [f for f in every if not f.one.facts["label"]]
    if found:
        is_cut = len(every) >= _MANY and not cameras.way(turn)
        count = _count(turn, what, within) if is_cut else len(found)
        return _told(turn, found, unnamed if what.labels else [], when, max(count, len(found)))
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
    name = "objects_none_in" if turn.area else "objects_none"
    lead = turn.sentence(name, area=turn.area)
    return Reply(lead, reason="absent", nearest=tuple(every[:SHOWN]))


def _count(turn: Turn, what: Sought, within: Sequence[dict[str, Any]]) -> int:
    """Number of all objects, where more are there than can be listed."""
    asked = {"label": what.word if what.labels else "", "colour": what.colour, "area": turn.area}
    rows = [turn.toolbox.count_objects(**asked, **where) for where in within]
    return sum(row.objects for group in rows for row in group)


def _told(
    turn: Turn, found: Sequence[Found], unnamed: Sequence[Found], when: When, count: int
) -> Reply:
    """One of them, how long they stay, how many they are, or when."""
    words, forms = turn.question.wording.words, {*surface_forms(turn.text)}
    nth = turn.question.nth
    if nth:
        at = nth - 1 if nth > 0 else nth
        if at >= len(found):
            return _counted(turn, found, (), when, count)
        return Reply(lines=(_line(turn, found[at], when),))
    if forms & words["longest"]:
        return _longest(turn, found, when)
    if forms & words["stay"] and not forms & words["many"]:
        return _stayed(turn, found, when)
    return _counted(turn, found, unnamed, when, count)


def _lengths(turn: Turn, found: Sequence[Found]) -> list[float]:
    """Seconds that each object stays, in the zone if there is one."""
    stays = [cameras.seconds_inside(turn, f.one) for f in found]
    return [
        f.one.end - f.one.start if stay is None else stay
        for f, stay in zip(found, stays, strict=True)
    ]


def _longest(turn: Turn, found: Sequence[Found], when: When) -> Reply:
    """The one that stays longest, and for how long."""
    longest, best = max(zip(_lengths(turn, found), found, strict=True), key=lambda one: one[0])
    lead = turn.sentence("objects_longest", length=length(longest), n=len(found))
    return Reply(lead, (_line(turn, best, when),))


def _stayed(turn: Turn, found: Sequence[Found], when: When) -> Reply:
    """How long one stays, or the mean and the longest of several."""
    lengths = _lengths(turn, found)
    lines = tuple(_line(turn, f, when) for f in found[:LISTED])
    if len(found) > 1:
        mean, longest = sum(lengths) / len(lengths), max(lengths)
        values = {"mean": length(mean), "longest": length(longest), "n": len(found)}
        return Reply(turn.sentence("objects_stays", **values), lines)
    if cameras.seconds_inside(turn, found[0].one) is not None:
        return Reply(
            turn.sentence("objects_inside", length=length(lengths[0]), area=turn.area), lines
        )
    one = found[0].one
    values = {"start": time(one.start), "end": time(one.end)}
    return Reply(turn.sentence("objects_stayed", length=length(lengths[0]), **values), lines)


def _counted(
    turn: Turn, found: Sequence[Found], unnamed: Sequence[Found], when: When, count: int
) -> Reply:
    times = _joined(turn, found, when)
    lead = turn.sentence("objects_counted", n=count, times=times)
    remarks = _left_out(turn, count - LISTED)
    if unnamed:
        beside = _joined(turn, unnamed, when)
        remarks = (*remarks, turn.sentence("objects_more", times=beside))
    return Reply(lead, tuple(_line(turn, f, when) for f in found[:LISTED]), remarks)


def _line(turn: Turn, found: Found, when: When) -> str:
    """A line of an object; in a zone or on a line with the time at which it is there."""
    if not turn.area or turn.get(found.one.video).recorded_at:
        return turn.write.line(found)
    told = turn.sentence("seen", time=when(found.one), text=found.one.text)
    return f"{turn.write.named(found.one.video)}{told} [{found.label}]"


def _joined(turn: Turn, found: Sequence[Found], when: When) -> str:
    *first, last = [when(f.one) for f in found[:LISTED]]
    return turn.sentence("join").join(filter(None, [", ".join(first), last]))
