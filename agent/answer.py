"""The checked answer: what a model writes, tested claim by claim while it comes and at its end."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agent.grounding.citations import Scribe, harmless, labels, may_be_not_found, not_found, split
from agent.grounding.review import Claim
from agent.toolbelt import Toolbelt, fence
from agent.turn import Turn
from tools.media import clock
from tools.store.coverage import describe_coverage

UNSUPPORTED, NO_EVIDENCE = "(unsupported)", "it cites no evidence that holds it"
NEAREST = 3
"""Nearest misses that are shown where a model named none."""


@dataclass(frozen=True)
class Ending:
    """An answer that was checked, in plain data; evidence and nearest are handles."""

    text: str
    found: bool
    claims: tuple[Claim, ...]
    evidence: tuple[int, ...]
    nearest: tuple[int, ...]
    handles: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """What the conversation keeps with the message."""
        claims = [{**asdict(c), "citations": list(c.citations)} for c in self.claims]
        evidence, nearest = list(self.evidence), list(self.nearest)
        return {"found": self.found, "claims": claims, "evidence": evidence, "nearest": nearest}


class Stream:
    """The checked part of what a model is writing: no claim is seen before it was tested.

    Nothing is shown before the first citation: it may be a remark beside a tool call.
    """

    def __init__(self, turn: Turn, belt: Toolbelt, seen: list[str], handles: list[str]) -> None:
        self._turn, self._belt = turn, belt
        self._review = turn.review(seen, handles)
        self._scribe = Scribe()
        self._text = self._held = ""
        self._cited = False

    async def feed(self, text: str) -> str:
        """What people may see now."""
        self._text += text
        for raw in self._scribe.feed(text):
            await asyncio.to_thread(self._turn.learn, self._belt, self._review.ids(labels(raw)))
            shown, claim = await asyncio.to_thread(self._review.claim, raw)
            self._cited |= bool(claim and claim.citations)
            self._held += marked(shown, claim)
        if self._turn.quiet or not self._cited or may_be_not_found(self._text):
            return ""
        out, self._held = self._held, ""
        out = out if self._turn.streamed else out.lstrip()
        self._turn.streamed += out
        return out


def conclude(
    turn: Turn,
    belt: Toolbelt,
    seen: Sequence[str],
    handles: Sequence[str],
    text: str,
    hint: Mapping[str, Any],
) -> Ending:
    """The last word on a question: what a model wrote, tested; or why it wrote nothing.

    `hint` is what our own model says beside its text; a language model says it in the text.
    """
    if turn.stopped:
        ids = list(dict.fromkeys(reversed(turn.found)))[:NEAREST]
        found, nearest, text = False, [f"e{seen.index(id) + 1}" for id in ids], ""
    elif "found" in hint:
        found, nearest = bool(hint["found"]), list(hint.get("nearest", ()))
    else:
        missed = not_found(text)
        found, (nearest, text) = missed is None, missed or ([], text)
    review = turn.review(seen, handles)
    turn.learn(belt, review.ids([*labels(text), *nearest]) + turn.found[:NEAREST])
    remarks = {" ".join(remark.split()) for remark in hint.get("remarks", ())}
    shown, claims = "", list[Claim]()
    for raw in split(text.strip()):
        out, claim = review.claim(raw)
        counts = claim and (claim.citations or (found and claim.text not in remarks))
        shown += marked(out, claim) if counts else out
        if claim and counts:
            claims.append(claim)
    cited = list(dict.fromkeys(handle for claim in claims for handle in claim.citations))
    notes: list[str] = []
    if found and not cited:
        found = False
        if claims:
            notes.append("Nothing in the videos was found that supports this.")
    missed_ids = [id for id in review.ids(nearest) if review.usable(id)]
    if not found and not cited and "nearest" not in hint:
        missed_ids = missed_ids or [id for id in turn.found[:NEAREST] if review.usable(id)]
    near = list(dict.fromkeys([*(review.handle(id) for id in missed_ids), *cited]))
    if turn.stopped:
        marks = " ".join(f"[{handle}]" for handle in near)
        notes.append(f"I stopped before I had an answer: {turn.stopped}.")
        notes += [f"What came up so far: {marks}"] if marks else []
    if turn.cut:
        notes.append(f"This may be incomplete: {turn.cut}.")
    if review.gone:
        notes.append("Some evidence that was to be cited is gone, with its video.")
    if not found:
        notes.append(_looked_at(turn, belt))
    answer = harmless("\n\n".join(p for p in (shown.strip(), "\n".join(notes)) if p))
    if found:
        near = []
    return Ending(
        answer,
        found,
        tuple(claims),
        tuple(cited if found else ()),
        tuple(near),
        tuple(review.handles),
    )


def faults(ending: Ending) -> str:
    """What of an answer does not hold and why, a line each; empty where all of it does."""
    wrong = [claim for claim in ending.claims if claim.verdict == "unsupported"]
    return "\n".join(f"- {fence(one.text)}: {one.why or NO_EVIDENCE}" for one in wrong)


def marked(shown: str, claim: Claim | None) -> str:
    """A sentence as people see it: what its evidence does not hold says so."""
    if claim is None or claim.verdict != "unsupported":
        return shown
    text = shown.rstrip()
    return f"{text} {UNSUPPORTED}{shown[len(text) :]}"


def _looked_at(turn: Turn, belt: Toolbelt) -> str:
    """One sentence on what an answer of "not found" rests on."""
    titles = belt.titles(one.video for one in turn.coverage[:3])
    parts = [
        f"“{titles.get(one.video, one.video)}” ({clock(one.duration)}): {describe_coverage(one)}"
        for one in turn.coverage[:3]
    ]
    if len(turn.coverage) > 3:
        parts.append(f"and {len(turn.coverage) - 3} more videos")
    return " ".join([f"Looked at {'; '.join(parts)}.", belt.passed_over(turn.videos)]).strip()
