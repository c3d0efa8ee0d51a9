"""Answers by the wall clock: what is said, shown or seen at times of day, and when something is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent.extractive import moments, objects
from agent.extractive.intents import languages
from agent.extractive.question import Question
from agent.extractive.reply import Answering, Reply, with_remark
from agent.extractive.turn import Turn
from tools.clock import Clock
from tools.store.stretches import Stretch, gaps, stretches
from tools.text.times_of_day import Times, named_times

SHOWN = 4
"""Recordings that are told one after the other, and gaps, at most."""
TEXTS = 3000
"""Texts of the videos that are looked through for a time that is spoken of, at most."""
Answerer = Callable[[Turn], Answering]


@dataclass(frozen=True)
class Asked:
    """A question by the clock: its turn without the times, these, and where they were recorded."""

    turn: Turn
    times: Times
    found: tuple[Stretch, ...]


def asked(turn: Turn) -> Asked | None:
    """What a question asks by the clock; None where its times are those of a video, or none.

    A bare 14:05 is of the clock where a recording has it, and no video is that long. A time that is
    spoken of or written, and was not recorded, is no time of the recording. In a zone or of a
    camera it asks for objects alone.
    """
    times = named_times(turn.text)
    if times is None or turn.at:
        return None
    found = stretches(turn.toolbox.catalog, times, turn.limited_to)
    if not found and (not times.marked or _is_spoken_of(turn, times)):
        return None
    if not times.marked and not times.is_day and _is_of_video(turn, times):
        return None
    ids = tuple(dict.fromkeys(one.video for one in found)) or turn.videos
    text = times.rest if any(map(str.isalnum, times.rest)) else turn.sentence("clock_what")
    bare = replace(turn, text=text, videos=ids, question=Question(""), by_clock=True)
    is_of_objects = objects.sought(bare) is not None
    if turn.placed and not is_of_objects:
        return None
    if not found and bare.question.content and not is_of_objects and not _clocks(turn):
        return None  # nothing here has a clock: the words are looked for
    return Asked(bare, times, tuple(found))


def asked_when(turn: Turn) -> Turn | None:
    """The turn of a question for the time of day at which something is; None for another one."""
    lowered = turn.text.lower()
    phrases = [pair for one in languages().values() for pair in one.clock.items()]
    for phrase, word in phrases:
        at = lowered.find(phrase)
        if at >= 0 and _clocks(turn):
            text = turn.text[:at] + word + turn.text[at + len(phrase) :]
            return replace(turn, text=text, question=Question(""), by_clock=True)
    return None


def answered_when(turn: Turn, answer: Answerer) -> Answering:
    """Tell when something is, by the clock."""
    reply = yield from answer(turn)
    return _with_source(turn, reply)


def answered(asked: Asked, answer: Answerer) -> Answering:
    """Tell what was there at times of day, with what was not recorded of them."""
    turn, times, found = asked.turn, asked.times, asked.found
    if not found:
        yield from ()
        return _not_recorded(turn)
    if what := objects.sought(turn):
        within = [{"videos": [one.video], "start": one.start, "end": one.end} for one in found]
        reply = yield from objects.seen(replace(turn, times=times.told), what, within)
    elif not turn.question.content and turn.question.intent.name not in ("count", "moving"):
        reply = yield from _happening(turn, found)
    elif len(found) == 1:
        reply = yield from answer(_inside(turn, found[0]))
    else:
        reply = yield from answer(replace(turn, times=times.told))
    missing = gaps(found, times)
    if missing:
        spans = [f"{one.start:%H:%M:%S}\N{EN DASH}{one.end:%H:%M:%S}" for one in missing[:SHOWN]]
        reply = with_remark(reply, turn.sentence("clock_gaps", spans=", ".join(spans)))
    return _with_source(turn, reply, [one.video for one in found])


def _happening(turn: Turn, found: Sequence[Stretch]) -> Answering:
    """What is said, written and seen in each stretch, by time."""
    told: list[Reply] = []
    for one in found[:SHOWN]:
        told.append((yield from moments.moment(_inside(turn, one))))
    lines = [line for reply in told if reply.found for line in reply.lines]
    if not lines:
        return told[0]
    more = len(found) - SHOWN
    remarks = (turn.sentence("more", n=more),) if more > 0 else ()
    return Reply(lines=tuple(lines), remarks=remarks)


def _inside(turn: Turn, one: Stretch) -> Turn:
    """The turn for one stretch of one video."""
    inside = replace(turn, videos=(one.video,), question=Question(""))
    inside.question = replace(inside.question, window=(one.start, one.end))
    return inside


def _not_recorded(turn: Turn) -> Reply:
    """Say that nothing was recorded then, and what was; or that no clock is known."""
    clocks = _clocks(turn)
    if not clocks:
        written = [turn.toolbox.library.clock(id) for id in turn.videos]
        begun = [one.begun for one in written if one and one.source == "file"]
        lead = turn.sentence("clock_unknown")
        if begun:
            lead += " " + turn.sentence("clock_of_file", time=f"{begun[0]:%Y-%m-%d %H:%M}")
        return Reply(lead, reason="cannot")
    spans = [(clock.begun, clock.wall(duration)) for clock, duration in clocks.values()]
    start, end = min(begin for begin, _ in spans), max(end for _, end in spans)
    stated = {"start": f"{start:%Y-%m-%d %H:%M}", "end": f"{end:%Y-%m-%d %H:%M}"}
    return Reply(turn.sentence("clock_not_covered", **stated), reason="not_covered")


def _with_source(turn: Turn, reply: Reply, videos: Sequence[str] = ()) -> Reply:
    """A reply with the source of the clock by which its times are told, and who contradicts it."""
    library = turn.toolbox.library
    clocks = [clock for id in dict.fromkeys(videos or turn.videos) if (clock := library.clock(id))]
    relied = [clock for clock in clocks if clock.is_relied_on]
    if not relied or not (reply.lines or reply.found):
        return reply
    names = dict.fromkeys(turn.sentence(f"clock_by_{clock.source}") for clock in relied)
    reply = with_remark(reply, turn.sentence("clock_source", sources=", ".join(names)))
    apart = next(((c, o) for c in relied for o in c.others if not o.agrees), None)
    if apart:
        told = turn.sentence(f"clock_by_{apart[1].source}")
        at = f"{apart[1].begun:%Y-%m-%d %H:%M:%S}"
        here = f"{apart[0].begun:%Y-%m-%d %H:%M:%S}"
        reply = with_remark(reply, turn.sentence("clock_differs", source=told, time=at, here=here))
    return reply


def _clocks(turn: Turn) -> dict[str, tuple[Clock, float]]:
    return turn.toolbox.catalog.clocks(turn.limited_to)


def _is_of_video(turn: Turn, times: Times) -> bool:
    """True if a bare time may be one of a video: 14:05 is of one that is longer than that."""
    at = times.start
    seconds = at.hour * 60 + at.minute if not at.second else at.hour * 3600 + at.minute * 60
    return any(turn.get(id).duration > seconds for id in turn.limited_to or turn.videos)


def _is_spoken_of(turn: Turn, times: Times) -> bool:
    """True if a time of day is said or written in the videos: the 2 PM ferry."""
    texts = [one.text for corpus in turn.corpora for one in corpus.items][:TEXTS]
    return any(one and one.start == times.start for one in map(named_times, texts))
