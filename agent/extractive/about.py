"""Answers about files and the product itself: facts, hello, and what it cannot do."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agent.extractive.intents import GENERATE
from agent.extractive.pictures import recognise
from agent.extractive.question import INSTANT
from agent.extractive.reply import SHOWN, Answering, Found, Reply, length, quoted
from agent.extractive.search import search
from agent.extractive.turn import Turn, in_time
from agent.extractive.whole import each
from tools.errors import VideoError
from tools.evidence import CODECS, describe, video_parts
from tools.provenance.evidence import SOURCES
from tools.provenance.provenance import UNREAD
from tools.text.languages import foreign_name

LISTED = 12
ENGLISH = "English"
AUTHENTICATE = "can't authenticate"
REFUSED = {
    "can't translate": "translate", GENERATE: "generate", "can't judge": "judge",
}  # fmt: skip
SEARCHED_FIRST = {"can't locate": "locate", "can't count": "count_things"}
FACTS = {
    "length": "length", "resolution": "width", "filesize": "size", "codec": "codec",
    "recorded": "recorded", "title": "title", "language": "language", "subtitles": "subtitles",
    "sound": "sound",
}  # fmt: skip
"""What each fact's sentence needs."""
_OWN = {"recorded": "recorded", "subtitles": "with subtitles"}


def facts(turn: Turn) -> Answering:
    """A fact of the file, or that the file does not tell it."""
    (found,) = yield [("video_facts", {"video": turn.video.id})]
    if not found:
        return Reply(turn.sentence("not_ready"), reason="not_covered")
    name, fact = turn.question.intent.name, found[0].one.facts
    codes = list(dict.fromkeys(u.language for u in turn.utterances if u.language))
    try:
        size = f"{Path(turn.video.path).stat().st_size / 1e6:.1f}"
    except OSError:
        size = ""
    values: dict[str, Any] = {
        "length": length(fact["duration"]), "width": fact["width"], "height": fact["height"],
        "size": size, "codec": CODECS.get(fact["codec"], fact["codec"]),
        "recorded": fact["recorded_at"],
        "fps": f"{fact['fps'] or 0:.4g}", "title": turn.video.title,
        "language": ", ".join(foreign_name(code) or ENGLISH for code in codes),
        "subtitles": ", ".join(dict.fromkeys(fact["subtitles"])),
        "sound": fact["sound"] if fact["sound"] != "none" else "",
    }  # fmt: skip
    known = values[FACTS[name]]
    told = turn.sentence(name if known else f"{name}_none", **values)
    own = next((p for p in video_parts(fact) if p.startswith(_OWN.get(name, "?"))), "")
    if known and own:  # in the words of the evidence
        told = f"{turn.video.title}: {own}."
    if not known and name != "sound":
        return Reply(told, reason="absent", nearest=tuple(found))
    return Reply(lines=(f"{told} [{found[0].label}]",))


def talk(turn: Turn) -> Answering:
    """Small talk, and what the product can do."""
    yield from ()
    name = turn.question.intent.name
    if name == "thanks":
        return Reply(turn.sentence("thanks"), is_talk=True)
    title = quoted(turn.video.title)
    return Reply(f"{turn.sentence(name)} {turn.sentence('examples', title=title)}", is_talk=True)


def videos(turn: Turn) -> Answering:
    """The videos that are there."""
    catalog = turn.toolbox.library.catalog
    ids = [entry.id for entry in catalog.entries(LISTED)]
    found = yield [("video_facts", {"video": id}) for id in ids]
    lines = [_video(turn, group[0]) for group in found if group]
    lead = turn.sentence("videos", n=sum(catalog.coverage().values()))
    return Reply(lead, tuple(lines))


def _video(turn: Turn, found: Found) -> str:
    one = found.one
    told = turn.sentence(
        "video", title=f"**{one.facts['title']}**", length=length(one.facts["duration"])
    )
    return f"{told} [{found.label}]"


