"""Sentences that quote evidence, and the choice of what to quote. Every time in them is cited."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent.followups import Place, Referring
from agent.relevance import ENOUGH, Relevance, sought
from agent.toolbelt import clock
from agent.understanding import Modality
from tools.media import Evidence

INSTANT = 0.05
"""A span shorter than this, in seconds, is a moment."""
NEAR_SECONDS = 4.0
"""How far from an asked moment something may lie to be told as near it."""
ENOUGH_IN_WINDOW = 0.4
"""Share of the question's weight from which evidence counts where the question says when."""
SEARCHES = 3
"""Searches that a question in words begins with."""
AROUND = 10.0
"""Seconds before or after something within which its neighbours lie."""
SENTENCE_SECONDS = 3.0
"""How far before a cue the sentence that it goes on with is looked for."""
LISTED = 12
AT_MOST = 3
"""Citations for one moment."""


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


Groups = Sequence[Sequence[Found]]


def reply(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """Compose the answer to a plan from what its tools returned, in the order of its calls."""
    writers: dict[str, Callable[..., Reply]] = {
        "facts": _facts,
        "summary": _summary,
        "scenes": _scenes,
        "look": _look,
        "moment": _moment,
        "order": _order,
        "beside": _next_to,
        "every": _every,
        "first": _every,
        "last": _every,
    }
    return writers.get(asked.plan.kind, _search)(asked, groups, relevance)


def sentence(found: Found) -> str:
    """One piece of evidence as a sentence: when, how, and its own words."""
    one = found.one
    if one.kind == "speech":
        return f"At {clock(one.start)} it is said: {_quoted(one.text)} [{found.label}]."
    if one.kind == "screen":
        return f"On screen {_span(one)}: {_quoted(one.text)} [{found.label}]."
    if one.kind == "scene":
        return f"From {clock(one.start)} to {clock(one.end)}: {one.text} [{found.label}]."
    return f"The picture {_span(one)}: {one.text or 'shown below'} [{found.label}]."


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'


def _span(one: Evidence) -> str:
    if one.end - one.start < INSTANT:
        return f"at {clock(one.start)}"
    return f"from {clock(one.start)} to {clock(one.end)}"


def _facts(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    facts = [found for group in groups for found in group][:1]
    text = asked.plan.question.lower()
    if not facts:
        return Reply(found=False)
    if ("recorded" in text or "filmed" in text) and "recorded" not in facts[0].one.text:
        return Reply((), ("The file does not say when it was recorded.",), False)
    return Reply((f"The video is {facts[0].one.text} [{facts[0].label}].",))


def _summary(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    facts, told = [*groups, [], []][:2]
    spoken = [found for found in told if found.one.kind == "speech"]
    read = [found for found in told if found.one.kind == "screen"]
    chosen = _spread(spoken or _distinct(read), 4)
    sentences = [f"The video is {found.one.text} [{found.label}]." for found in facts[:1]]
    sentences += [sentence(found) for found in chosen]
    if spoken and read:
        sentences += [sentence(found) for found in _spread(_distinct(read), 2)]
    return Reply(tuple(sentences), found=bool(sentences))


def _distinct(found: Sequence[Found]) -> list[Found]:
    seen: dict[str, Found] = {}
    for one in found:
        seen.setdefault(one.one.text.casefold(), one)
    return list(seen.values())


def _spread(found: Sequence[Found], count: int) -> list[Found]:
    """The first, the last and those evenly between them."""
    if len(found) <= count:
        return list(found)
    return [found[round(i * (len(found) - 1) / (count - 1))] for i in range(count)]


def _scenes(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    scenes = [found for group in groups for found in group]
    if not scenes:
        return Reply((), ("Scenes are not known yet.",), False)
    if asked.nth:
        chosen = scenes[asked.nth - 1 : asked.nth]
        remark = () if chosen else (f"There are only {len(scenes)} scenes.",)
        return Reply(tuple(sentence(one) for one in chosen), remark, bool(chosen))
    remarks = () if len(scenes) <= LISTED else (f"There are {len(scenes)} scenes in all.",)
    return Reply(tuple(sentence(found) for found in scenes[:LISTED]), remarks)


def _look(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    found = [one for group in groups for one in group]
    if not found:
        return Reply((), ("No picture looks like that.",), False)
    wanted = len(found) if " all " in asked.plan.question or "every" in asked.plan.question else 1
    best = [f for f in found if f.one.score >= found[0].one.score - 0.05][:wanted]
    return Reply(tuple(sentence(one) for one in best))


def _moment(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    found = [one for group in groups for one in group]
    plan, at = asked.plan, asked.at
    if asked.when and at is not None:
        same = [one for one in found if one.one.id == at.id]
        if same:
            return Reply((sentence(same[0]),))
    if asked.direction and at is not None:
        return _beside(asked, found)
    if at is not None:
        start, end = at.start, at.end
    else:
        start, end = plan.window or (0.0, float("inf"))
    inside = [f for f in found if f.one.start < end + INSTANT and f.one.end > start - INSTANT]
    inside += [f for f in groups[-1] if f.one.kind == "frame" and f not in inside][:1]
    if plan.edge:
        inside = _outermost(inside, plan.edge)
    chosen = _of_kind(inside, plan.modality, start, end)
    if not chosen and plan.modality in ("speech", "any") and end - start < AT_MOST:
        near = [f for f in found if _apart(f.one, start, end) <= NEAR_SECONDS]
        chosen = _of_kind(near, plan.modality, start, end)[:1]
    if not chosen:
        what = {"speech": "said", "screen": "to be read on screen"}.get(plan.modality, "known")
        return Reply((), (f"Nothing is {what} at that moment.",), False)
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
            chosen += [f for f in group if f.one.end >= last - 0.5][-2:]
    return chosen


def _apart(one: Evidence, start: float, end: float) -> float:
    return max(one.start - end, start - one.end, 0.0)


def _of_kind(found: Sequence[Found], modality: Modality, start: float, end: float) -> list[Found]:
    """At most AT_MOST of what was asked for; what has its middle in the span first."""
    speech = [f for f in found if f.one.kind == "speech"]
    screen = [f for f in found if f.one.kind == "screen"]
    pictures = [f for f in found if f.one.kind == "frame" and f.one.text]

    def central(group: list[Found]) -> list[Found]:
        if end - start < 1.0:
            return group[:2]
        inside = [f for f in group if start <= (f.one.start + f.one.end) / 2 <= end]
        return _spread(inside or group[:1], AT_MOST)

    if modality == "speech":
        return central(speech)
    if modality == "screen":
        return central(screen) or pictures[:1]
    if modality == "picture":
        return pictures[:1]
    both = sorted([*central(speech), *central(screen)[:1]], key=lambda f: f.one.start)
    return both[:AT_MOST] or pictures[:1]


def _beside(asked: Referring, found: Sequence[Found]) -> Reply:
    """What comes just before or after evidence that was shown."""
    at = asked.at
    assert at is not None
    after = asked.direction == "after"
    others = [f for f in found if f.one.id != at.id and f.one.kind in ("speech", "screen")]
    if after:
        others = [f for f in others if f.one.start >= at.start + INSTANT and f.one.end > at.end]
        others.sort(key=lambda f: max(f.one.start, at.end))
    else:
        others = [f for f in others if f.one.start < at.start - INSTANT]
        others.sort(key=lambda f: -f.one.start)
    speech = [f for f in others if f.one.kind == "speech"]
    screen = [f for f in others if f.one.kind == "screen"]
    by = {"speech": speech, "screen": screen}
    chosen = by.get(asked.plan.modality) or speech or screen
    if not chosen:
        edge = "after" if after else "before"
        return Reply((), (f"Nothing is said or shown shortly {edge} that.",), False)
    return Reply((sentence(chosen[0]),))


def _next_to(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """What comes before or after something that the question names: found first, then read round."""
    plan = asked.plan
    pool = _in_time([f for group in groups[:SEARCHES] for f in group])
    weighed = [(relevance.share(sought(plan), f.one), f) for f in pool]
    fitting = [f for share, f in weighed if share >= ENOUGH]
    if not fitting:
        return _absent(asked, groups, relevance, weighed)
    named = fitting[0] if plan.beside == "before" else fitting[-1]
    at = Place(named.one.id, named.one.video, named.one.start, named.one.end)
    if len(groups) <= SEARCHES:
        before, after = (AROUND, 0.0) if plan.beside == "before" else (0.0, AROUND)
        wanted = (at.video, max(at.start - before, 0.0), at.end + after)
        return Reply((sentence(named),), wants=wanted)
    asked = replace(asked, at=at, direction=plan.beside)
    return _beside(asked, groups[-1])


def _order(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    sides = asked.plan.sides
    assert sides is not None
    firsts = [min(group, key=lambda f: f.one.start, default=None) for group in groups[:2]]
    lost = [" ".join(side) for side, first in zip(sides, firsts, strict=False) if first is None]
    if lost or len(firsts) < 2:
        known = tuple(first for first in firsts if first)
        return Reply((), tuple(f"{_quoted(name)} never occurs." for name in lost), False, known)
    (a, first), (b, second) = sorted(
        ((" ".join(side), f) for side, f in zip(sides, firsts, strict=True) if f),
        key=lambda pair: pair[1].one.start,
    )
    return Reply(
        (sentence(first), sentence(second)), (f"So {_quoted(a)} comes before {_quoted(b)}.",)
    )


def _every(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    plan = asked.plan
    exact = _preferred(_in_time(groups[0] if groups else []), plan.modality)
    if not exact:
        close = [f for group in groups[1:] for f in group]
        shares = {f.one.id: relevance.share(plan.words, f.one) for f in close}
        enough = max(ENOUGH, max(shares.values(), default=0.0) - 0.1)
        covered = [f for f in close if shares[f.one.id] >= enough]
        exact = _preferred(_in_time(covered), plan.modality)
    if not exact:
        return _absent(asked, groups, relevance)
    what = _quoted(" ".join(plan.words))
    if asked.nth:
        if asked.nth > len(exact):
            remark = f"{what} occurs {_times(len(exact))}, not more often."
            return Reply((), (remark,), False, tuple(exact[-3:]))
        return Reply((sentence(exact[asked.nth - 1]),))
    if plan.kind in ("first", "last"):
        one = exact[0] if plan.kind == "first" else exact[-1]
        return Reply((sentence(one),))
    return Reply(
        tuple(sentence(one) for one in exact[:LISTED]), (f"That is {_times(len(exact))} in all.",)
    )


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _in_time(found: Sequence[Found]) -> list[Found]:
    unique = {f.one.id: f for f in found}
    return sorted(unique.values(), key=lambda f: (f.one.video, f.one.start, f.one.end))


def _preferred(found: Sequence[Found], modality: Modality) -> list[Found]:
    """Only what is said, or only what is to be read, where that was asked for and is there."""
    if modality in ("speech", "screen"):
        own = [f for f in found if f.one.kind == modality]
        return own or list(found)
    return list(found)


def _search(asked: Referring, groups: Groups, relevance: Relevance) -> Reply:
    """The best evidence for a question in words, if it covers enough of them."""
    plan = asked.plan
    words = sought(plan)
    pool = _in_time([f for group in groups for f in group])
    weighed = [(relevance.share(words, f.one), f) for f in pool]
    enough = ENOUGH if plan.window is None else ENOUGH_IN_WINDOW
    fitting = [
        (s, f) for s, f in weighed if s >= enough and relevance.fits(plan.question, f.one, words)
    ]
    if not fitting and asked.otherwise:
        return _moment(replace(asked, plan=asked.otherwise), groups[-1:], relevance)
    if not fitting:
        return _absent(asked, groups, relevance, weighed)
    kept = _preferred([f for _, f in fitting], plan.modality)
    shares = {f.one.id: s for s, f in fitting}
    rank = {f.one.id: place for group in groups[:2] for place, f in enumerate(group)}

    def worth(found: Found) -> tuple[float, float, float]:
        bonus = relevance.bonus(plan.question, found.one)
        bonus += 0.05 * relevance.share(plan.topic, found.one) if plan.topic else 0.0
        return (round(shares[found.one.id] + bonus, 2), -rank.get(found.one.id, 99), 0.0)

    best = max(kept, key=worth)
    missing = relevance.missing(words)
    whole = _whole(best, pool)
    begins = best.one.kind == "speech" and best.one.text[:1].islower() and whole == [best]
    before = (best.one.video, max(best.one.start - SENTENCE_SECONDS, 0.0), best.one.end)
    return Reply(
        tuple(sentence(f) for f in whole), _never(missing), wants=before if begins else None
    )


def _whole(best: Found, pool: Sequence[Found]) -> list[Found]:
    """A cue with the one that its sentence begins in, where that was found as well."""
    if best.one.kind != "speech" or not best.one.text[:1].islower():
        return [best]
    before = [
        f
        for f in pool
        if f.one.kind == "speech"
        and f.one.video == best.one.video
        and -0.1 <= best.one.start - f.one.end <= 1.0
        and f.one.text.rstrip()[-1:] not in ".!?"
    ]
    return [*before[-1:], best]


_MEASURES = frozenset(
    str.split("long far many much heavy old tall high deep wide fast big large often")
)
"""Words that ask "how …": that they do not occur says nothing."""


def _never(missing: Sequence[str]) -> tuple[str, ...]:
    missing = [word for word in missing if word not in _MEASURES]
    if not missing:
        return ()
    names = " and ".join(_quoted(word) for word in missing)
    verb = "never occur" if len(missing) > 1 else "never occurs"
    return (f"The word {names} {verb}." if len(missing) == 1 else f"The words {names} {verb}.",)


def _absent(
    asked: Referring,
    groups: Groups,
    relevance: Relevance,
    weighed: Sequence[tuple[float, Found]] = (),
) -> Reply:
    missing = relevance.missing(asked.plan.words)
    pool = list(weighed) or [
        (relevance.share(asked.plan.words, f.one), f)
        for f in _in_time([f for group in groups for f in group])
    ]
    pool.sort(key=lambda pair: -pair[0])
    nearest = tuple(f for share, f in pool[:3] if share > 0)
    remarks = _never(missing) or ("Nothing found answers this.",)
    return Reply((), remarks, False, nearest)
