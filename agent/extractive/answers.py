"""The answer to a question: which steps lead to it, by its intent and what it points at."""

import re
from collections.abc import Callable
from dataclasses import replace

from agent.extractive import (
    about,
    by_clock,
    cameras,
    making,
    mentions,
    moments,
    objects,
    pictures,
    senses,
)
from agent.extractive.conversation import HANDLE, resolve
from agent.extractive.intents import GENERATE
from agent.extractive.object_follow_ups import object_follow_ups
from agent.extractive.question import parts
from agent.extractive.reply import Answering, Reply
from agent.extractive.search import search
from agent.extractive.turn import Turn
from agent.extractive.whole import quiz, whole
from tools.search.colour_search import parse_look
from tools.text.clean import word_set
from tools.text.tokens import surface_forms

_BY_INTENT: dict[str, Callable[[Turn], Answering]] = {
    **dict.fromkeys(("overview", "points", "chapters", "highlights"), whole),
    **dict.fromkeys(about.FACTS, about.facts),
    **dict.fromkeys(("hello", "thanks", "help"), about.talk),
    **dict.fromkeys(("first", "last", "nth"), mentions.pick),
    **dict.fromkeys(("after", "before"), mentions.next_to),
    **dict.fromkeys(("speakers", "who_most"), mentions.speakers),
    **dict.fromkeys(pictures.SOUNDS, pictures.sounds),
    **dict.fromkeys(("scenes", "cuts", "longest_scene", "shortest_scene"), pictures.scenes),
    "count": mentions.count, "order": mentions.order, "named": mentions.named,
    "said_by": mentions.said_by, "who_said": mentions.who_said, "moving": pictures.look,
    "alike": pictures.alike, "overall_colour": pictures.coloured, "videos": about.videos,
    "which_video": mentions.named, "which_most": about.which_most, "compare": about.compare,
    "why": about.why, "quiz": quiz, "moment": moments.moment,
}  # fmt: skip
_LOOK = word_set("""
    part parts scene find turn turns become becomes background time times video picture""")
_SCENE = re.compile(r"\b(?:scene|shot|szene)\b", re.IGNORECASE)


def answer(turn: Turn) -> Answering:
    """Answer a question, each of its parts in turn."""
    for one in (*object_follow_ups(turn), *cameras.placed(turn), turn):
        if by := objects.grouped(one):
            reply = yield from objects.counted_by(one, *by)
            return replace(reply, plan=objects.kept(one, by[0]))
        if at_times := by_clock.asked(one):
            return (yield from by_clock.answered(at_times, _answer))
        if (one.placed or one.goes_on) and (what := objects.sought(one)):
            return (yield from objects.seen(one, what))
        if one.placed and objects.is_described(one):
            return (yield from pictures.recognise(one))
    if when := by_clock.asked_when(turn):
        return (yield from by_clock.answered_when(when, _answer))
    asked = parts(turn.text)
    whole = turn.question.intent
    if len(asked) == 1 and asked[0] != turn.text:
        turn = turn.part(asked[0])
    if len(asked) < 2 or (whole.name != "search" and not whole.slot):
        return (yield from _answer(turn))
    told: list[Reply] = []
    for text in asked:
        part = turn.part(text)
        if part.question.words or part.question.window or not told:
            told.append((yield from _answer(part)))
    found = [one for one in told if one.reason is None]
    text = "\n\n".join(one.text for one in (found or told[:1]))
    lost = [turn.sentence("nothing_close") if one.lines else one.lead for one in told if one.reason]
    near = tuple(n for one in told for n in one.nearest)
    if not found:
        return Reply(text, (), (), told[0].reason, near)
    return Reply(text, (), tuple(dict.fromkeys(lost)))


def _answer(turn: Turn) -> Answering:
    turn, side = resolve(turn)
    asked = turn.question
    if not turn.at and re.search(r"\[\d+\]", turn.text) and HANDLE.search(turn.text):
        return Reply(turn.sentence("nothing_shown"), reason="unsure")
    if turn.at and side:
        return (yield from moments.beside(turn, turn.at, side))
    if senses.is_alike(turn):
        return (yield from pictures.alike(turn))
    if senses.is_of_signature(turn):
        return (yield from about.origin(turn))
    if labels := senses.labels(turn):
        return (yield from pictures.labelled(turn, labels))
    if turn.at:
        closer = asked.wording.words["closer"] & set(surface_forms(turn.text))
        return (yield from (moments.closer if closer else moments.pointed)(turn))
    if asked.nth and _SCENE.search(turn.text):
        if _content(turn):
            turn = yield from pictures.inside(turn)
            asked = turn.question
        elif asked.intent.name in ("search", "scenes", "overview", "can't recognise"):
            return (yield from pictures.scene(turn))
    if making.is_asked(turn):
        return (yield from making.propose(turn))
    if asked.intent.name == GENERATE and not asked.beyond:
        return (yield from about.refused(turn))
    if asked.window and (asked.beyond or not _content(turn)):
        return (yield from moments.moment(turn))
    if (
        asked.nth in (1, -1)
        and not _content(turn)
        and asked.intent.name in ("search", "can't recognise", "speakers", "who_said")
    ):
        return (yield from moments.outermost(turn))
    if senses.is_outburst(turn):
        return (yield from pictures.sounds(turn))
    if sought := objects.sought(turn):
        return (yield from objects.seen(turn, sought))
    if objects.is_described(turn):
        return (yield from pictures.recognise(turn))
    if _is_look(turn):
        return (yield from pictures.look(turn))
    if asked.intent.is_refused:
        return (yield from about.refused(turn))
    if senses.is_seen(turn):
        return (yield from pictures.recognise(turn))
    steps = _BY_INTENT.get(asked.intent.name, search)
    return (yield from steps(turn))


def _content(turn: Turn) -> list[str]:
    """What a question with a time asks for there, other than what is said, shown or happens."""
    if turn.question.intent.name in ("points", "named", "count", "first", "last"):
        return list(turn.question.words)
    return turn.question.content


def _is_look(turn: Turn) -> bool:
    """True if pixels alone can answer: nothing else than colour, light or motion is asked for."""
    look = parse_look(turn.text)
    if (
        look is None
        or turn.question.modality == "speech"
        or turn.question.intent.name in ("overall_colour", "moving")
        or (turn.question.intent.name == "which_most" and (len(turn.videos) > 1 or turn.of_videos))
    ):
        return False
    language = turn.question.wording
    idle = language.words["asks"] | language.words["screen"] | language.ignored
    return not [w for w in look.rest if w not in idle and w not in _LOOK]
