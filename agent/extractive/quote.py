"""Sentences that quote evidence, and the choice of what to quote. Every time in them is cited."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from agent.extractive.answer_type import names_kind
from agent.extractive.query import Modality
from agent.extractive.reference import Referring
from agent.extractive.relevance import Relevance
from tools.evidence import MACHINE, is_draft
from tools.media import Evidence, clock, spread
from tools.text.expressions import continues
from tools.text.languages import foreign_name

INSTANT = 0.05
"""A span shorter than this, in seconds, is a moment."""
NEAR_SECONDS = 4.0
"""How far from an asked moment something may lie to be told as near it."""
LISTED = 12
AT_MOST = 3
"""Citations for one moment."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Found:
    """Evidence that a tool returned, with the label that cites it."""

    label: str
    one: Evidence


@dataclass(frozen=True)
class Reply:
    """An answer: sentences that cite, remarks that only speak of the search."""

    sentences: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    found: bool = True
    nearest: tuple[Found, ...] = ()
    wants: tuple[str, float, float] | None = None
    """A moment that would be worth reading as well: the sentence begins in it."""
    joined: bool = False
    """Whether it is to be read as one quotation."""


READ = "read"
"""The step that reads around what the searches found."""
Groups = Mapping[str, Sequence[Found]]
"""What each step of a plan found, by the name that the planner gave it, in their order."""


def sentence(found: Found) -> str:
    """One piece of evidence as a sentence: when, how, and its own words."""
    one = found.one
    if one.kind == "speech":
        tongue = f" in {name}" if (name := foreign_name(one.language)) else ""
        said = f"it is said{tongue}" + (f", {MACHINE}" if is_draft(one) else "")
        return f"At {clock(one.start)} {said}: {quoted(one.text)} [{found.label}]."
    if one.kind == "screen":
        least = "at least " if one.facts.get("at_least") else ""
        return f"On screen {least}{span(one)}: {quoted(one.text)} [{found.label}]."
    if one.kind in ("scene", "chapter"):
        return f"From {clock(one.start)} to {clock(one.end)}: {one.text} [{found.label}]."
    if one.kind == "sound":
        return f"The sound {span(one)}: {one.text} [{found.label}]."
    return f"The picture {span(one)}: {one.text or 'shown below'} [{found.label}]."


