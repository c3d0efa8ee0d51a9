"""Answers by search: what is said or shown, asserted or shown as the closest moments."""

from collections.abc import Sequence
from dataclasses import replace

from agent.extractive.answer_type import LOOKS_ALONE, asked_type
from agent.extractive.assertion import ASSERTED, NEAR, Judge, Moment
from agent.extractive.intents import languages
from agent.extractive.language_id import language_of, stop_words
from agent.extractive.question import INSTANT
from agent.extractive.reply import SHOWN, Answering, Call, Found, Reply, Steps, quoted, with_remark
from agent.extractive.turn import Turn, same_time
from agent.extractive.whole import by_eye, whole
from tools.evidence import passage_id
from tools.search.colour_search import parse_look
from tools.text.tokens import STOP_WORDS, is_character, surface_forms

SEARCHED = 8
LINES = 3
"""Lines of one title or slide that are quoted together."""
AROUND = 20.0
"""Seconds around what was shown before in which a question that goes on is answered."""
LESS = 1.0
"""Log odds by which what is asked for, said or shown, may be behind what is not."""
LACKING = 2.0
"""The same, where moments are shown, of one that lacks the kind of thing that is asked for."""
APART = 12.0
"""Seconds between two moments that are shown."""
LOOK_UPS = (
    "named", "which_video", "count", "first", "last", "nth", "order", "before", "after", "said_by",
    "who_said",
)  # fmt: skip
"""Intents that ask where a word or a name is: it is nowhere, or it is not."""


def search(turn: Turn, refused: str = "") -> Answering:
    """Assert what answers the question, or show what comes closest.

    `refused` is the sentence that says why nothing else could answer it.
    """
    if not (turn.question.words or turn.question.window or refused):
        return (yield from whole(turn))  # it names nothing: a vague question is about the whole
    query = _query(turn)
    about = " ".join([query, *turn.question.topic])[:400]
    calls: list[Call] = [
        (tool, {"query": about, "limit": SEARCHED, **turn.where})
        for tool, kind in (("search_transcript", "screen"), ("search_screen_text", "speech"))
        if turn.question.modality != kind or not refused
    ]
    if turn.near:
        span = {"start": max(turn.near.start - AROUND, 0.0), "end": turn.near.end + 2 * AROUND}
        beside = {"query": query, "limit": SEARCHED, "videos": [turn.near.video], **span}
        calls.append(("search_transcript", beside))
    found = yield calls
    found_here, likelihood = Judge(turn, query).judged(
        list({f.one.id: f for group in found for f in group}.values())
    )
    held = [word for word in asked_for(turn) if turn.holds(word)]
    if not found_here and held:  # the words that are there, without those that are nowhere
        (found,) = yield [
            ("search_transcript", {"query": " ".join(held), "limit": SHOWN, **turn.where})
        ]
        found_here = Judge(turn, query).judged(found).moments
    moments = preferred(found_here, turn.question.modality)
    if likelihood >= ASSERTED and _is_asked_for(turn, moments[0]):
        told = yield from quote(turn, moments[:1])
        return _remarked(turn, Reply(lines=tuple(map(turn.write.line, told))))
    shown = yield from quote(turn, distinct(sorted(moments, key=_closeness)))
    if likelihood < NEAR and not turn.is_foreign:
        few = yield from _few_of_kind(turn)
        shown = list({f.one.id: f for f in (*few, *shown)}.values())[:SHOWN]
    near = bool(held) or likelihood >= NEAR
    if not near and (not shown if turn.is_foreign else _is_phrase(asked_for(turn))):
        told = yield from whole(turn)
        lead = turn.sentence("other_language" if turn.is_foreign else "nothing_close")
        return replace(told, lead=f"{lead} {told.lead}", reason="unsure")
    if not refused and turn.question.modality != "speech" and parse_look(turn.text):
        refused = "recognise"  # no pixel tells which thing a colour is of
    is_nowhere = not held and _is_looked_up(turn, near or bool(refused))
    reply = _remarked(turn, unanswered(turn, shown, "" if near else refused, is_nowhere))
    is_told = turn.question.intent.name in LOOK_UPS or turn.question.modality != "any"
    if reply.reason == "cannot" or (turn.is_speechless and not is_told):
        reply = yield from by_eye(turn, reply)
    return reply


def _is_asked_for(turn: Turn, moment: Moment) -> bool:
    """True if a moment is said or shown as is asked, and holds the kind of thing."""
    return moment.holds_type and turn.question.is_of(moment.found.one.kind)


def _query(turn: Turn) -> str:
    """The text that is searched, without words that no video holds and that say where it looks."""
    asked = turn.question
    if asked.intent.slot and asked.intent.name != "search":
        return " ".join(asked.intent.slot)[:400]
    code = language_of(asked.text) or asked.language
    idle = frozenset[str]() if code in languages() else stop_words(code) - STOP_WORDS
    if asked.modality != "any":
        where = asked.wording.words[asked.modality] & {*surface_forms(asked.text)}
        idle |= {word for word in where if not turn.holds(word)}
    kept = [word for word in asked.text.split() if not {*surface_forms(word)} & idle]
    return " ".join(kept or [asked.text])[:400]


