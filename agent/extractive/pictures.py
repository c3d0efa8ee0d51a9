"""Answers from pictures and sound: colours, light, movement, scenes, loudness, likeness."""

from dataclasses import replace

from agent.extractive import objects
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
    with_remark,
)
from agent.extractive.search import search
from agent.extractive.senses import NUMBERED, are_looks
from agent.extractive.turn import Turn
from tools.audio.events import EVENT_KINDS
from tools.evidence import describe, is_black_and_white
from tools.media import Evidence
from tools.search.sound_search import Sought, heard_by_model

EVERY = 50
MUSIC_SECONDS = 4.0
"""A shorter stretch of other sound is no music."""
NEARLY = 0.1
"""How much less than the best another picture may fit to be told beside it."""
SOUNDS: dict[str, Sought] = {
    "loudest": "loudest", "silence": "silence", "music": "music", "singing": "singing",
    "outburst": "outburst",
}  # fmt: skip


def look(turn: Turn) -> Answering:
    """Where the picture looks or moves as asked."""
    text = turn.text if turn.question.intent.name != "moving" else "the most movement"
    if turn.question.intent.name == "moving" and {"nothing", "still", "no"} & set(
        turn.text.lower().split()
    ):
        text = "motionless"
    (found,) = yield [("search_frames", {"query": text[:400], **turn.where})]
    if not found:
        return Reply(turn.sentence("look_none"), reason="absent")
    best = [f for f in found if f.one.score >= found[0].one.score - 0.05][:QUOTES]
    if not {"every", "all", "often", "times"} & set(turn.text.lower().split()):
        best = best[:1]
    return Reply(lines=tuple(turn.write.line(f) for f in sorted(best, key=lambda f: f.one.start)))


def scenes(turn: Turn) -> Answering:
    """The scenes, the longest or shortest of them, one by its number, or the cuts between them."""
    name, video = turn.question.intent.name, turn.video.id
    (found,) = yield [
        ("find_cuts" if name == "cuts" else "find_scenes", {"video": video, **turn.span})
    ]
    if name == "cuts":
        if not found:
            (facts,) = yield [("video_facts", {"video": video})]
            return Reply(lines=tuple(f"{turn.sentence('no_cut')} [{f.label}]" for f in facts))
        if nth := turn.question.nth:
            return Reply(
                lines=tuple(map(turn.write.line, found[-1:] if nth < 0 else found[nth - 1 : nth]))
            )
        return _listed(turn, _counted(turn, "cut", found), found)
    if not found:
        return Reply(turn.sentence("not_ready"), reason="not_covered")
    if name in ("longest_scene", "shortest_scene"):
        pick = max if name == "longest_scene" else min
        best = pick(found, key=lambda f: f.one.end - f.one.start)
        seconds = length(best.one.end - best.one.start)
        return Reply(turn.sentence("lasts", length=seconds), (turn.write.line(best),))
    return _listed(turn, _counted(turn, "scene", found), found)


def scene(turn: Turn) -> Answering:
    """One scene by its number, with what is said and written in it."""
    found, chosen = yield from _nth_scene(turn)
    if not chosen:
        return Reply(_counted(turn, "scene", found), reason="absent", nearest=tuple(found[-1:]))
    one = chosen[0].one
    (inside,) = yield [("read_moment", {"video": one.video, "start": one.start, "end": one.end})]
    kind = turn.question.modality
    told = [f for f in inside if f.one.kind in ((kind,) if kind != "any" else ("speech", "screen"))]
    return Reply(lines=tuple(map(turn.write.line, [*chosen, *told[:QUOTES]])))


def inside(turn: Turn) -> Steps[Turn]:
    """The turn inside the scene that its question names by number, if there is one."""
    _, chosen = yield from _nth_scene(turn)
    if not chosen:
        return turn
    asked, one = turn.question, chosen[0].one
    text = " ".join(asked.content) or asked.text
    return replace(turn, question=replace(asked, text=text, window=(one.start, one.end), nth=0))


