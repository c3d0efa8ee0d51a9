"""The checked answer: a model's text, verified claim by claim while it arrives and at its end."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from agent.grounding.citations import (
    citation_labels,
    escape_tags,
    may_be_not_found,
    not_found,
    split_claims,
)
from agent.grounding.review import CheckedAnswer, Claim, Reason, with_remark
from agent.toolbelt import fence
from agent.turn import Turn
from tools.evidence import MACHINE
from tools.media import clock
from tools.models.registry import suggested
from tools.store.coverage import describe_coverage
from tools.text.expressions import NEGATORS, words

UNSUPPORTED, NO_EVIDENCE = "(unsupported)", "it cites no evidence that holds it"
NEAREST = 3
"""Nearest misses that are shown where a model named none."""


class ClaimStream:
    """Verifies a text while a model writes it: no claim is streamed before it was checked.

    Nothing is streamed before the first citation: it may be a remark beside a tool call.
    """

    def __init__(self, turn: Turn, seen: list[str], handles: list[str]) -> None:
        self._turn, self._review = turn, turn.review(seen, handles)
        self._text = self._unfinished = self._checked = ""
        self._cited = False

    async def feed(self, text: str) -> None:
        """Add the next piece of text, and stream what people may see now."""
        self._text += text
        # The last claim is final only when something follows it.
        *claims, self._unfinished = split_claims(self._unfinished + text) or [""]
        for raw in claims:
            ids = self._review.ids(citation_labels(raw))
            await asyncio.to_thread(self._turn.load, ids)
            shown, claim = await asyncio.to_thread(self._review.claim, raw)
            self._cited |= bool(claim and claim.citations)
            self._checked += mark_unsupported(shown, claim)
        if self._turn.muted or not self._cited or may_be_not_found(self._text):
            return
        out, self._checked = self._checked, ""
        self._turn.stream(out if self._turn.streamed else out.lstrip())


def check_answer(
    turn: Turn, seen: Sequence[str], handles: Sequence[str], text: str, data: Mapping[str, Any]
) -> CheckedAnswer:
    """Verify what a model wrote, or say why it wrote nothing.

    `data` is what our own model says beside its text; a language model says it in the text.
    """
    if turn.stopped:
        ids = list(dict.fromkeys(reversed(turn.retrieved)))[:NEAREST]
        found, labels, text = False, [f"e{seen.index(id) + 1}" for id in ids], ""
    elif "found" in data:
        found, labels = bool(data["found"]), list(data.get("nearest", ()))
    else:
        missed = not_found(text)
        found, (labels, text) = missed is None, missed or ([], text)
    review = turn.review(seen, handles)
    turn.load(review.ids([*citation_labels(text), *labels]) + turn.retrieved[:NEAREST])
    remarks = {" ".join(remark.split()) for remark in data.get("remarks", ())}
    shown, claims = "", list[Claim]()
    unheard = (
        "found" not in data
        and not found
        and any(part.speech != "complete" for part in turn.coverage)
    )
    for raw in split_claims(text.strip()):
        out, claim = review.claim(raw)
        if unheard and claim and not claim.citations and NEGATORS & set(words(claim.text)):
            continue  # what was not heard for certain is not absent for certain
        if claim and (claim.citations or (found and claim.text not in remarks)):
            claims.append(claim)
            out = mark_unsupported(out, claim)
        shown += out
    cited = list(dict.fromkeys(handle for claim in claims for handle in claim.citations))
    notes: list[str] = []
    if found and not cited:
        found = False
        notes += ["Nothing in the videos was found that supports this."] if claims else []
    near_ids = [id for id in review.ids(labels) if review.usable(id)]
    if not found and not cited and "nearest" not in data:
        near_ids = near_ids or [id for id in turn.retrieved[:NEAREST] if review.usable(id)]
    near = list(dict.fromkeys([*(review.handle(id) for id in near_ids), *cited]))
    if turn.stopped:
        marks = " ".join(f"[{handle}]" for handle in near)
        notes.append(f"I stopped before I had an answer: {turn.stopped}.")
        notes += [f"What came up so far: {marks}"] if marks else []
    if turn.failed and "found" in data:
        notes.append(f"Answered by rule, as {turn.failed}.")
    if turn.incomplete:
        notes.append(f"This may be incomplete: {turn.incomplete}.")
    if review.gone:
        notes.append("Some evidence that was to be cited is gone, with its video.")
    reason = None if found else _reason(turn, data, bool(near))
    if reason in ("absent", "unsure", "not_covered"):
        if any(part.speech == "draft" for part in turn.coverage):
            better = suggested("speech")
            notes.append(
                f"What is said was {MACHINE}: I can be surer with {better.name} "
                f"({better.size / 1e6:.0f} MB): cuepoint models pull {better.name}."
            )
        if "found" not in data or not turn.fully_indexed:
            notes.append(_coverage_note(turn))
    return CheckedAnswer(
        escape_tags("\n\n".join(p for p in (shown.strip(), "\n".join(notes)) if p)),
        found,
        tuple(claims),
        tuple(cited if found else ()),
        tuple(() if found else near),
        tuple(review.handles),
        reason,
    )


def _reason(turn: Turn, data: Mapping[str, Any], near: bool) -> Reason | None:
    """The reason that nothing answers, as our own model says it, or as coverage tells."""
    if "reason" in data and not turn.stopped and data["reason"] is None and not data["found"]:
        return None  # small talk
    if not turn.fully_indexed:
        return "not_covered"
    told: Reason | None = data.get("reason")
    complete = all(part.speech in ("complete", "none") for part in turn.coverage)
    return told or ("absent" if complete and not near else "unsure")


def unsupported_claims(answer: CheckedAnswer) -> str:
    """The unsupported claims of an answer with their reasons, a line each."""
    wrong = [claim for claim in answer.claims if claim.verdict == "unsupported"]
    return "\n".join(f"- {fence(claim.text)}: {claim.why or NO_EVIDENCE}" for claim in wrong)


def mark_unsupported(shown: str, claim: Claim | None) -> str:
    """A sentence as people see it, with a mark if its claim is unsupported."""
    if claim is None or claim.verdict != "unsupported":
        return shown
    return with_remark(shown, UNSUPPORTED)


def _coverage_note(turn: Turn) -> str:
    """One sentence on how much was searched, for an answer that found nothing."""
    if not turn.coverage:
        total = turn.coverage_total
        counted = f"Looked through {total['videos']} videos"
        if not turn.fully_indexed:
            counted += ", not all of which are indexed to the end"
        return " ".join([f"{counted}.", turn.belt.unsearched(turn.videos)]).strip()
    named = turn.coverage[:3]
    parts = [
        f"“{turn.belt.title(c.video) or c.video}” ({clock(c.duration)}): {describe_coverage(c)}"
        for c in named
    ]
    if len(turn.coverage) > 3:
        parts.append(f"and {len(turn.coverage) - 3} more videos")
    return " ".join([f"Looked at {'; '.join(parts)}.", turn.belt.unsearched(turn.videos)]).strip()