def which_most(turn: Turn) -> Answering:
    """Which video is the longest, shortest, darkest, brightest, or has most scenes."""
    catalog = turn.toolbox.library.catalog
    ids = list(turn.videos if turn.titled else turn.named) or [
        entry.id for entry in catalog.entries(1000)
    ]
    text = turn.text.lower()
    words = {
        "short": ("duration", -1), "kürz": ("duration", -1), "dark": ("brightness", -1),
        "dunk": ("brightness", -1), "bright": ("brightness", 1), "hell": ("brightness", 1),
        "scene": ("scenes", 1),
    }  # fmt: skip
    key, sign = next((how for word, how in words.items() if word in text), ("duration", 1))
    library = turn.toolbox.library

    def value(id: str) -> float:
        try:
            return float(library.facts(id).facts.get(key) or 0.0) * sign
        except VideoError:
            return float("-inf")

    best = sorted(ids, key=value, reverse=True)[:2]
    found = yield [("video_facts", {"video": id}) for id in best]
    lines: list[str] = []
    for group in found:
        fact = group[0].one.facts
        told = length(fact["duration"]) if key == "duration" else str(fact.get(key))
        if key == "brightness" and "colours" in fact:
            told = describe(fact["colours"], fact["brightness"])
        line = turn.sentence("which_most", title=f"**{fact['title']}**", value=told)
        lines.append(f"{line.rstrip('.')} [{group[0].label}]")
    return Reply(lines=tuple(lines))


def compare(turn: Turn) -> Answering:
    """Each video's own gist beside the others': what differs is for people to judge."""
    ids = list(turn.videos)
    if turn.of_videos and len(ids) < 2:
        return Reply(turn.sentence("compare_none"), reason="cannot")
    if len(ids) < 2 or (turn.question.intent.slot and not turn.titled):
        return (yield from search(turn))
    return (yield from each(turn, ids[:4], turn.sentence("compare")))


def why(turn: Turn) -> Answering:
    """The evidence of the last answer again."""
    yield from ()
    lines = tuple(map(turn.write.line, turn.again(*turn.shown[:SHOWN])))
    if not lines:
        return Reply(turn.sentence("nothing_shown"), reason="unsure")
    return Reply(turn.sentence("why"), lines)


def files(turn: Turn) -> Answering:
    """The commands that make a file; of a span that is named, the very one, and what is in it."""
    window = turn.question.window
    if window is None or window[1] - window[0] < INSTANT:
        return Reply(turn.sentence("files"), reason="cannot")
    span = {"start": window[0], "end": window[1]}
    (found,) = yield [("read_moment", {"video": turn.video.id, **span})]
    told = {name: f"{at:.6g}" for name, at in span.items()}
    lead = turn.sentence("clip", video=turn.video.id, **told)
    words = [f for f in in_time(found) if f.one.kind in ("speech", "screen")]
    return turn.write.closest(lead, words, "cannot")


def origin(turn: Turn) -> Answering:
    """What the file says of its origin, and nothing beside it: pictures prove nothing."""
    (found,) = yield [("read_provenance", {"video": turn.video.id})]
    if not found:
        return Reply(turn.sentence("origin_unread"), reason="not_covered")
    fact = found[0].one.facts
    told = origin_lines(fact, turn.sentence)
    if told == [turn.sentence("origin_none")]:
        return Reply(turn.sentence("authenticate"), reason="cannot")
    return Reply(turn.sentence("origin"), tuple(f"{line} [{found[0].label}]" for line in told))


def origin_lines(fact: Mapping[str, Any], say: Callable[..., str]) -> list[str]:
    """Sentences on what a file says of its origin; `say` finds them by name."""
    state = "unknown" if UNREAD in fact["problems"] else fact["state"].partition(",")[0]
    told = [say(f"origin_{state}", signer=fact["signer"])]
    if fact["made_by"]:
        told.append(say("origin_made_by", made_by=fact["made_by"]))
    kinds = [say(f"source_{code}") if code in SOURCES else code for code in fact["source_types"]]
    told += [say("origin_kind", kind=kind) for kind in kinds]
    if fact["watermark"]:
        told.append(say("origin_watermark", number=fact["watermark"]))
    notes = [one for one in fact["signals"] if one["name"] != "encoder"]
    told += [say("origin_word", name=one["name"], value=quoted(one["value"])) for one in notes]
    return told


def refused(turn: Turn) -> Answering:
    """What the product cannot do, with what it can; searched first where words may tell it."""
    name, capable = turn.question.intent.name, {c.__name__ for c in turn.toolbox.tools()}
    if name == GENERATE and "make_clip" in capable:
        return (yield from files(turn))
    if name == AUTHENTICATE:
        return (yield from origin(turn))
    if name == "can't recognise":
        return (yield from recognise(turn))
    if name in SEARCHED_FIRST:
        return (yield from search(turn, SEARCHED_FIRST[name]))
    if name == "can't translate" or name not in REFUSED:
        return Reply(turn.sentence("translate"), reason="cannot")
    return Reply(turn.sentence(REFUSED[name]), reason="cannot")
