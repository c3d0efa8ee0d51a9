"""Forged and true claims that people wrote who had not seen the check: twelve ways to forge.

Two of the files were looked at while the check was written. Of `claims_fresh`, which its author
wrote before reading the check, only what was forged and verified, and what was lost.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agent.grounding.review import Review
from tools.evidence import of_passage
from tools.media import Evidence, Utterance, evidence_id

VIDEO = "a" * 16


def _evidence(row: dict[str, Any], number: int) -> Evidence:
    start, text = 10.0 + 20 * number, row["text"]
    if row["kind"] == "speech":
        said = Utterance(VIDEO, start, start + 8, text, row["speaker"], "subtitles")
        return of_passage([said], None)
    id = evidence_id("screen", VIDEO, start, start + 8)
    return Evidence(id, VIDEO, start, start + 8, "screen", text, source="text")


def _verdicts(name: str) -> Counter[tuple[bool, str, str]]:
    counts: Counter[tuple[bool, str, str]] = Counter()
    for line in Path(__file__).with_name(f"{name}.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        cited = [_evidence(one, number) for number, one in enumerate(row["evidence"])]
        records = {one.id: one for one in cited}
        review = Review(list(records), (), records, {VIDEO: "The film"})
        claim = review.claim(row["claim"])[1]
        counts[row["forged"], row["kind"], claim.verdict if claim else ""] += 1
    assert counts.total() == (240 if name == "claims_fresh" else 600)
    assert len({kind for _, kind, _ in counts}) == 18
    return counts


@pytest.mark.parametrize(
    ("name", "quotes_verified", "literal_verified"),
    [("claims_tuned", 54, 77), ("claims_held", 58, 77), ("claims_fresh", 20, 32)],
)
def test_what_is_verified_is_stated(name: str, quotes_verified: int, literal_verified: int) -> None:
    counts = _verdicts(name)

    def count(forged: bool, verdict: str, kinds: tuple[str, ...] = ()) -> int:
        return sum(
            number
            for (is_forged, kind, got), number in counts.items()
            if is_forged == forged and got == verdict and (not kinds or kind in kinds)
        )

    assert count(True, "verified") == 0
    assert count(False, "unsupported") == 0
    assert count(False, "verified", ("quote",)) >= quotes_verified
    assert count(False, "verified", ("literal",)) >= literal_verified