def times(count: int) -> str:
    """How often, in words."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def counts(question: str) -> bool:
    """Whether all there are is asked for."""
    return bool(re.search(r"\b(?:all|every|each|how often|how many)\b", question.lower()))


def quoted(text: str) -> str:
    """Text between quotation marks; its own become single ones."""
    return '"' + text.replace('"', "'") + '"'


def span(one: Evidence) -> str:
    """When it is, in words."""
    if one.end - one.start < INSTANT:
        return f"at {clock(one.start)}"
    return f"from {clock(one.start)} to {clock(one.end)}"


def facts(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """Length, size, scenes, sound."""
    facts = [found for group in groups.values() for found in group][:1]
    text = asked.plan.question.lower()
    if not facts:
        return Reply(found=False)
    told = facts[0].one.facts
    if ("recorded" in text or "filmed" in text) and told["recorded_at"] is None:
        return Reply((), ("The file does not say when it was recorded.",), False)
    asked_cuts = re.search(r"\bcuts?\b", text) and not re.search(r"\b(?:scene|shot)s?\b", text)
    cuts = (told["scenes"] or 0) - 1
    number = {0: "no cut", 1: "1 cut"}.get(cuts, f"{cuts} cuts")
    counted = (f"It has {number}.",) if told["scenes"] and asked_cuts else ()
    return Reply((f"The video is {facts[0].one.text} [{facts[0].label}].",), counted)


def _distinct(found: Sequence[Found]) -> list[Found]:
    seen: dict[str, Found] = {}
    for one in found:
        seen.setdefault(one.one.text.casefold(), one)
    return list(seen.values())


def scenes(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """The scenes in order, one of them, or the cuts between them."""
    plan = asked.plan
    if plan.pick in ("cuts", "first", "last"):
        return _cuts(asked, groups)
    scenes = list(groups.get("find_scenes", ()))
    if not scenes:
        return Reply((), ("Scenes are not known yet.",), False)
    if plan.pick in ("longest", "shortest"):
        best = (max if plan.pick == "longest" else min)(
            scenes, key=lambda found: found.one.end - found.one.start
        )
        length = best.one.end - best.one.start
        return Reply((sentence(best),), (f"It is the {plan.pick}, {length:.1f} seconds long.",))
    if plan.nth:
        return _scene(asked, groups, relevance)
    remarks = () if len(scenes) <= LISTED else (f"There are {len(scenes)} scenes in all.",)
    return Reply(tuple(sentence(found) for found in scenes[:LISTED]), remarks)


def nth(found: Sequence[_T], number: int) -> list[_T]:
    """The one of that number, from 1, or the last for -1; none where there are fewer."""
    return list(found[-1:] if number < 0 else found[number - 1 : number])


def _scene(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """One scene, with what is said and shown in it where that was asked for."""
    plan, scenes = asked.plan, groups["find_scenes"]
    chosen = nth(scenes, plan.nth)
    if not chosen:
        return Reply((), (f"There are only {len(scenes)} scenes.",), False)
    one = chosen[0].one
    told = re.search(r"\bhappen\w*|\bgo(?:es|ing) on\b|\bdescribe\b", plan.question.lower())
    if plan.modality not in ("speech", "screen") and not told:
        length = f"It is {one.end - one.start:.1f} seconds long."
        return Reply((sentence(chosen[0]),), (length,))
    if READ not in groups:
        return Reply((sentence(chosen[0]),), wants=(one.video, one.start, one.end))
    inside = [
        f for f in groups[READ] if f.one.start >= one.start - INSTANT or f.one.kind == "screen"
    ]
    if plan.modality in ("speech", "screen"):
        parts = _of_kind(inside, plan.modality, one.start, one.end, relevance)
        said = "said" if plan.modality == "speech" else "to be read"
        nothing = (f"{relevance.nothing} {said} in scene {scenes.index(chosen[0]) + 1}.",)
        return Reply(tuple(map(sentence, parts)), () if parts else nothing, bool(parts))
    parts = [f for f in inside if f.one.kind == "speech"][:2] or inside[:2]
    return Reply(tuple(map(sentence, [*chosen, *parts])))


def _cuts(asked: Referring, groups: Groups) -> Reply:
    cuts, about = groups.get("find_cuts", ()), groups.get("video_facts", ())
    if not cuts:
        return Reply(tuple(f"There is no cut: {f.one.text} [{f.label}]." for f in about[:1]))
    plan = asked.plan
    number = plan.nth or {"first": 1, "last": -1}.get(plan.pick, 0)
    chosen = nth(cuts, number) if number else cuts[:LISTED]
    if not chosen:
        return Reply((), (f"There are only {len(cuts)} cuts.",), False, tuple(cuts[-1:]))
    counted = (f"There are {len(cuts)} cuts in all.",) if LISTED == len(chosen) < len(cuts) else ()
    return Reply(tuple(map(sentence, chosen)), counted)


def look(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """Where the picture looks as asked."""
    found = [one for group in groups.values() for one in group]
    if not found:
        return Reply((), ("No picture looks like that.",), False)
    best = [f for f in found if f.one.score >= found[0].one.score - 0.05]
    if not counts(asked.plan.question):
        return Reply((sentence(best[0]),))
    best.sort(key=lambda f: f.one.start)
    return Reply(tuple(sentence(one) for one in best), (f"That is {times(len(best))} in all.",))


def moment(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """What is said and shown at a moment, in a stretch, or beside what was shown before."""
    found = [one for group in groups.values() for one in group]
    plan, at = asked.plan, asked.at
    if asked.when and at and (same := [one for one in found if one.one.id == at.id]):
        return Reply((sentence(same[0]),))
    if asked.direction and at:
        return beside(asked, found, relevance)
    start, end = (at.start, at.end) if at else plan.window or (0.0, float("inf"))
    inside = [
        f
        for f in found
        if f.one.start < max(end, start + INSTANT) and (f.one.end > start or f.one.start >= start)
    ]
    inside += [f for f in [*groups.values()][-1] if f.one.kind == "frame" and f not in inside][:1]
    if plan.nth:
        heard = [f for f in inside if f.one.kind == "speech"] or _distinct(inside)
        inside = nth([f for f in heard if f.one.kind != "frame"], plan.nth)
    if names_kind(plan.question):
        of_kind = [f for f in inside if relevance.fits(plan.question, f.one, ())]
        inside = [f for f in of_kind if f.one.kind != "frame"] or inside
    if plan.edge:
        inside = _outermost(inside, plan.edge)
    chosen = _of_kind(inside, plan.modality, start, end, relevance)
    if not chosen and plan.modality in ("speech", "any") and end - start < AT_MOST:
        apart = [(max(f.one.start - end, start - f.one.end), f) for f in found]
        near = [f for seconds, f in apart if seconds <= NEAR_SECONDS]
        chosen = _of_kind(near, plan.modality, start, end, relevance)[:1]
    if not chosen:
        what = {"speech": "said", "screen": "to be read on screen"}.get(plan.modality, "known")
        return Reply((), (f"{relevance.nothing} {what} at that moment.",), False)
    return Reply(tuple(sentence(one) for one in chosen))


def _outermost(found: Sequence[Found], edge: str) -> list[Found]:
    """Of each kind, what begins or ends the stretch."""
    chosen: list[Found] = []
    for kind in ("speech", "screen", "frame"):
        group = sorted((f for f in found if f.one.kind == kind), key=lambda f: f.one.start)
        if group and edge == "start":
            chosen += [f for f in group if f.one.start <= group[0].one.start + 0.5][:2]
        elif group:
            last = max(f.one.end for f in group)
            chosen += [f for f in group if f.one.end >= last - 0.02][-2:]
    return chosen


def _of_kind(
    found: Sequence[Found], modality: Modality, start: float, end: float, relevance: Relevance
) -> list[Found]:
    """At most AT_MOST of what was asked for; what has its middle in the span first."""
    speech = [f for f in found if f.one.kind == "speech"]
    screen = [f for f in found if f.one.kind == "screen"]
    pictures = [f for f in found if f.one.kind == "frame" and f.one.text]

    def central(group: list[Found]) -> list[Found]:
        if end - start < 1.0:
            return (
                group[:2] if group and group[0].one.kind == "speech" else telling(group, relevance)
            )
        through = [f for f in group if f.one.start <= start and f.one.end >= end]
        inside = [f for f in group if start <= (f.one.start + f.one.end) / 2 <= end]
        inside = _distinct(inside) if end - start > 60 else inside
        longer = [f for f in through if f not in inside][:1]
        return [*longer, *spread(inside, AT_MOST - len(longer))] or group[:1]

    if modality == "speech":
        return central(speech)
    if modality == "screen":
        return central(screen) or pictures[:1]
    if modality == "picture":
        return pictures[:1]
    both = sorted([*central(speech), *central(screen)[:1]], key=lambda f: f.one.start)
    return both[:AT_MOST] or pictures[:1]


def telling(lines: Sequence[Found], relevance: Relevance) -> list[Found]:
    """Of the lines in one picture at most AT_MOST, those that say most, in their order.

    A line that goes on counts with what it goes on with; one that no other picture shows comes
    before the heading of all slides, a longer one before a shorter one.
    """
    sentences: list[list[Found]] = []
    for line in lines:
        if sentences and continues(line.one.text):
            sentences[-1].append(line)
        else:
            sentences.append([line])
    chosen: list[Found] = []

    def worth(part: list[Found]) -> tuple[int, int]:
        return -relevance.shown(part[0].one.text), sum(len(f.one.text) for f in part)

    for part in sorted(sentences, key=worth, reverse=True):
        if len(chosen) + len(part) <= AT_MOST or not chosen:
            chosen += part[:AT_MOST]
    return [line for line in lines if line in chosen][:AT_MOST]


def beside(asked: Referring, found: Sequence[Found], relevance: Relevance) -> Reply:
    """What comes just before or after evidence that was shown."""
    at = asked.at
    assert at is not None
    others = [f for f in found if f.one.id != at.id and f.one.kind in ("speech", "screen")]
    if asked.direction == "after":
        others = [f for f in others if f.one.start >= at.start + INSTANT and f.one.end > at.end]
        others.sort(key=lambda f: max(f.one.start, at.end))
    else:
        others = [f for f in others if f.one.start < at.start - INSTANT]
        others.sort(key=lambda f: -f.one.start)
    for kind in (asked.plan.modality, "speech", "screen"):
        if chosen := [f for f in others if f.one.kind == kind]:
            return Reply((sentence(chosen[0]),))
    near = f"said or shown shortly {asked.direction} that"
    return Reply((), (f"{relevance.nothing} {near}.",), False)
