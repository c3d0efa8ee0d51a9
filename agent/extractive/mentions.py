"""Look-ups of explicit words: how often, first, last, in which order, by whom."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from agent.extractive.moments import beside
from agent.extractive.question import INSTANT
from agent.extractive.reply import (
    LISTED,
    QUOTES,
    Answering,
    Call,
    Found,
    Reply,
    Steps,
    length,
    quoted,
    time,
)
from agent.extractive.search import search
from agent.extractive.turn import Place, Turn, in_time, of_kind
from agent.extractive.whole import by_eye
from tools.media import Utterance
from tools.text.tokens import stem, surface_forms

SPEAKERS = 8


def _mentions(turn: Turn, words: Sequence[str]) -> Steps[list[Found]]:
    """Every place that holds words, said or shown as is asked: as a phrase, else all of them, else
    written as one.
    """
    ways = [[" ".join(words)]]
    if len(words) > 1:
        ways += [list(words), ["".join(words)]]
    if not words:
        return []
    calls: list[Call] = [("find_words", {"words": way, **turn.where}) for way in ways]
    found = yield calls
    asked = [[f for f in group if turn.question.is_of(f.one.kind)] for group in found]
    held, kind = next(filter(None, asked), []), turn.question.modality
    return in_time(of_kind(held, kind) if kind != "any" else held)


def count(turn: Turn) -> Answering:
    """How often words are said or shown, counted in words."""
    words = turn.question.intent.slot
    found = yield from _mentions(turn, words)
    if not found:
        return (yield from search(turn))
    number = sum(int(f.one.facts.get("times", 1)) for f in found)
    often = turn.write.often(number)
    times = turn.write.joined([f.one.start for f in found[:LISTED]])
    if turn.question.nth and len(found) < turn.question.nth and turn.complete:
        name = turn.as_typed(words)
        lead = turn.sentence("not_so_often", quote=name, often=often.lower())
        return turn.write.closest(lead, found[-1:], "absent")
    lead = turn.sentence("counted" if turn.complete else "made_out", often=often, times=times)
    lines = [turn.write.line(f) for f in found[:QUOTES]]
    if more := len(found) - QUOTES:
        lines += [turn.write.times(found[QUOTES:])] if more > 0 else []
    return Reply(lead, tuple(lines))


def pick(turn: Turn) -> Answering:
    """The first, last or n-th time that words are said or shown."""
    found = yield from _mentions(turn, turn.question.intent.slot)
    if not found:
        return (yield from search(turn))
    nth = turn.question.nth
    at = {"first": 0, "last": -1}.get(turn.question.intent.name, nth - 1 if nth > 0 else nth)
    if at >= len(found):
        told = yield from count(turn)
        return replace(told, reason="absent" if turn.complete else "unsure")
    return Reply(lines=(turn.write.line(found[at]),))


def named(turn: Turn) -> Answering:
    """What is said about something, or whether it is named at all: a literal look-up first."""
    words = turn.question.intent.slot
    if not words:
        return (yield from search(turn))
    found = yield from _mentions(turn, words)
    if not found:
        return (yield from search(turn))
    kind = turn.question.modality
    (ranked,) = yield [
        ("search_screen_text" if kind == "screen" else "search_transcript",
         {"query": " ".join(words), "limit": 12, **turn.where})
    ]  # fmt: skip
    order = {f.one.id: place for place, f in enumerate(ranked)}
    best = sorted(found, key=lambda f: (order.get(f.one.id, 99), f.one.start))[:QUOTES]
    return Reply(lines=tuple(turn.write.line(f) for f in in_time(best)))


def order(turn: Turn) -> Answering:
    """Which of two things is said or shown first."""
    words = turn.question.wording.words["or"]
    forms = surface_forms(turn.text.rpartition(",")[2])
    cut = next((n for n in range(len(forms) - 1, 0, -1) if forms[n] in words), 0)
    slot = set(turn.question.intent.slot)
    sides = [[w for w in part if w in slot] for part in (forms[:cut], forms[cut:])]
    if not all(sides):
        return (yield from search(turn))
    calls: list[Call] = [("find_words", {"words": side, **turn.where}) for side in sides]
    found = yield calls
    names = [quoted(" ".join(side)) for side in sides]
    lost = [name for name, group in zip(names, found, strict=True) if not group]
    if lost:
        known = [f for group in found for f in group[:1]]
        if not turn.complete:
            return turn.write.closest(
                turn.sentence("nothing_heard", quote=lost[0]), known, "unsure"
            )
        return turn.write.closest(turn.sentence("never", quote=lost[0]), known, "absent")
    firsts = sorted(
        zip(names, (group[0] for group in found), strict=True), key=lambda p: p[1].one.start
    )
    lead = turn.sentence("order", first=firsts[0][0], second=firsts[1][0])
    return Reply(lead, tuple(turn.write.line(f) for _, f in firsts))


def next_to(turn: Turn) -> Answering:
    """What comes before or after something that is named."""
    found = yield from _mentions(turn, turn.question.intent.slot)
    if not found:
        return (yield from search(turn))
    side = "before" if turn.question.intent.name == "before" else "after"
    one = (found[0] if side == "before" else found[-1]).one
    return (yield from beside(turn, Place(one.id, one.kind, one.video, one.start, one.end), side))


def said_by(turn: Turn) -> Answering:
    """What somebody says, by the label of the speaker."""
    slot = turn.question.intent.slot
    names = _labels(turn.utterances)
    name = next(
        (n for n in names if {stem(w) for w in surface_forms(n)} & {stem(w) for w in slot}), ""
    )
    nth = turn.question.nth
    if not name and nth and _is_anybody(turn, slot):
        if not names:
            return (yield from search(turn, "speaker_none"))
        if nth > len(names):
            return replace((yield from speakers(turn)), reason="absent")
        name, nth = names[nth - 1 if nth > 0 else nth], 0
    if not name:
        return (yield from named(turn))
    own = {stem(w) for w in surface_forms(name)}
    topic = [w for w in slot if stem(w) not in own and not turn.question.points(w)]
    video = turn.video.id
    if topic:
        query = {"query": " ".join([name, *topic]), "limit": 20, "videos": [video]}
        (found,) = yield [("search_transcript", query)]
        lines = [f for f in found if name in f.one.facts.get("speakers", ())]
        if not lines:
            return (yield from search(turn))
        return Reply(lines=tuple(map(turn.write.line, lines[:2])))
    spans = _spoken(turn.utterances)[name]
    if nth:
        spans = spans[-1:] if nth < 0 else spans[nth - 1 : nth] or spans
    found = yield [
        ("read_moment", {"video": video, "start": start, "end": start + INSTANT})
        for start, _ in spans[:QUOTES]
    ]
    lines = [f for group in found for f in group if name in f.one.facts.get("speakers", ())]
    seconds = length(sum(end - start for start, end in spans))
    often = turn.write.often(len(spans)).lower()
    lead = turn.sentence("spoke_at", name=name, often=often, seconds=seconds)
    return Reply(lead, tuple(map(turn.write.line, lines)))


def _is_anybody(turn: Turn, slot: Sequence[str]) -> bool:
    """True if words name no one but a speaker by a number: "the third person"."""
    rest = [word for word in slot if not turn.question.points(word)]
    return {*turn.question.wording.canonical(rest)} <= {"speaker", "sprecher"}


def who_said(turn: Turn) -> Answering:
    """Who said something, by the labels of speakers."""
    words = turn.question.intent.slot
    (found,) = yield [("search_transcript", {"query": " ".join(words), "limit": 6, **turn.where})]
    held = [f for f in found if f.one.facts.get("speakers")]
    stems = {stem(w) for w in words}
    best = [
        f
        for f in held
        if len(stems & {stem(w) for w in surface_forms(f.one.text)}) * 2 > len(stems)
    ]
    if not best:
        return (yield from search(turn))
    name = best[0].one.facts["speakers"][0]
    lead = turn.sentence("who", name=f"**{name}**", time=time(best[0].one.start))
    return Reply(lead, (turn.write.line(best[0]),))


def speakers(turn: Turn) -> Answering:
    """Who speaks, and who speaks most, by the labels of speakers."""
    names = _labels(turn.utterances)
    if not names and turn.is_speechless:
        return (yield from by_eye(turn, Reply(turn.sentence("silent"), reason="absent")))
    if not names:
        return (yield from search(turn, "speaker_none"))
    spans = _spoken(turn.utterances)
    seconds = {name: sum(e - s for s, e in spans[name]) for name in names}
    calls: list[Call] = [
        ("search_transcript", {"query": name, "limit": 6, "videos": [turn.video.id]})
        for name in names[:SPEAKERS]
    ]
    found = yield calls
    lines = [
        f for name, group in zip(names, found, strict=False)
        for f in sorted(group, key=lambda f: f.one.start) if name in f.one.facts.get("speakers", ())
    ]  # fmt: skip
    first = {f.one.facts["speakers"][0]: f for f in reversed(lines)}
    most = max(names, key=seconds.__getitem__)
    lead = turn.sentence(
        "speaker_count" if len(names) > 1 else "speaker_one",
        n=len(names),
        names=", ".join(names).rstrip("."),
    )
    if turn.question.intent.name == "who_most":
        total = length(sum(seconds.values()))
        lead = turn.sentence("speaker_most", name=most, seconds=length(seconds[most]), total=total)
        return Reply(lead, tuple(turn.write.line(first[n]) for n in (most,) if n in first))
    return Reply(lead, tuple(turn.write.line(first[n]) for n in names if n in first))


def _labels(said: Sequence[Utterance]) -> list[str]:
    return list(dict.fromkeys(u.speaker for u in said if u.speaker))


def _spoken(said: Sequence[Utterance]) -> dict[str, list[tuple[float, float]]]:
    """By speaker, the stretches in which each speaks without another one between."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for name, group in groupby(said, key=lambda u: u.speaker or ""):
        turns = list(group)
        spans.setdefault(name, []).append((turns[0].start, max(u.end for u in turns)))
    return spans