def _few_of_kind(turn: Turn) -> Steps[list[Found]]:
    """The moments that hold the kind of thing that is asked for, where they are few."""
    kind = asked_type(turn.text)
    if kind is None or kind not in LOOKS_ALONE:
        return []
    items = (one for corpus in turn.corpora for one in corpus.items)
    few = [one for one in items if kind.holds.search(one.text)]
    if not 0 < len(few) <= SHOWN:
        return []
    calls: list[Call] = [
        ("read_moment", {"video": one.video, "start": one.start, "end": one.start + INSTANT})
        for one in few
    ]
    ids = {one.id for one in few}
    return [f for group in (yield calls) for f in group if f.one.id in ids]


def asked_for(turn: Turn) -> Sequence[str]:
    """The words that a question looks for."""
    return turn.question.intent.slot or turn.question.words


def _is_phrase(words: Sequence[str]) -> bool:
    """True for more than a word of a script without spaces: what it asks for can't be told."""
    return len(words) > 2 and all(is_character(word[:1]) for word in words)


def _is_looked_up(turn: Turn, near: bool) -> bool:
    """True if words that nothing holds are known to be nowhere, as far as a search can tell.

    A look-up asks for the words themselves. Any other question may be answered in other words, by
    pictures, or in what was shown before, unless nothing means nearly the same.
    """
    words = asked_for(turn)
    if not words or turn.is_foreign:
        return False
    if turn.question.intent.name in LOOK_UPS:
        return True
    return not (near or turn.question.topic or any(map(turn.means, words)))


def unanswered(turn: Turn, shown: Sequence[Found], refused: str, is_nowhere: bool) -> Reply:
    """Say why nothing is asserted, and show what comes closest."""
    if refused == "recognise" and not turn.toolbox.pictures.blind(list(turn.videos)):
        refused = ""  # a picture model is there
    if refused:
        return turn.cannot(
            refused, nearest=shown, **({"model": "siglip2"} if refused == "recognise" else {})
        )
    if not turn.ready and not shown:
        return Reply(turn.sentence("not_ready"), reason="not_covered")
    known = turn.complete and turn.ready
    if known and not shown and turn.is_wordless:
        return Reply(turn.sentence("wordless"), reason="absent" if is_nowhere else "unsure")
    if is_nowhere:
        why = "absent" if known else "unsure" if turn.ready else "not_covered"
        name = turn.as_typed(asked_for(turn))
        lead = turn.sentence("nothing" if known else "nothing_heard", quote=name)
        return Reply(lead, reason=why, nearest=tuple(shown[:SHOWN]))
    if not shown:
        return Reply(turn.sentence("nothing_close"), reason="unsure")
    many = len({found.one.video for found in shown}) > 1
    return turn.write.closest(turn.sentence("closest_many" if many else "closest"), shown, "unsure")


def preferred(moments: Sequence[Moment], modality: str) -> list[Moment]:
    """What is said or shown first, where the question asks for it and it is no less likely."""
    best = moments[0].odds if moments else 0.0
    return sorted(moments, key=lambda m: m.found.one.kind != modality or m.odds < best - LESS)


def _closeness(moment: Moment) -> float:
    return (0.0 if moment.holds_type else LACKING) - moment.odds


def distinct(moments: Sequence[Moment]) -> list[Moment]:
    """The likeliest moments that lie apart."""
    chosen: list[Moment] = []
    for moment in moments:
        one = moment.found.one
        near = (m.found.one for m in chosen if m.found.one.video == one.video)
        if all(abs(other.start - one.start) >= APART and other.text != one.text for other in near):
            chosen.append(moment)
    return chosen[:SHOWN]


def quote(turn: Turn, moments: Sequence[Moment]) -> Steps[list[Found]]:
    """The evidence of moments as it is quoted: whole sentences, all lines of a title."""
    calls: list[Call] = []
    for moment in moments:
        one, said = moment.found.one, moment.passage
        if len(said) > 1:
            span = {"start": said[0].start, "end": max(u.end for u in said)}
            calls.append(("read_passage", {"video": one.video, **span}))
        elif one.kind == "screen":
            span = {"start": one.start, "end": max(one.end, one.start + INSTANT)}
            calls.append(("read_moment", {"video": one.video, **span}))
        else:
            calls.append(("", {}))
    asked = [call for call in calls if call[0]]
    results = iter((yield asked) if asked else [])
    told: list[Found] = []
    for moment, (tool, _) in zip(moments, calls, strict=True):
        group = next(results) if tool else []
        if tool == "read_passage":
            told += [f for f in group if f.one.id == passage_id(moment.passage)][:1] or [
                moment.found
            ]
        elif tool:
            told += _lines(group, moment.found) if moment is moments[0] else [moment.found]
        else:
            told.append(moment.found)
    return list({found.one.id: found for found in told}.values())


def _lines(group: Sequence[Found], found: Found) -> list[Found]:
    """A line on screen with those that stand and go with it, as a title of a few lines does."""
    together = [f for f in group if f.one.kind == "screen" and same_time(f.one, found.one)]
    if len(together) > LINES or not any(f.one.id == found.one.id for f in together):
        return [found]
    return together


def _remarked(turn: Turn, reply: Reply) -> Reply:
    """A reply with what was read otherwise than it was written."""
    if reply.reason and (why := turn.toolbox.texts.unread()):
        reply = with_remark(reply, f"({why[:1].upper()}{why[1:]}.)")
    if turn.question.mended and reply.reason != "cannot":
        words = quoted(" ".join(turn.question.mended))
        return with_remark(reply, turn.sentence("read_as", quote=words))
    return reply
