"""Answers about the whole of a video: gist, points, chapters, highlights; made of evidence."""

from collections.abc import Sequence
from dataclasses import replace

from agent.extractive.reply import (
    LISTED,
    SHOWN,
    Answering,
    Call,
    Found,
    Reply,
    Steps,
    length,
    quoted,
    time,
)
from agent.extractive.turn import Turn
from tools.evidence import describe
from tools.media import spread
from tools.summary.digest import About

POINTS, EACH = 5, 4
"""Points where no number is asked for; videos that are told one by one, at most."""
LEADS = 2
"""Sentences that lead the gist of a video."""
CHAPTERS = 30


def whole(turn: Turn) -> Answering:
    """Tell the whole of the one video, or of a few in short."""
    if turn.question.window:
        return (yield from _stretch(turn))
    video, *others = turn.scope
    if others:
        return (yield from each(turn, [video, *others][:EACH]))
    parts: dict[str, About] = {"chapters": "chapters", "highlights": "highlights"}
    about = parts.get(turn.question.intent.name, "overview")
    told = yield from _brief(turn, video, about)
    title, leads, chapters, points = _sorted(told)
    match turn.question.intent.name:
        case "chapters" if chapters:
            return _chapters(turn, chapters)
        case "highlights" if about == "highlights" and points:
            return Reply(lines=tuple(turn.write.line(f) for f in _one_a_moment(points)[:6]))
        case _ if (leads or points) and (number := _points(turn)):
            chosen = _chosen([*title[:1], *leads, *points], number)
            return Reply(lines=tuple(map(turn.write.line, chosen)))
        case _ if any(f.one.kind == "speech" for f in (*leads, *points)):
            return _gist(turn, title, leads, chapters, points)
        case _:
            return (yield from _silent(turn, told))


def _points(turn: Turn) -> int:
    """Points that are asked for; 0 where the gist is."""
    intent = turn.question.intent
    return intent.number or (POINTS if intent.name == "points" else 0)


def _brief(turn: Turn, video: str, about: About) -> Steps[list[Found]]:
    (told,) = yield [("summarize_video", {"video": video, "about": about})]
    return told


def _sorted(told: Sequence[Found]) -> tuple[list[Found], list[Found], list[Found], list[Found]]:
    """The title on screen, leading sentences, chapters, and what stands for each chapter."""
    chapters = [f for f in told if f.one.kind == "chapter"]
    first = told.index(chapters[0]) if chapters else len(told)
    before = [f for f in told[:first] if f.one.kind != "video"]
    title = [f for f in before if f.one.kind == "screen"][:1]
    leads = [f for f in before if f not in title]
    points = [f for f in told[first:] if f.one.kind not in ("chapter", "video")]
    if not chapters:
        return title, [], [], leads
    return title, leads, chapters, points


def _gist(
    turn: Turn,
    title: Sequence[Found],
    leads: Sequence[Found],
    chapters: Sequence[Found],
    points: Sequence[Found],
) -> Reply:
    """Title and leading sentences first, then the chapters with what stands for each."""
    opening = [f"**{f.one.text}** [{f.label}]" for f in title]
    opening += [
        f"{quoted(f.one.text)} [{f.label}]" for f in leads[:LEADS] if f.one.kind == "speech"
    ]
    lead = " ".join(f"{one}." if i < len(title) else one for i, one in enumerate(opening))
    if len(chapters) < 2:
        rest = [f for f in (*leads, *points) if f.label not in lead]
        return Reply(lead, tuple(map(turn.write.line, _chosen(rest, POINTS))))
    shown = spread(list(chapters), LISTED)
    lines = [_chapter(turn, f, points) for f in shown]
    more = len(chapters) - len(shown)
    remarks = (turn.sentence("more", n=more),) if more else ()
    return Reply(lead, tuple(lines), remarks)


def _silent(turn: Turn, told: Sequence[Found]) -> Answering:
    """A film of which no speech can be quoted, by its length, colours, scenes and movements."""
    (events,) = yield [("summarize_video", {"video": turn.scope[0], "about": "events"})]
    whole = next((f for f in told if f.one.kind == "video"), None)
    spoken = turn.toolbox.texts.corpus(turn.scope[0], "speech").items  # too unsure to be quoted
    lead = turn.sentence("indistinct" if spoken else "silent")
    if whole:
        fact = whole.one.facts
        light = describe(fact["colours"], fact["brightness"]) if "colours" in fact else ""
        heard = f"{turn.sentence('sound')} {lead}"
        heard = turn.sentence("sound_none") if fact["sound"] == "none" else heard
        scenes = turn.sentence(
            "scene_count" if (fact["scenes"] or 1) > 1 else "no_cut", n=fact["scenes"]
        )
        parts = [length(fact["duration"]), light]
        lead = f"{', '.join(filter(None, parts))}. {scenes} {heard} [{whole.label}]"
    shown = events or [f for f in told if f.one.kind != "video"]
    return Reply(lead, tuple(turn.write.line(f) for f in shown[:LISTED]))


