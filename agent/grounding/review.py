"""Review of claims: cited evidence exists, is in scope, and holds what is claimed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from agent.grounding.citations import MARK, citation_labels, escape_tags
from agent.grounding.claim import ParsedClaim
from agent.grounding.evidence import CitedEvidence, Clocks, Verdict, no_clock
from tools.evidence import MACHINE, is_draft
from tools.media import Evidence

if TYPE_CHECKING:
    from agent.grounding.pixels import PixelCheck


Reason = Literal["absent", "unsure", "cannot", "outside", "not_covered"]
"""Reason that nothing answers a question: it is not there, something near may answer it, the
product cannot tell, the video ends before, or it is not indexed yet."""


@dataclass(frozen=True)
class Claim:
    """One sentence of an answer without its marks, the handles it cites, and its verdict.

    `why` gives the reasons, with the labels that the model wrote; empty if verified.
    """

    text: str
    citations: tuple[int, ...]
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True)
class CheckedAnswer:
    """An answer whose claims were verified, in plain data; evidence and nearest are handles."""

    text: str
    found: bool
    claims: tuple[Claim, ...]
    evidence: tuple[int, ...]
    nearest: tuple[int, ...]
    handles: tuple[str, ...]
    """The evidence ids behind all handles of the conversation."""
    reason: Reason | None = None
    """Reason that nothing was found; None where something was."""

    def as_data(self) -> dict[str, Any]:
        """The data that a checkpoint keeps beside the text."""
        claims = [{**asdict(c), "citations": list(c.citations)} for c in self.claims]
        evidence, nearest = list(self.evidence), list(self.nearest)
        found = {"found": self.found, "reason": self.reason}
        return {**found, "claims": claims, "evidence": evidence, "nearest": nearest}


class Review:
    """Reviews claims one after another, and gives evidence its handle when it is first cited.

    `seen` are the ids behind `[eN]`, `handles` those behind `[N]`. `pixels` measures pictures
    again; without it the colours of the index count.
    """

    def __init__(
        self,
        seen: Sequence[str],
        handles: Sequence[str],
        records: Mapping[str, Evidence | None],
        titles: Mapping[str, str],
        scope: Collection[str] = (),
        pixels: PixelCheck | None = None,
        clocks: Clocks = no_clock,
    ) -> None:
        self.handles = list(handles)
        self.gone = False
        """True if evidence was to be cited whose video was removed."""
        self._shown = list(handles)  # a handle given in this review is none that a model can mean
        self._seen, self._records = seen, records
        self._scope = scope
        self._cited = partial(CitedEvidence, titles=titles, pixels=pixels, clocks=clocks)

    def ids(self, labels: Iterable[str]) -> list[str]:
        """Evidence ids behind labels and handles, without those that stand for nothing."""
        return [id for label in labels if (id := self._id(label))]

    def _id(self, label: str) -> str | None:
        known = self._seen if label.startswith("e") else self._shown
        number = int(label.lstrip("e"))
        return known[number - 1] if 0 < number <= len(known) else None

    def handle(self, id: str) -> int:
        """The number by which people know this evidence; a new one where it has none."""
        if id not in self.handles:
            self.handles.append(id)
        return self.handles.index(id) + 1

    def usable(self, id: str | None) -> Evidence | None:
        """The evidence, if it still exists and belongs to the videos asked about."""
        record = self._records.get(id) if id else None
        self.gone |= id is not None and record is None
        return record if record and (not self._scope or record.video in self._scope) else None

    def claim(self, raw: str) -> tuple[str, Claim | None]:
        """The sentence as people see it, and the claim; None for what claims nothing."""
        raw = escape_tags(raw)
        bare = MARK.sub("", raw)
        parsed = ParsedClaim(bare.replace(MACHINE, ""))  # ours, and no denial
        cited: dict[str, Evidence] = {}  # by label
        reasons: list[str] = []

        def show(mark: re.Match[str]) -> str:
            out = ""
            for label in citation_labels(mark[0]):
                record = self.usable(self._id(label))
                if record is None:
                    reasons.append(self._missing(label))
                elif why := parsed.time_mismatch(self._cited({label: record})):
                    reasons.append(why)
                elif record not in cited.values():
                    cited[label] = record
                    out += f"[{self.handle(record.id)}]"
            return mark[1] + out if out else ""

        shown = MARK.sub(show, raw)
        text = " ".join(bare.split()).lstrip("-*•# ")
        if any(map(is_draft, cited.values())) and MACHINE not in text:
            text, shown = f"{text} ({MACHINE})", with_remark(shown, f"({MACHINE})")
        if not cited and (not re.search(r"\w", text) or text.endswith((":", "?"))):
            return shown, None  # a heading, a question back
        handles = tuple(self.handle(record.id) for record in cited.values())
        verdict, why = parsed.verify(self._cited(cited)) if cited else ("unsupported", "")
        why = "; ".join(filter(None, dict.fromkeys([*reasons, why]))) or "nothing is cited"
        return shown, Claim(text, handles, verdict, "" if verdict == "verified" else why)

    def _missing(self, label: str) -> str:
        """The reason that a label cannot be cited at all."""
        id = self._id(label)
        if id is None:
            return f"no evidence [{label}] was retrieved"
        gone = self._records.get(id) is None
        return f"[{label}] {'is gone, with its video' if gone else 'is of another video'}"


def with_remark(shown: str, remark: str) -> str:
    """A sentence with a remark behind it, before the white space that ends it."""
    text = shown.rstrip()
    return f"{text} {remark}{shown[len(text) :]}"
