"""Answers about a place in a video: a time, a stretch, what lies before or after a moment."""

import re
from collections.abc import Sequence

from agent.extractive.question import INSTANT
from agent.extractive.reply import QUOTES, Answering, Call, Found, Reply, Side, time
from agent.extractive.turn import Place, Turn
from tools.ingest.on_demand import LONGEST, is_coarse
from tools.media import spread

AROUND = 8.0
"""Seconds before or after a moment within which its neighbours lie."""
GLANCE = 2.0
"""Seconds of a closer look, at least."""
_WHEN = re.compile(r"\b(?:when|wann)\b", re.IGNORECASE)
NEAR = 4.0
"""How far from an asked instant something may lie to be told as near it, in seconds."""


def moment(turn: Turn) -> Answering:
    """What is said, written and seen at a time, or in a stretch."""
    asked, video = turn.question, turn.video.id
    window = asked.window or (0.0, turn.video.duration)
    if asked.beyond:
        window = (max(turn.video.duration - NEAR, 0.0), turn.video.duration)
    start, end = window
    instant = end - start < INSTANT
    calls: list[Call] = []
    if instant:
        start, end = max(start - AROUND, 0.0), min(end + AROUND, turn.video.duration)
    calls.append(("read_moment", {"video": video, "start": start, "end": end}))
    picture = instant and asked.modality != "speech" and turn.video.width is not None
    if picture:
        if "look_closer" in turn.called or is_coarse(turn.toolbox.library, video, window[0]):
            yield [("look_closer", {"video": video, "start": window[0], "end": window[0] + 0.1})]
        calls.append(("look_at", {"video": video, "seconds": window[0]}))
    found, *seen = yield calls
    inside = _inside(found, *window)
    chosen = _of_modality(inside, asked.modality, asked.edge)
    if not chosen and instant and asked.modality != "screen":
        near = [f for f in found if max(f.one.start - window[1], window[0] - f.one.end) <= NEAR]
        chosen = _of_modality(near, asked.modality, "")[:1]
    if asked.modality == "speech" and not chosen:  # a sign says something, too
        chosen = _of_modality(inside, "screen", asked.edge)
    pictures = [f for group in seen for f in group if f.one.kind == "frame" and f.one.text][:1]
    if asked.modality == "any" and len(chosen) < 2:
        chosen += pictures
    told = chosen or (pictures if asked.modality != "speech" else [])
    if asked.beyond:
        lead = turn.sentence("beyond", time=time(turn.video.duration))
        lead += " " + turn.sentence("at_the_end") if told else ""
        return turn.write.closest(lead, told[-2:], "outside")
    if not told:
        return Reply(turn.sentence("nothing_there"), reason="absent" if turn.complete else "unsure")
    return Reply(lines=tuple(map(turn.write.line, told)))


def outermost(turn: Turn) -> Answering:
    """The first or the last thing that is said, or written."""
    video, kind = turn.video.id, turn.question.modality
    kinds = ("screen", "speech") if kind == "screen" else ("speech", "screen")
    items = next((c.items for k in kinds if (c := turn.toolbox.texts.corpus(video, k)).items), [])
    if not items:
        return Reply(turn.sentence("nothing_there"), reason="absent" if turn.complete else "unsure")
    one = items[0] if turn.question.nth == 1 else items[-1]
    (found,) = yield [("read_moment", {"video": video, "start": one.start, "end": one.end})]
    told = [f for f in found if f.one.id == one.id]
    return Reply(lines=tuple(map(turn.write.line, told)))


def _inside(found: Sequence[Found], start: float, end: float) -> list[Found]:
    last = max(end, start + INSTANT)
    return [f for f in found if f.one.start < last and (f.one.end > start or f.one.start >= start)]


def _of_modality(found: Sequence[Found], modality: str, edge: str) -> list[Found]:
    """A few of what was asked for: of an edge the outermost, of a long stretch spread over it."""
    kinds = [modality] if modality != "any" else ["speech", "screen"]
    chosen: list[Found] = []
    for kind in kinds:
        group = list({f.one.text.casefold(): f for f in found if f.one.kind == kind}.values())
        group.sort(key=lambda f: f.one.start)
        if edge:
            group = group[:2] if edge == "start" else group[-2:]
        chosen += spread(group, QUOTES if len(kinds) == 1 else 3)
    return sorted(chosen, key=lambda f: f.one.start)


def pointed(turn: Turn) -> Answering:
    """What was said, written or seen at a moment that was shown before, or around it."""
    at = turn.at
    assert at
    of_words, modality = at.kind in ("speech", "screen"), turn.question.modality
    again = turn.again(at) if modality == "any" and (of_words or _WHEN.search(turn.text)) else []
    if again:
        return Reply(lines=tuple(map(turn.write.line, again)))
    end = max(at.end, at.start + INSTANT)
    (found,) = yield [("read_moment", {"video": at.video, "start": at.start, "end": end})]
    told = _of_modality(_inside(found, at.start, at.end), modality, "")
    if not told and not of_words:
        (told,) = yield [("look_at", {"video": at.video, "seconds": (at.start + at.end) / 2})]
    if not told:
        return Reply(turn.sentence("nothing_there"), reason="unsure")
    return Reply(lines=tuple(map(turn.write.line, told[:3])))


def closer(turn: Turn) -> Answering:
    """What several pictures a second show at a moment that was shown before."""
    at = turn.at
    assert at
    start = max(at.start - (at.end - at.start < INSTANT), 0.0)  # an instant is seen from before
    end = min(max(at.end, at.start + GLANCE), start + LONGEST, turn.get(at.video).duration)
    (found,) = yield [("look_closer", {"video": at.video, "start": start, "end": end})]
    if not found:
        return Reply(turn.sentence("nothing_there"), reason="unsure")
    whole, *rest = found
    inside = _of_modality(_inside(rest, start, end), "any", "")
    return Reply(lines=tuple(map(turn.write.line, [whole, *inside])))


def beside(turn: Turn, at: Place, side: Side) -> Answering:
    """What comes just before or after a moment."""
    length = turn.get(at.video).duration
    start, end = (
        (max(at.start - AROUND, 0.0), at.end)
        if side == "before"
        else (at.start, min(at.end + 2 * AROUND, length))
    )
    (found,) = yield [("read_moment", {"video": at.video, "start": start, "end": end})]
    others = [f for f in found if f.one.id != at.id and f.one.kind in ("speech", "screen")]
    if side == "after":
        others = [f for f in others if f.one.start > at.start and f.one.end > at.end]
        others.sort(key=lambda f: max(f.one.start, at.end))
    else:
        others = [f for f in others if (f.one.start + f.one.end) / 2 < at.start]
        others.sort(key=lambda f: -f.one.start)
    asked = turn.question.modality
    chosen = next((f for f in others if asked in ("any", f.one.kind)), None)
    if not chosen:
        return Reply(turn.sentence("nothing_there"), reason="unsure")
    return Reply(lines=(turn.write.line(chosen),))