def _nth_scene(turn: Turn) -> Steps[tuple[list[Found], list[Found]]]:
    """All scenes, and the one whose number the question names, if there is one."""
    (found,) = yield [("find_scenes", {"video": turn.video.id})]
    nth = turn.question.nth
    return found, found[-1:] if nth < 0 else found[nth - 1 : nth]


def _counted(turn: Turn, kind: str, found: list[Found]) -> str:
    name = f"{kind}_one" if len(found) == 1 else f"{kind}_count"
    return turn.sentence(name, n=len(found))


def _listed(turn: Turn, lead: str, found: list[Found]) -> Reply:
    more = len(found) - LISTED
    remarks = (turn.sentence("more", n=more),) if more > 0 else ()
    return Reply(lead, tuple(map(turn.write.line, found[:LISTED])), remarks)


def sounds(turn: Turn) -> Answering:
    """Where it is loud, quiet or sounding otherwise; captions that name a sound come first."""
    sought = SOUNDS.get(turn.question.intent.name, "outburst")
    named = sought in EVENT_KINDS
    if named and not any(heard_by_model(turn.toolbox.library, id) for id in turn.videos):
        sought = "other"
    calls: list[Call] = [("video_facts", {"video": v}) for v in turn.videos[:3]]
    found, *facts = yield [("find_sounds", {"what": sought, "limit": EVERY, **turn.where}), *calls]
    heard = [f for group in facts for f in group]
    if sought == "other":
        found = [f for f in found if f.one.end - f.one.start >= MUSIC_SECONDS]
    if found:
        told = found[:1] if sought in ("loudest", "outburst") else found[:QUOTES]
        told = sorted(told, key=lambda f: f.one.start)
        remarks = () if sought == "silence" else (turn.sentence("sound_unknown"),)
        if sought in EVENT_KINDS:
            more = len(found) - len(told)
            remarks = (turn.sentence("more", n=more),) * (more > 0) + (turn.sentence("by_ear"),)
        elif named:
            remarks = (turn.sentence("sound_unknown"), turn.sentence("ear_missing"))
        return Reply(lines=tuple(map(turn.write.line, told)), remarks=remarks)
    if heard and all(f.one.facts["sound"] == "none" for f in heard):
        return Reply(turn.sentence("sound_none"), reason="absent", nearest=tuple(heard))
    if any(f.one.facts["sound"] == "unheard" for f in heard):
        return Reply(turn.sentence("not_ready"), reason="not_covered", nearest=tuple(heard))
    if sought in EVENT_KINDS:
        return Reply(turn.sentence(f"no_{sought}"), reason="absent")
    remarks = (turn.sentence("ear_missing"),) if named else ()
    return Reply(turn.sentence("sound_not_found"), remarks=remarks, reason="absent")


def recognise(turn: Turn) -> Answering:
    """What is to be seen: by a picture model where one is there, else by words and colours."""
    said = yield from search(turn, "recognise")
    if said.reason is None:
        return said
    seen = yield from _objects(turn)
    if seen and seen[0].one.facts["fits"]:
        return likenesses(turn, _nearest(seen))
    if turn.toolbox.pictures.blind(list(turn.videos)):
        return said
    query = " ".join(turn.question.intent.slot or turn.question.words)
    (found,) = yield [("search_frames", {"query": query[:400], **turn.where})]
    if found:
        return likenesses(turn, _nearest(found))
    if seen:
        lead = turn.sentence("objects_closest", quote=quoted(objects.looked_for(turn)))
        return turn.write.closest(lead, seen, "unsure")
    return with_remark(said, turn.sentence("look_none"))


