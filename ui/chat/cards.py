"""Answers for the browser: safe Markdown, and the properties of the elements that show them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from agent.answer import UNSUPPORTED
from agent.grounding.review import Claim
from tools.errors import VideoError
from tools.evidence import reliability
from tools.library import Library
from tools.media import Evidence, Video, timestamp
from tools.store.coverage import Unseen, describe_coverage
from tools.store.filmstrip import is_strip
from ui.chat.wording import language, say
from ui.render import STAGE_NAMES, cost_line, evidence_span, picture_address, searched
from ui.web.proxies import Proxies

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&:])")
_ADDRESS = re.compile(r"(https?|ftp|www|mailto)(?=[:.])", re.IGNORECASE)
_MARKER = re.compile(r"^(\s*)([-=]|\d+[.)])", re.MULTILINE)
_HANDLE = re.compile(r"\\\[(\d+)\\\]")
_BOLD = re.compile(r"\\\*\\\*(?=\S)([^*\n]+?)(?<=\S)\\\*\\\*")
_COMMAND = re.compile(r"\\`(cuepoint [^`\n]+)\\`")
_ESCAPED = re.compile(r"\\([_\W])")
_JOINER = "\N{WORD JOINER}"
"""Invisible: keeps `https` and `://` from being made a link."""
_ITEM = re.compile(rf"^{_JOINER}- ", re.MULTILINE)
_VERDICTS = {
    "verified": "confirmed", "weak": "not confirmed", "unsupported": "not confirmed",
}  # fmt: skip
SHORTEST = 2.0
"""Seconds, at least, that play of a moment: of an instant there would be nothing to see."""
QUOTE = 220
"""Characters of a quoted text on a card."""


def escape_markdown(text: str) -> str:
    """Text from a video, a file or a model as Markdown that shows it and does nothing else."""
    text = _ADDRESS.sub(lambda match: match[1] + _JOINER, text)
    text = _SPECIAL.sub(r"\\\1", text)
    return _MARKER.sub(lambda match: f"{match[1]}{_JOINER}{match[2]}", text)


def answer_markdown(answer: Any) -> str:
    """An answer in Markdown: its numbers are links that play, its doubted sentences are marked.

    A line of its own makes an item of a list, and the line above a list stands out. What was not
    looked at is no part of the text: the quiet line below tells it.
    """
    moments = {c.handle: c.evidence for c in (*answer.evidence, *answer.nearest)}
    text = "".join(
        _doubted(part, claim, moments) if claim else _linked(escape_markdown(part), moments)
        for part, claim in _parts(answer.answer, answer.claims)
    )
    text = _ITEM.sub("- ", text)
    lead, gap, rest = text.partition("\n\n")
    if answer.found and rest.startswith("- ") and not lead.startswith("- ") and '"' not in lead:
        text = f"**{' '.join(lead.replace('**', '').split())}**{gap}{rest}"
    notes = (note for note in answer.notes if not isinstance(note, Unseen))
    return text + "".join(f"\n\n*{escape_markdown(note.text)}*" for note in notes)


def _parts(text: str, claims: Sequence[Claim]) -> Iterator[tuple[str, Claim | None]]:
    """Pieces of an answer's text, in order, with the claim of those that are not confirmed."""
    at = 0
    for claim in claims:
        if claim.verdict != "verified" and (found := _as_shown(claim.text).search(text, at)):
            yield text[at : found.start()], None
            yield found[1], claim
            at = found.end()
    yield text[at:], None


def _as_shown(claim: str) -> re.Pattern[str]:
    """Pattern of a claim where it is shown: with its citations, and the mark of other doors."""
    handles = r"(?:\s*\[\d+\])*"
    tokens = re.findall(r"\w+|[^\w\s]|\s+", claim)
    shown = handles.join(r"\s+" if token.isspace() else re.escape(token) for token in tokens)
    return re.compile(rf"({shown}{handles})(?:\s*{re.escape(UNSUPPORTED)})?")


def _doubted(text: str, claim: Claim, moments: Mapping[int, Evidence]) -> str:
    """A sentence that is not confirmed, as a link of its own to what does not confirm it."""
    handles = [handle for handle in claim.citations if handle in moments]
    why = say("cards.doubted", by=" ".join(f"[{handle}]" for handle in handles))
    to = _address(moments[handles[0]], f"unconfirmed-{handles[0]}") if handles else "#unconfirmed"
    title = escape_markdown(why if handles else say("cards.doubted_by_all"))
    pieces = re.split(r"((?:\s*\[\d+\])+)", " ".join(text.split()))
    return "".join(
        _linked(escape_markdown(piece), moments)
        if place % 2 or not re.search(r"\w", piece)
        else f'[{escape_markdown(piece)}]({to} "{title}")'
        for place, piece in enumerate(pieces)
    )


def _linked(escaped: str, moments: Mapping[int, Evidence]) -> str:
    """Escaped text with a link for each number of known evidence; bold and commands are as such."""
    escaped = _COMMAND.sub(lambda match: "`" + _ESCAPED.sub(r"\1", match[1]) + "`", escaped)
    escaped = _BOLD.sub(r"**\1**", escaped)
    return _HANDLE.sub(
        lambda match: (
            f"[{match[0]}]({_address(moments[int(match[1])], match[1])})"
            if int(match[1]) in moments
            else match[0]
        ),
        escaped,
    )


