"""Answers for the browser: safe Markdown, and the properties of the elements that show them."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tools.errors import VideoError
from tools.evidence import MACHINE, is_draft, reliability
from tools.library import Library
from tools.media import Coverage, Evidence, Video
from tools.store.coverage import describe_coverage
from tools.store.filmstrip import is_strip
from ui.render import (
    KIND_NAMES,
    STAGE_NAMES,
    cost_line,
    evidence_span,
    picture_address,
    timestamp,
)
from ui.web.proxies import Proxies

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&:])")
_ADDRESS = re.compile(r"(https?|ftp|www|mailto)(?=[:.])", re.IGNORECASE)
_MARKER = re.compile(r"^(\s*)([-=]|\d+[.)])", re.MULTILINE)
_HANDLE = re.compile(r"\\\[(\d+)\\\]")
_JOINER = "\N{WORD JOINER}"
"""Invisible: keeps `https` and `://` from being made a link."""
QUOTE = 220
"""Characters of a quoted text on a card."""


def escape_markdown(text: str) -> str:
    """Text from a video, a file or a model as Markdown that shows it and does nothing else."""
    text = _ADDRESS.sub(lambda match: match[1] + _JOINER, text)
    text = _SPECIAL.sub(r"\\\1", text)
    return _MARKER.sub(lambda match: f"{match[1]}{_JOINER}{match[2]}", text)


def answer_markdown(answer: Any) -> str:
    """An answer in Markdown, the handles of its evidence in bold, with a line for each note."""
    handles = {str(cited.handle) for cited in (*answer.evidence, *answer.nearest)}
    text = _HANDLE.sub(
        lambda match: f"**\\[{match[1]}\\]**" if match[1] in handles else match[0],
        escape_markdown(answer.answer),
    )
    return text + "".join(f"\n\n*{escape_markdown(note.text)}*" for note in answer.notes)


def card(library: Library, evidence: Evidence, handle: int, verdict: str) -> dict[str, Any]:
    """Card of one piece of evidence. Every value is text or a number; React shows it as text."""
    return {
        "handle": handle,
        "id": evidence.id,
        "video": evidence.video,
        "start": round(evidence.start, 3),
        "end": round(evidence.end, 3),
        "time": timestamp(evidence.start),
        "span": evidence_span(evidence),
        "kind": KIND_NAMES[evidence.kind],
        "quoted": evidence.kind in ("speech", "screen"),
        "draft": MACHINE if is_draft(evidence) else reliability(evidence),
        "text": truncated(evidence.text),
        "image": picture_address(library, evidence.image, "http"),
        "strip": bool(evidence.image) and is_strip(evidence.image),
        "verdict": verdict,
    }


def player(library: Library, proxies: Proxies, answer: Any) -> dict[str, Any]:
    """Properties of the evidence player for an answer. Reads files: call it in a thread."""
    verdicts: dict[int, str] = {}
    for claim in answer.claims:
        for handle in claim.citations:
            verdicts.setdefault(handle, claim.verdict)
    order = {handle: place for place, handle in enumerate(verdicts)}
    cited = sorted(answer.evidence or answer.nearest, key=lambda c: order.get(c.handle, len(order)))
    cards = [card(library, c.evidence, c.handle, verdicts.get(c.handle, "")) for c in cited]
    return {
        "heading": "Evidence" if answer.evidence else "Nearest",
        "cards": cards,
        "videos": {row["video"]: source(library.get(row["video"]), proxies) for row in cards},
        "doubts": [
            f"{claim.verdict}: {truncated(claim.text)}"
            for claim in answer.claims
            if claim.verdict != "verified"
        ],
        "coverage": coverage_line(library, answer.coverage),
        "cost": cost_line(answer) if answer.seconds else "",
    }


def source(video: Video, proxies: Proxies) -> dict[str, Any]:
    """Addresses of a video for the player; file is None where only copies of spans play."""
    direct = None
    with suppress(VideoError):  # else the file is gone: its pictures are still there
        direct = proxies.direct_type(video.id) and f"/media/{video.id}/file"
    play = f"/media/{video.id}/play"
    return {"title": video.title, "duration": video.duration, "file": direct, "play": play}


def coverage_line(library: Library, coverage: Sequence[Coverage]) -> str:
    """Coverage of the first three videos, in one line."""
    parts: list[str] = []
    for covered in coverage[:3]:
        video = library.get(covered.video)
        rest = "" if video.state == "ready" else f" ({pending_stages(video)})"
        parts.append(f"{video.title}: {describe_coverage(covered)}{rest}")
    if len(coverage) > 3:
        parts.append(f"and {len(coverage) - 3} more videos")
    return "Looked at " + " · ".join(parts) if parts else ""


def pending_stages(video: Video) -> str:
    """Stages of a video that are not finished, as the rest of a sentence."""
    open_stages = [n for n, s in video.stages.items() if s.state in ("waiting", "running")]
    if not open_stages:
        return "not everything could be indexed"
    begun = "still indexing " if video.state == "indexing" else "not indexed yet: "
    return begun + ", ".join(STAGE_NAMES.get(name, name) for name in open_stages)


def truncated(text: str, most: int = QUOTE) -> str:
    """Text of `most` characters at most."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