def _objects(turn: Turn) -> Steps[list[Found]]:
    """Tracked objects that look as a question says, or come closest; none without their vectors."""
    wanted, videos = objects.looked_for(turn), list(turn.videos)
    is_tracked = turn.toolbox.catalog.is_tracked(videos)
    if not wanted or not is_tracked or turn.toolbox.looks.blind(videos):
        return []
    named = {"label": wanted[:100], **turn.where, **({"area": turn.area} if turn.area else {})}
    (found,) = yield [("find_objects", named)]
    return [one for one in found if "fits" in one.one.facts]


def _nearest(found: list[Found]) -> list[Found]:
    return [f for f in found if f.one.score >= found[0].one.score - NEARLY][:3]


def labelled(turn: Turn, labels: list[str]) -> Answering:
    """Which label fits best; of colours, those of the picture itself."""
    at = turn.at or (None if turn.question.window else turn.near)
    video = at.video if at else turn.video.id
    span = {"start": at.start, "end": at.end} if at else turn.span
    if are_looks(labels):
        if not span:
            return (yield from coloured(turn))
        middle = (span["start"] + span["end"]) / 2
        (seen,) = yield [("look_at", {"video": video, "seconds": middle})]
        told = [f for f in seen if f.one.text][:1]
        if not told:
            return Reply(turn.sentence("not_ready"), reason="not_covered")
        return Reply(lines=tuple(map(turn.write.line, told)))
    by_words = turn.called and "classify" not in turn.called  # as this answer began
    if by_words or turn.toolbox.pictures.blind([video]):
        return (yield from recognise(turn))
    (fits,) = yield [("classify", {"labels": labels, "video": video, **span})]
    if best := _best_label(fits):
        found, label = best
        line = turn.sentence("fits_best", quote=quoted(label), text=found.one.text)
        return Reply(lines=(f"{line} [{found.label}]",))
    return Reply(turn.sentence("look_none"), reason="absent", nearest=tuple(fits))


def _best_label(found: list[Found]) -> tuple[Found, str] | None:
    for one in found:
        fits: dict[str, float] = one.one.facts["labels"]
        best = max(fits, key=fits.__getitem__, default="")
        if best and fits[best] >= one.one.score:  # the first is none of them
            return one, best
    return None


def alike(turn: Turn) -> Answering:
    """What looks like a picture that was shown."""
    shown = turn.shown[:1] if not NUMBERED.search(turn.text) else ()
    at = turn.at or next(iter(shown), None)
    if at is None:
        return Reply(turn.sentence("nothing_shown"), reason="unsure")
    (found,) = yield [("find_similar", {"evidence": at.id, "videos": list(turn.videos)})]
    if not found:
        why = turn.toolbox.pictures.uncompared(list(turn.videos))
        if why:
            return Reply(f"{why[:1].upper()}{why[1:]}.", reason="not_covered")
        return Reply(turn.sentence("alike_none"), reason="absent")
    return likenesses(turn, found[:3])


def likenesses(turn: Turn, found: list[Found]) -> Reply:
    """How close pictures come to what is asked, best first: likeness is no proof."""
    return Reply(
        lines=tuple(f"{turn.write.named(f.one.video)}{likeness(f.one)} [{f.label}]" for f in found)
    )


def likeness(one: Evidence) -> str:
    """One picture or object and how close it comes, 0 to 1."""
    text = f": {one.text}" if one.text else ""
    what = "object" if one.kind == "object" else "picture"
    return f"The {what} at {time(one.start)} comes close, {one.score:.2f}{text}"


def coloured(turn: Turn) -> Answering:
    """The colours of the whole."""
    (facts,) = yield [("video_facts", {"video": turn.video.id})]
    told = [f for f in facts if "colours" in f.one.facts]
    if not told:
        return Reply(turn.sentence("not_ready"), reason="not_covered")
    seen = told[0].one.facts
    text = describe(seen["colours"], seen["brightness"])
    lead = turn.sentence("grey" if is_black_and_white(seen["colours"]) else "coloured")
    return Reply(lead, (f"{turn.sentence('overall', text=text)} [{told[0].label}]",))
