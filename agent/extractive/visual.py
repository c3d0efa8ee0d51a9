"""Answers that rest on pictures and sounds: what comes close, never what is certain."""

from collections.abc import Sequence
from dataclasses import replace

from agent.extractive.query import Plan
from agent.extractive.quote import (
    AT_MOST,
    LISTED,
    Found,
    Groups,
    Reply,
    counts,
    nth,
    quoted,
    sentence,
    span,
    times,
)
from agent.extractive.reference import Referring
from agent.extractive.relevance import Relevance
from agent.extractive.video_questions import about

CHAPTERS = 30
"""So many are listed at most."""
NEARLY = 0.1
"""How much less than the best another picture may fit to be told beside it."""
MUSIC_SECONDS = 4.0
"""A shorter stretch of other sound is no music."""
_UNKNOWN = "What makes a sound is not told apart: only how loud it is, and whether it is speech."


def sounds(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """Where it is loud or quiet, or that nothing is; the facts of the videos come after it."""
    found, *facts = [*groups.values(), []]
    about = [one for group in facts for one in group]
    sought = asked.plan.senses.sound
    if sought == "other":
        found = [f for f in found if f.one.end - f.one.start >= MUSIC_SECONDS]
    if found:
        told = found[:AT_MOST] if sought in ("silence", "other") else found[:1]
        remarks = () if sought == "silence" else (_UNKNOWN,)
        in_time = sorted(found, key=lambda f: f.one.start)
        if asked.plan.nth:
            told = nth(in_time, asked.plan.nth)
        elif counts(asked.plan.question):
            told, remarks = in_time[:LISTED], (f"That is {times(len(found))} in all.", *remarks)
        return Reply(tuple(map(sentence, told)), remarks, bool(told))
    sounding = [f for f in about if f.one.facts["sound"] != "none"]
    if about and not sounding:
        return Reply((), ("There is no sound.",), False, tuple(about))
    if about and all(f.one.facts["sound"] == "unheard" for f in sounding):
        return Reply((), (), False, tuple(sounding))
    lost = {
        "silence": "No stretch of a second or more is silent.",
        "other": f"Nothing but speech or silence lasts {MUSIC_SECONDS:.0f} seconds or more.",
    }
    return Reply(
        (), (lost.get(sought or "", "No sound is much louder than what is around it."),), False
    )


def in_short(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """The whole in short: its facts and what stands for it, its chapters, events or highlights."""
    found = [one for group in groups.values() for one in group]
    part = about(asked.plan.question)
    chapters = [f for f in found if f.one.kind == "chapter"]
    if part == "chapters" and chapters:
        more = len(chapters) - CHAPTERS
        remarks = (f"There are {len(chapters)} chapters in all.",) if more > 0 else ()
        return Reply(tuple(map(sentence, chapters[:CHAPTERS])), remarks)
    if chapters:  # what comes before the first of them is about the whole
        found = found[: found.index(chapters[0])]
    facts = [f for f in found if f.one.kind == "video"]
    told = [f"The video is {f.one.text} [{f.label}]." for f in facts]
    told += [sentence(f) for f in found if f not in facts]
    return Reply(tuple(told), found=bool(told))


def labelled(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """Which label fits best, or that none does."""
    for one in (found for group in groups.values() for found in group):
        fits: dict[str, float] = one.one.facts["labels"]
        best = max(fits, key=fits.__getitem__, default="")
        if not best or fits[best] < one.one.score:  # the first is none of them
            return Reply((), (f"No label fits the pictures: {one.one.text}.",), False, (one,))
        told = f"The pictures {span(one.one)} fit {quoted(best)} best: {one.one.text}"
        return Reply((f"{told} [{one.label}].",))
    return Reply((), ("These pictures cannot be compared with labels.",), False)


def alike(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """What looks like a picture that was shown."""
    if asked.at is None:
        return Reply((), ("Nothing was shown under that number here.",), False)
    found = [one for group in groups.values() for one in group]
    if not found:
        return Reply((), ("No other picture is like that one.",), False)
    return Reply(likenesses(found[:AT_MOST]))


def likenesses(found: Sequence[Found]) -> tuple[str, ...]:
    """How close each comes to a picture, best first, and its fit: likeness is no proof."""
    return tuple(_close(one, "it", one is found[0], f": {one.one.text}") for one in found)


def with_senses(said: Reply, plan: Plan, groups: Groups, relevance: Relevance) -> Reply:
    """What words answered, and what pictures or sounds tell where that was asked for."""
    if plan.senses.sound or plan.senses.labels:
        writer = sounds if plan.senses.sound else labelled
        told = writer(Referring(plan), groups, relevance)
        return told if told.found else replace(said, remarks=(*said.remarks, *told.remarks))
    found = [one for group in groups.values() for one in group]
    what = quoted(plan.senses.seen)
    if not found:
        remark = () if said.found else (f"No picture comes close to {what}.",)
        return replace(said, remarks=(*said.remarks, *remark))
    shown = tuple(_close(one, what, first=one is found[0]) for one in _chosen(plan, found))
    return Reply((*said.sentences, *shown), said.remarks if said.found else ())


def _chosen(plan: Plan, found: Sequence[Found]) -> list[Found]:
    if plan.kind in ("first", "last"):
        found = sorted(found, key=lambda f: f.one.start)
        return [found[0] if plan.kind == "first" else found[-1]]
    near = [f for f in found if f.one.score >= found[0].one.score - NEARLY]
    return near[: LISTED if plan.kind == "every" else AT_MOST]


def _close(found: Found, what: str, first: bool, beside: str = "") -> str:
    one = found.one
    several = one.end - one.start >= 1.0
    verb = ("come" if several else "comes") + (" closest to" if first else " close to")
    subject = "The pictures" if several else "The picture"
    return f"{subject} {span(one)} {verb} {what}, {one.score:.2f}{beside} [{found.label}]."
