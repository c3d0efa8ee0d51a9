"""Checks of what holds of every answer without a language model, whatever was asked."""

import re

from agent.ask import Answer
from tools.media import Evidence

TIME = re.compile(r"\b\d+:\d\d\b")
INNER = re.compile(
    r"\b(?:extractive|weak|drafts?|vectors?|unsupported)\b|speech none|\d+\.\d+ seconds"
    r"|never occur|Looked (?:at|through)|At \d+:\d\d\.\d"
)
"""Words of the machinery, and shapes of earlier releases: no answer holds any."""
_QUOTE = re.compile(r'"([^"]+)"')


def check(answer: Answer) -> None:
    """Every time is cited, every quotation is in its evidence, nothing is found without any."""
    shown = {one.handle: one.evidence for one in (*answer.evidence, *answer.nearest)}
    assert answer.found == bool(answer.evidence) and not (answer.found and answer.nearest)
    assert answer.reason is None or not answer.found
    assert len(answer.coverage) == 1
    marked = set(map(int, re.findall(r"\[(\d+)\]", answer.answer)))
    cited = {handle for claim in answer.claims for handle in claim.citations}
    assert cited == marked <= set(shown)
    assert not answer.found or marked == set(shown)
    assert not INNER.search(_QUOTE.sub("", answer.answer)), answer.answer
    for claim in answer.claims:
        assert claim.verdict != "unsupported", (claim.text, claim.why)
        for quote in _QUOTE.findall(claim.text):
            texts = (shown[handle].text.replace('"', "'") for handle in claim.citations)
            assert any(quote.removesuffix(" …") in text for text in texts), quote
    check_times(answer)


def check_times(answer: Answer) -> None:
    """A time stands beside a citation of its evidence; a first line lists none but such times."""
    lines = [line for line in answer.answer.split("\n") if line]
    proven = {t for line in lines if re.search(r"\[\d+\]", line) for t in TIME.findall(line)}
    for line in lines:
        if not re.search(r"\[\d+\]", line):
            told = set(TIME.findall(_QUOTE.sub("", line)))
            assert told <= proven or answer.reason == "outside", line


def check_handles(answers: list[Answer]) -> None:
    """A handle stands for one piece of evidence for ever, and a piece has one handle."""
    pairs = {(c.handle, c.evidence.id) for a in answers for c in (*a.evidence, *a.nearest)}
    assert len({handle for handle, _ in pairs}) == len({id for _, id in pairs}) == len(pairs)


def only(answer: Answer) -> Evidence:
    """The one piece of evidence of an answer."""
    (cited,) = answer.evidence
    return cited.evidence


def start(answer: Answer) -> float:
    """Start of the one piece of evidence, in seconds."""
    return only(answer).start


def starts(answer: Answer) -> list[float]:
    """Starts of all evidence, in the order in which it is cited."""
    return [cited.evidence.start for cited in answer.evidence]


def lead(answer: Answer) -> str:
    """The first line."""
    return answer.answer.split("\n")[0]


def shown(answer: Answer) -> list[Evidence]:
    """What is shown, asserted or not: the evidence, else what comes closest."""
    return [one.evidence for one in answer.evidence or answer.nearest]
