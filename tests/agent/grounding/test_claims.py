"""Forged and true claims that people wrote who had not seen the check: twelve ways to forge.

`claims_tuned` was looked at while the check was written, `claims_held` was not.
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
    assert counts.total() == 600 and len({kind for _, kind, _ in counts}) == 18
    return counts


@pytest.mark.parametrize(
    ("name", "forged_verified", "true_lost", "quotes_verified"),
    [("claims_tuned", 0, 0, 50), ("claims_held", 12, 7, 50)],
)
def test_what_is_verified_is_stated(
    name: str, forged_verified: int, true_lost: int, quotes_verified: int
) -> None:
    counts = _verdicts(name)

    def count(forged: bool, verdict: str, kinds: tuple[str, ...] = ()) -> int:
        return sum(
            number
            for (is_forged, kind, got), number in counts.items()
            if is_forged == forged and got == verdict and (not kinds or kind in kinds)
        )

    assert count(True, "verified") <= forged_verified
    assert count(False, "unsupported") <= true_lost
    assert count(False, "verified", ("quote",)) >= quotes_verified
    assert count(False, "verified", ("literal",)) >= 55
