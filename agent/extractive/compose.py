"""The answer to a plan: which evidence to quote, or that nothing found answers the question."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from agent.extractive.answer_type import NAME, PLACE, asks_place, heads, names_kind, sought
from agent.extractive.passages import passage
from agent.extractive.query import Modality
from agent.extractive.quote import (
    AT_MOST,
    INSTANT,
    LISTED,
    READ,
    Found,
    Groups,
    Reply,
    beside,
    facts,
    look,
    moment,
    nth,
    quoted,
    scenes,
    sentence,
    times,
)
from agent.extractive.reference import Place, Referring
from agent.extractive.relevance import ENOUGH, Relevance
from agent.extractive.visual import alike, in_short, labelled, sounds
from tools.media import Evidence
from tools.text.clean import word_set
from tools.text.expressions import continues

ENOUGH_IN_WINDOW = 0.4
"""Share of the question's weight from which evidence counts where the question says when."""
AROUND = 10.0
"""Seconds before or after something within which its neighbours lie."""
SENTENCE_SECONDS = 3.0
"""How far before a cue the sentence that it goes on with is looked for."""


def reply(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """Compose the answer to a plan from what its tools returned, in the order of its calls."""
    writers: dict[str, Callable[..., Reply]] = {
        "facts": facts,
        "summary": in_short,
        "scenes": scenes,
        "look": look,
        "moment": moment,
        "order": _order,
        "beside": _next_to,
        "every": _every,
        "first": _every,
        "last": _every,
        "sound": sounds,
        "label": labelled,
        "like": alike,
    }
    return writers.get(asked.plan.kind, _search)(asked, groups, relevance)


def _next_to(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """What comes before or after something that is named: it is found, then read around."""
    plan = asked.plan
    pool = _in_time([f for step, group in groups.items() if step != READ for f in group])
    weighed = [(relevance.share(sought(plan), f.one), f) for f in pool]
    fitting = [f for share, f in weighed if share >= ENOUGH]
    if not fitting:
        return _absent(asked, groups, relevance, weighed)
    named = fitting[0] if plan.beside == "before" else fitting[-1]
    at = Place(named.one.id, named.one.video, named.one.start, named.one.end)
    if READ not in groups:
        before, after = (AROUND, 0.0) if plan.beside == "before" else (0.0, AROUND)
        wanted = (at.video, max(at.start - before, 0.0), at.end + after)
        return Reply((sentence(named),), wants=wanted)
    asked = replace(asked, at=at, direction=plan.beside)
    return beside(asked, groups[READ], relevance)


def _order(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    sides = asked.plan.sides
    assert sides is not None
    found = [groups[step] for step in ("first", "second") if step in groups]
    firsts = [min(group, key=lambda f: f.one.start, default=None) for group in found]
    lost = [" ".join(side) for side, first in zip(sides, firsts, strict=False) if first is None]
    if lost or len(firsts) < 2:
        known = tuple(first for first in firsts if first)
        never = tuple(f"{quoted(name)} never occurs." for name in lost)
        return Reply((), never if relevance.complete else (_NOTHING,), False, known)
    (a, first), (b, second) = sorted(
        ((" ".join(side), f) for side, f in zip(sides, firsts, strict=True) if f),
        key=lambda pair: pair[1].one.start,
    )
    return Reply(
        (sentence(first), sentence(second)), (f"So {quoted(a)} comes before {quoted(b)}.",)
    )


def _every(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    plan = asked.plan
    exact = _preferred(_in_time(groups.get("words", ())), plan.modality)
    literal = bool(exact)
    if not exact:
        close = [f for step, group in groups.items() if step != "words" for f in group]
        shares = {f.one.id: relevance.share(plan.words, f.one) for f in close}
        enough = max(ENOUGH, max(shares.values(), default=0.0) - 0.1)
        covered = [f for f in close if shares[f.one.id] >= enough]
        covered = [f for f in covered if relevance.fits(plan.question, f.one, plan.words)]
        exact = _preferred(_in_time(covered), plan.modality)
    if not exact:
        return _absent(asked, groups, relevance)
    what = quoted(" ".join(plan.words))
    often = sum(int(found.one.facts.get("times", 1)) for found in exact)
    if plan.nth:
        if chosen := nth(exact, plan.nth):
            return Reply((sentence(chosen[0]),))
        remark = f"{what} occurs {times(often)}, not more often."
        if not relevance.complete:
            remark = f"{what} could be made out {times(often)}."
        return Reply((), (remark,), False, tuple(exact[-3:]))
    if plan.kind in ("first", "last"):
        one = exact[0] if plan.kind == "first" else exact[-1]
        return Reply((sentence(one),))
    counted = (f"That is {times(often)} in all.",) if literal and relevance.complete else ()
    if literal and not relevance.complete:
        counted = (f"It could be made out {times(often)}.",)
    return Reply(tuple(sentence(one) for one in exact[:LISTED]), counted)


def _in_time(found: Sequence[Found]) -> list[Found]:
    unique = {f.one.id: f for f in found}
    return sorted(unique.values(), key=lambda f: (f.one.video, f.one.start, f.one.end))


def _preferred(found: Sequence[Found], modality: Modality) -> list[Found]:
    """Only what is said, or only what is to be read, where that was asked for and is there."""
    return [f for f in found if f.one.kind == modality] or list(found)


def _search(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """The best evidence for a question in words, if it covers enough of them."""
    plan = asked.plan
    words = sought(plan)
    if relevance.long and plan.window is None:
        if plan.modality != "screen" or not relevance.may_read:
            return passage(asked, groups, relevance) or _absent(asked, groups, relevance)
        groups = {
            step: [f for f in group if f.one.kind == "screen"] for step, group in groups.items()
        }
    pool = _in_time([f for group in groups.values() for f in group])
    weighed = [(relevance.share(words, f.one), f) for f in pool]
    most = 1.0 if plan.window is None else ENOUGH_IN_WINDOW
    fitting = [
        f
        for share, f in weighed
        if share >= min(most, relevance.enough(plan, f.one))
        and relevance.fits(plan.question, f.one, words)
    ]
    if not fitting and asked.otherwise:
        return moment(
            replace(asked, plan=asked.otherwise), {"around": groups.get("around", ())}, relevance
        )
    if not fitting:
        line = _same_slide(asked, groups, relevance, weighed)
        return line or _absent(asked, groups, relevance, weighed)
    kept = _preferred(fitting, plan.modality)
    shares = {f.one.id: share for share, f in weighed}
    rank = {
        f.one.id: place
        for step in ("said", "shown")
        for place, f in enumerate(groups.get(step, ()))
    }

    outermost = re.search(r"\b(first|last)\b", plan.question.lower())
    sign = 0.0 if outermost is None else -1.0 if outermost[1] == "first" else 1.0

    def worth(found: Found) -> tuple[float, float, int]:
        bonus = relevance.bonus(plan.question, found.one)
        bonus += 0.05 * relevance.share(plan.topic, found.one) if plan.topic else 0.0
        share = round(shares[found.one.id] + bonus, 2)
        return (share, sign * found.one.start, -rank.get(found.one.id, 99))

    best = max(kept, key=worth)
    never = _never(relevance.missing(words), relevance)
    told = [f for f in kept if worth(f)[0] >= worth(best)[0] - 0.02]
    telling = re.search(r"\b(?:about|mention\w*)\b", plan.question.lower())
    if telling and best.one.kind == "speech" and len(told) > 1:
        told = [f for f in told if f.one.kind == "speech"][:AT_MOST]
        return Reply(tuple(sentence(f) for f in told), never)
    if best.one.kind == "screen":
        return _with_its_lines(asked, groups, best, never)
    asked_place = asks_place(plan.question) and not PLACE.search(best.one.text)
    if asked_place and relevance.ends_inside(best.one):  # which may name one after these words
        if READ not in groups:
            wanted = (best.one.video, best.one.start, best.one.end + SENTENCE_SECONDS)
            return Reply((sentence(best),), never, wants=wanted)
        after = [f for f in groups[READ] if 0 <= f.one.start - best.one.end + 0.1 <= 1.0]
        told = [best, *[f for f in after if f.one.kind == "speech"][:1]]
        return Reply(tuple(sentence(f) for f in told), never)
    one = best.one
    begins_inside = one.kind == "speech" and relevance.has_capitals and continues(one.text)
    if not begins_inside or not heads(plan.question) or NAME.search(one.text):
        return Reply((sentence(best),), never)
    before = [f for f in pool if f.one.video == one.video and -0.1 <= one.start - f.one.end <= 1.0]
    begun = [f for f in before if relevance.ends_inside(f.one)][-1:]
    wanted = (one.video, max(one.start - SENTENCE_SECONDS, 0.0), one.end)
    told = tuple(map(sentence, [*begun, best]))
    return Reply(told, never, wants=None if begun else wanted)


def _same_slide(
    asked: Referring,
    groups: Groups,
    relevance: Relevance,
    weighed: Sequence[tuple[float, Found]],
) -> Reply | None:
    """What was asked for stands on another line of the slide that names it: "open", "10 to 4"."""
    titles = [f for share, f in weighed if share >= ENOUGH and f.one.kind == "screen"]
    if not titles or not names_kind(asked.plan.question):
        return None
    one = titles[0].one
    if READ not in groups:
        return Reply((), (), False, wants=(one.video, one.start, one.end))
    lines = [f for f in groups[READ] if f.one.kind == "screen" and f.one.end > one.start + INSTANT]
    fitting = [f for f in lines if relevance.fits(asked.plan.question, f.one, ())]
    return Reply((sentence(fitting[0]),)) if fitting else None


def _with_its_lines(
    asked: Referring, groups: Groups, best: Found, remarks: tuple[str, ...]
) -> Reply:
    """A line on screen with those it goes on in, and with all of a title of up to three lines."""
    one = best.one
    if READ not in groups:
        return Reply((sentence(best),), remarks, wants=(one.video, one.start, one.end))
    shown = [f for f in groups[READ] if f.one.kind == "screen" and _together(f.one, one)]
    if len(shown) > AT_MOST:
        at = next((n for n, f in enumerate(shown) if f.one.id == one.id), 0)
        first, last = at, at + 1
        while first > 0 and continues(shown[first].one.text):
            first -= 1
        while last < len(shown) and continues(shown[last].one.text):
            last += 1
        shown = shown[max(first, at - 1) : last][:AT_MOST]
    told = shown if any(f.one.id == one.id for f in shown) else [best]
    return Reply(tuple(sentence(f) for f in told), remarks)


def _together(one: Evidence, other: Evidence) -> bool:
    """Whether two lines are on screen at nearly the same time."""
    both = min(one.end, other.end) - max(one.start, other.start)
    return both > 0.8 * max(one.end - one.start, other.end - other.start)


def _absent(
    asked: Referring,
    groups: Groups,
    relevance: Relevance,
    weighed: Sequence[tuple[float, Found]] = (),
) -> Reply:
    never = _never(relevance.missing(asked.plan.words), relevance)
    pool = list(weighed) or [
        (relevance.share(asked.plan.words, f.one), f)
        for f in _in_time([f for group in groups.values() for f in group])
    ]
    pool.sort(key=lambda pair: -pair[0])
    nearest = tuple(f for share, f in pool[:3] if share > 0)
    remarks = never or (_NOTHING,)
    return Reply((), remarks, False, nearest)


_NOTHING = "Nothing found answers this."
_MEASURES = word_set("long far many much heavy old tall high deep wide fast big large often")
"""Words that ask "how …": that they do not occur says nothing."""


def _never(missing: Sequence[str], relevance: Relevance) -> tuple[str, ...]:
    """Words that never occur; none while not all that is said is known."""
    if not missing or not relevance.complete:
        return ()
    names = [quoted(word) for word in missing if word not in _MEASURES]
    if len(names) > 1:
        return (f"The words {' and '.join(names)} never occur.",)
    return tuple(f"The word {name} never occurs." for name in names)
