"""Audit of any text against a library: its claims, each with the evidence that holds it, or not.

A citation is a handle of a conversation (`[1]`), an evidence id (`[speech:…]`) or a time
(`[0:47]`). What cites nothing is looked up: quotations word by word, other claims among the
passages nearest to them. No language model takes part.
"""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from agent.ask import Answer, coverage_of, numbered, scope_of
from agent.grounding.citations import citation_labels, split_claims
from agent.grounding.pixels import PixelCheck
from agent.grounding.review import Claim, Review
from tools.errors import RefusedRequest, UnknownVideo
from tools.evidence import parse_id
from tools.media import Evidence
from tools.text.expressions import quotes, times
from tools.toolbox import Toolbox

MAX_TEXT, MAX_CLAIMS = 100_000, 1000
"""Characters and claims of one text, at most."""
LOOKED_UP = 6
"""Pieces of evidence that are tried for a claim that cites nothing."""
AROUND = 1.0
"""Seconds before and after a cited time within which evidence counts as cited."""
_CLOCK = r"(?:\d{1,2}:)?\d{1,3}:[0-5]\d(?:\.\d{1,3})?"
_CITED = re.compile(
    rf"[\[(]\s*(?:(?P<id>[a-z]+:[0-9a-f]{{16}}@[\d#-]+)|(?P<from>{_CLOCK})"
    rf"(?:\s*[-\u2013]\s*(?P<to>{_CLOCK}))?)\s*[\])]"
)


class Audit:
    """Audit of one text; evidence is numbered from the handles of a conversation on."""

    def __init__(self, toolbox: Toolbox, scope: Sequence[str], handles: Sequence[str]) -> None:
        self._toolbox, self._scope = toolbox, list(scope)
        self._seen: list[str] = []
        self._records: dict[str, Evidence | None] = {}
        self._titles = {one.id: one.title for one in toolbox.catalog.entries()}
        self._clock = toolbox.library.clock
        for id in handles:
            self.record(id)
        self.review = Review(
            self._seen,
            handles,
            self._records,
            self._titles,
            scope,
            PixelCheck(toolbox),
            self._clock,
        )
        self.nearest: list[str] = []

    def claims(self, text: str) -> Iterator[tuple[str, Claim | None]]:
        """Each sentence as people see it, and its claim; None for what claims nothing."""
        for raw in split_claims(text):
            labelled = _CITED.sub(partial(self._labels, raw), raw)
            cites = bool(citation_labels(labelled))
            shown, claim = self.review.claim(labelled if cites else self._looked_up(raw))
            if claim and not (cites or claim.citations):
                claim = replace(claim, why="nothing that states it was found")
            yield shown, claim

    def record(self, id: str) -> Evidence | None:
        """A piece of evidence; None if it is gone with its video."""
        if id not in self._records:
            try:
                self._records[id] = self._toolbox.library.evidence(id)
            except UnknownVideo:
                self._records[id] = None
        return self._records[id]

    def _add(self, one: Evidence | str) -> str:
        """Label of a piece of evidence."""
        if isinstance(one, Evidence):
            self._records[one.id] = one
        id = one if isinstance(one, str) else one.id
        self.record(id)
        if id not in self._seen:
            self._seen.append(id)
        return f"[e{self._seen.index(id) + 1}]"

    def _labels(self, claim: str, match: re.Match[str]) -> str:
        """Labels of what a citation by id or time in a claim stands for; itself if of nothing."""
        if match["id"]:
            return self._add(match["id"]) if parse_id(match["id"]) else match[0]
        start, end = (_seconds(match[name] or match["from"]) for name in ("from", "to"))
        if not (video := self._video(claim)):
            return match[0]
        found = self._toolbox.read_moment(video, max(start - AROUND, 0.0), end + AROUND)
        return self._all(found) or match[0]

    def _video(self, claim: str) -> str:
        """The one video that a claim is about: the only one, or that whose title it names."""
        ids = self._scope or list(self._titles)
        named = [id for id in ids if self._titles[id].casefold() in claim.casefold()]
        return (named or ids)[0] if len(named) == 1 or len(ids) == 1 else ""

    def _all(self, found: Iterable[Evidence]) -> str:
        return "".join(self._add(one) for one in found)

    def _looked_up(self, claim: str) -> str:
        """The claim with a citation of what verifies it, if anything that is near does."""
        bare = claim.rstrip()
        if not re.search(r"\w", bare) or bare.endswith((":", "?")):
            return claim
        scope, (quoted, _), found = self._scope or None, quotes(bare), list[Evidence]()
        for quote in quoted:
            found += self._toolbox.find_words([quote], scope, limit=LOOKED_UP)
        video = self._video(bare)
        for at in times(bare)[0] if video and not quoted else ():
            if not at.is_length:
                found += self._toolbox.read_moment(
                    video, max(at.start - AROUND, 0), at.end + AROUND
                )
        if not found:
            kinds = ("speech", "screen")
            found = self._toolbox.search(bare[:400], scope, kinds=kinds, limit=LOOKED_UP)
        tried = dict.fromkeys(one.id for one in found[: 2 * LOOKED_UP])
        records = {one.id: one for one in found}
        for id in tried:
            known = {id: records[id]}, self._titles, self._scope, None, self._clock
            alone = Review([id], (), *known)
            _, checked = alone.claim(f"{bare} [e1]")
            if checked and checked.verdict == "verified":
                return f"{bare} {self._add(records[id])}{claim[len(bare) :]}"
        self.nearest += tried
        return claim


def check_text(
    toolbox: Toolbox, text: str, videos: Sequence[str] = (), handles: Sequence[str] = ()
) -> Answer:
    """Verify a text about these videos, or about all; `handles` are those of a conversation.

    RefusedRequest for an empty or a very long one.
    """
    begun, text = time.monotonic(), text.encode("utf-8", "replace").decode().replace("\0", "")
    if not text.strip():
        raise RefusedRequest("there is no text to check")
    if len(text) > MAX_TEXT or len(split_claims(text)) > MAX_CLAIMS:
        raise RefusedRequest(
            f"a text may have {MAX_TEXT:,} characters and {MAX_CLAIMS:,} sentences"
        )
    scope = scope_of(toolbox.library, videos)
    audit = Audit(toolbox, scope, handles)
    shown, claims = "", list[Claim]()
    for out, claim in audit.claims(text):
        shown += out
        claims += [claim] if claim else []
    cited = dict.fromkeys(handle for claim in claims for handle in claim.citations)
    near = [audit.review.handle(id) for id in dict.fromkeys(audit.nearest)] if not cited else []
    parts, total, _ = coverage_of(toolbox.library, scope)
    records = {id: audit.record(id) for id in audit.review.handles}
    return Answer(
        question="",
        answer=shown.strip(),
        found=bool(cited),
        reason=None if cited else "unsure",
        claims=tuple(claims),
        evidence=numbered(tuple(cited), audit.review.handles, records),
        nearest=numbered(near[:3], audit.review.handles, records),
        coverage=parts,
        coverage_total=total,
        seconds=round(time.monotonic() - begun, 3),
    )


def _seconds(clock: str) -> float:
    return sum(float(part) * 60**n for n, part in enumerate(reversed(clock.split(":"))))
