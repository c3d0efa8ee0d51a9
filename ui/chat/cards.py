"""An answer as the browser shows it: safe Markdown, and the cards of the evidence player."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from tools.errors import VideoError
from tools.evidence import reliability
from tools.files.disk import Note
from tools.library import Library
from tools.media import Coverage, Evidence, Video
from tools.store.coverage import describe_coverage
from tools.store.filmstrip import is_strip
from ui.render import KINDS, clock, cost, picture, span
from ui.web.proxies import Proxies

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&:])")
_ADDRESS = re.compile(r"(https?|ftp|www|mailto)(?=[:.])", re.IGNORECASE)
_MARKER = re.compile(r"^(\s*)([-=]|\d+[.)])", re.MULTILINE)
_HANDLE = re.compile(r"\\\[(\d+)\\\]")
_JOINER = "\N{WORD JOINER}"
"""Invisible, and it keeps `https` and `://` from being made a link."""
QUOTE = 220
"""Characters of a quoted text on a card."""


def plain(text: str) -> str:
    """Text from a video, a file or a model as Markdown that shows it and does nothing else."""
    text = _ADDRESS.sub(lambda match: match[1] + _JOINER, text)
    text = _SPECIAL.sub(r"\\\1", text)
    return _MARKER.sub(lambda match: f"{match[1]}{_JOINER}{match[2]}", text)


def with_handles(text: str, known: Iterable[int]) -> str:
    """Plain Markdown in which the handles of the evidence stand out."""
    handles = {str(handle) for handle in known}
    return _HANDLE.sub(
        lambda match: f"**\\[{match[1]}\\]**" if match[1] in handles else match[0], plain(text)
    )


def quiet(notes: Iterable[Note]) -> str:
    """A line below an answer for each note, in Markdown."""
    return "".join(f"\n\n*{plain(note.text)}*" for note in notes)


def card(library: Library, evidence: Evidence, handle: int, verdict: str) -> dict[str, Any]:
    """One piece of evidence. Every value is text or a number; React shows it as text."""
    return {
        "handle": handle,
        "id": evidence.id,
        "video": evidence.video,
        "start": round(evidence.start, 3),
        "end": round(evidence.end, 3),
        "time": clock(evidence.start),
        "span": span(evidence.start, evidence.end),
        "kind": KINDS[evidence.kind],
        "quoted": evidence.kind in ("speech", "screen"),
        "draft": reliability(evidence),
        "text": short(evidence.text),
        "image": picture(library, evidence.image, "http"),
        "strip": bool(evidence.image) and is_strip(evidence.image),
        "verdict": verdict,
    }


def player(library: Library, proxies: Proxies, answer: Any) -> dict[str, Any]:
    """What the evidence player shows for an answer. Reads files: call it in a thread."""
    cited = answer.evidence or answer.nearest
    verdicts: dict[int, str] = {}
    for claim in answer.claims:
        for handle in claim.citations:
            verdicts.setdefault(handle, claim.verdict)
    order = {handle: number for number, handle in enumerate(verdicts)}
    shown = sorted(cited, key=lambda one: order.get(one.handle, len(order)))
    cards = [card(library, one.evidence, one.handle, verdicts.get(one.handle, "")) for one in shown]
    ids = dict.fromkeys(one["video"] for one in cards)
    return {
        "heading": "Evidence" if answer.evidence else "Nearest",
        "cards": cards,
        "videos": {id: source(library.get(id), proxies) for id in ids},
        "doubts": [
            f"{claim.verdict}: {short(claim.text)}"
            for claim in answer.claims
            if claim.verdict != "verified"
        ],
        "coverage": coverage(library, answer.coverage),
        "cost": cost(answer) if answer.seconds else "",
    }


def source(video: Video, proxies: Proxies) -> dict[str, Any]:
    """Where the player gets a video from; file is None where only copies of spans play."""
    try:
        direct = proxies.direct(video.id)
    except VideoError:
        direct = None  # the file is gone: its pictures are still there
    base = f"/media/{video.id}"
    return {
        "title": video.title,
        "duration": video.duration,
        "file": f"{base}/file" if direct else None,
        "play": f"{base}/play",
    }


def coverage(library: Library, looked: Sequence[Coverage]) -> str:
    """What was looked at, in one line."""
    parts: list[str] = []
    for one in looked[:3]:
        video = library.get(one.video)
        parts.append(
            f"{video.title}: {describe_coverage(one)}"
            + ("" if video.state == "ready" else f" ({pending(video)})")
        )
    if len(looked) > 3:
        parts.append(f"and {len(looked) - 3} more videos")
    return "Looked at " + " · ".join(parts) if parts else ""


def pending(video: Video) -> str:
    """What of a video is not indexed yet."""
    open_stages = [n for n, s in video.stages.items() if s.state in ("waiting", "running")]
    if not open_stages:
        return "not everything could be indexed"
    begun = "still indexing " if video.state == "indexing" else "not indexed yet: "
    return begun + ", ".join(STAGE_NAMES.get(name, name) for name in open_stages)


STAGE_NAMES = {
    "probe": "looking at the file",
    "subtitles": "subtitles",
    "keyframes": "first pictures",
    "pass": "scenes and frames",
    "sound": "sound",
    "screen": "on-screen text",
    "pictures": "what pictures show",
    "speech": "speech",
    "speakers": "who speaks",
    "vectors": "search",
}


def shelf(library: Library, chosen: Sequence[str], questions: Sequence[str]) -> dict[str, Any]:
    """The videos of the library, for the greeting."""
    return {
        "videos": [
            {
                "id": video.id,
                "title": video.title,
                "time": clock(round(video.duration)),
                "state": "" if video.state == "ready" else video.state,
                "image": picture(library, library.image_at(video.id, video.duration / 3), "http"),
                "chosen": video.id in chosen,
            }
            for video in library.list()[:24]
        ],
        "questions": list(questions),
    }


def short(text: str, most: int = QUOTE) -> str:
    """A text of so many characters at most."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