def _chapter(turn: Turn, chapter: Found, points: Sequence[Found]) -> str:
    """A chapter as a line: its time, its title, and what is said in it."""
    one, title = chapter.one, _titled(chapter)
    inside = [f for f in points if one.start <= f.one.start < one.end]
    said = [f for f in inside if f.one.text.casefold() not in title.casefold()]
    return f"{title}; {turn.write.line(said[0])}" if said else title


def _titled(chapter: Found) -> str:
    """A chapter as a line: its time and its title."""
    one = chapter.one
    return f"{time(one.start)} {one.facts.get('title') or one.text} [{chapter.label}]"


def _chapters(turn: Turn, chapters: Sequence[Found]) -> Reply:
    lines = tuple(map(_titled, chapters[:CHAPTERS]))
    more = len(chapters) - CHAPTERS
    return Reply(lines=lines, remarks=(turn.sentence("more", n=more),) if more > 0 else ())


def _chosen(found: Sequence[Found], number: int) -> list[Found]:
    """So many of what is said and shown, spread over the video, in order of time."""
    unique = {f.one.text.casefold(): f for f in found}
    words = [f for f in unique.values() if f.one.kind in ("speech", "screen")]
    ordered = sorted(words or unique.values(), key=lambda f: f.one.start)
    return spread(ordered, number) if number > 1 else ordered[:1]


def _one_a_moment(found: Sequence[Found]) -> list[Found]:
    """Of what stands for each moment the words, else what is there first."""
    chosen: list[Found] = []
    for one in sorted(found, key=lambda f: (f.one.start, f.one.kind != "speech")):
        if not chosen or one.one.start - chosen[-1].one.start > 5:
            chosen.append(one)
    return chosen


def _stretch(turn: Turn) -> Answering:
    """The gist of a stretch: what is said and written in it, spread over its length."""
    window, video = turn.question.window, turn.video.id
    assert window
    (found,) = yield [("read_moment", {"video": video, "start": window[0], "end": window[1]})]
    said = [f for f in found if f.one.kind == "speech"] or found
    lines = tuple(map(turn.write.line, _chosen(said, turn.question.intent.number or POINTS)))
    return Reply(lines=lines) if lines else Reply(turn.sentence("nothing_there"), reason="unsure")


def each(turn: Turn, videos: Sequence[str], lead: str = "") -> Answering:
    """Each video's own gist, side by side."""
    calls: list[Call] = [("summarize_video", {"video": v, "about": "overview"}) for v in videos]
    told = yield calls
    lines: list[str] = []
    for video, group in zip(videos, told, strict=True):
        title, leads, chapters, points = _sorted(group)
        said = [*title[:1], *[f for f in leads if f.one.kind == "speech"][:1]] or [
            *leads,
            *chapters,
            *points,
        ][:2]
        whole = f"**{turn.get(video).title}**"
        parts = "; ".join(f"{_bare(f)} [{f.label}]" for f in said)
        lines.append(f"{whole}: {parts}" if parts else whole)
    return Reply(lead, tuple(lines)) if lines else Reply(reason="unsure")


def _bare(found: Found) -> str:
    one = found.one
    return quoted(one.text) if one.kind in ("speech", "screen") else one.text


def quiz(turn: Turn) -> Answering:
    """Say that no questions can be made, and give the points to learn from."""
    told = yield from whole(turn)
    return replace(told, lead=turn.sentence("quiz"), reason="cannot")


def by_eye(turn: Turn, reply: Reply) -> Answering:
    """A reply that shows nothing, with pictures of the one video in which a person may find it."""
    if len(turn.videos) != 1 or reply.nearest:
        return reply
    (found,) = yield [("find_scenes", {"video": turn.video.id, **turn.span})]
    pictures = spread(found, SHOWN)
    if not pictures:
        return reply
    lead = f"{reply.lead} {turn.sentence('by_eye')}"
    return turn.write.closest(lead, pictures, reply.reason or "unsure")