def _address(evidence: Evidence, fragment: str) -> str:
    """Page of a moment; the chat plays the card that the fragment names instead."""
    return f"/v/{evidence.video}?t={evidence.start:.3f}#{fragment}"


def card(library: Library, evidence: Evidence, handle: int, verdict: str) -> dict[str, Any]:
    """Card of one piece of evidence. Every value is text or a number; React shows it as text."""
    strip = bool(evidence.image) and is_strip(evidence.image)
    still = library.image_at(evidence.video, evidence.start) if strip else evidence.image
    said = replace(evidence, start=round(evidence.start), end=round(evidence.end))
    doubt = reliability(evidence)
    return {
        "handle": handle,
        "id": evidence.id,
        "video": evidence.video,
        "start": round(evidence.start, 3),
        "until": round(max(evidence.end, evidence.start + SHORTEST), 3),
        "time": timestamp(said.start),
        "span": evidence_span(said),
        "kind": say(f"kind.{evidence.kind}"),
        "quoted": evidence.kind in ("speech", "screen"),
        "draft": say(f"cards.{doubt}") if doubt else "",
        "text": _card_text(evidence),
        "image": picture_address(library, evidence.image, "http"),
        "still": picture_address(library, still, "http"),
        "strip": strip,
        "verdict": _VERDICTS.get(verdict, ""),
        "href": _address(evidence, str(handle)),
    }


def _card_text(evidence: Evidence) -> str:
    """Text of a card; of a whole video its length alone: its other facts are in the answer."""
    if evidence.kind == "video":
        return say("cards.whole", length=timestamp(round(evidence.end)))
    if evidence.kind == "chapter" and {"number", "count", "title"} <= evidence.facts.keys():
        return truncated(say("cards.chapter", **evidence.facts))
    return truncated(evidence.text)


def player(
    library: Library, proxies: Proxies, answer: Any, steps: Sequence[str] = ()
) -> dict[str, Any]:
    """Properties of the evidence player for an answer. Reads files: call it in a thread."""
    verdicts: dict[int, str] = {}
    for claim in answer.claims:
        for handle in claim.citations:
            verdicts.setdefault(handle, claim.verdict)
    order = {handle: place for place, handle in enumerate(verdicts)}
    cited = sorted(answer.evidence or answer.nearest, key=lambda c: order.get(c.handle, len(order)))
    here = language()
    confirmed = verdicts if answer.evidence else {}  # of the closest nothing is asserted
    cards = [card(library, c.evidence, c.handle, confirmed.get(c.handle, "")) for c in cited]
    return {
        "heading": say("cards.evidence" if answer.evidence else "cards.closest"),
        "closer": answer.reason in ("unsure", "not_covered"),
        "cards": cards,
        "videos": {
            id: source(library, id, proxies) for id in dict.fromkeys(row["video"] for row in cards)
        },
        "quiet": " · ".join(filter(None, [searched(answer, here), cost_line(answer, here)]))
        if answer.seconds
        else "",
        "looked": looked(library, answer, steps),
    }


def looked(library: Library, answer: Any, steps: Sequence[str]) -> list[list[str]]:
    """Rows that the quiet line unfolds to: pairs of a name and a text."""
    rows: list[list[str]] = []
    for covered in answer.coverage[:3]:
        video = library.get(covered.video)
        rest = "" if video.state == "ready" else f"; {pending_stages(video)}"
        rows.append([video.title, describe_coverage(covered) + rest])
    if len(answer.coverage) > 3:
        rows.append(["", say("cards.more", n=len(answer.coverage) - 3)])
    gaps = [note.text for note in answer.notes if isinstance(note, Unseen)]
    rows += [[say("timeline.unseen"), gap] for gap in gaps]
    for claim in answer.claims:
        if claim.verdict != "verified":
            claimed = say("cards.quoted", text=truncated(claim.text))
            if by := " ".join(f"[{n}]" for n in claim.citations):
                claimed = say("cards.quoted_by", quote=claimed, by=by)
            rows.append([say("cards.unconfirmed"), claimed])
    rows += [["" if number else say("cards.done"), step] for number, step in enumerate(steps)]
    if any(answer.tokens):
        read, written = (f"{count:,}" for count in answer.tokens)
        rows.append([say("cards.tokens"), say("cards.tokens_of", read=read, written=written)])
    return rows


def source(library: Library, id: str, proxies: Proxies) -> dict[str, Any]:
    """Addresses of a video for the player; file is None where only copies of spans play."""
    video, direct = library.get(id), None
    with suppress(VideoError):  # else the file is gone: its pictures are still there
        direct = proxies.direct_type(id) and f"/media/{id}/file"
    return {
        "title": video.title,
        "duration": video.duration,
        "file": direct,
        "play": f"/media/{id}/play",
        "fixed": video.stages["sightings"].state == "done",
        "spoken": bool(library.utterances(id)),
        "poster": picture_address(library, library.image_at(id, video.duration / 3), "http"),
    }


def pending_stages(video: Video) -> str:
    """Stages of a video that are not finished, as the rest of a sentence."""
    open_stages = [n for n, s in video.stages.items() if s.state in ("waiting", "running")]
    if not open_stages:
        return say("cards.incomplete")
    # A later release may have left a stage that has no name here.
    named = (say(f"stage.{one}") if one in STAGE_NAMES else one for one in open_stages)
    return say(
        "cards.indexing" if video.state == "indexing" else "cards.queued", stages=", ".join(named)
    )


def truncated(text: str, most: int = QUOTE) -> str:
    """Text of `most` characters at most."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
