"""Requests for a video to be made: a proposal, with the moments that it would use."""

import re
from typing import Any

from agent.extractive.intents import GENERATE, Language
from agent.extractive.question import INSTANT
from agent.extractive.reply import Answering, Reply
from agent.extractive.turn import Turn
from tools.generate.job import GenerationJob
from tools.generate.proposal import SHORTEST
from tools.generate.request import LONGEST
from tools.text.numbers import NUMBERS
from tools.text.tokens import surface_forms

_NUMBER = rf"(\d+(?:\.\d+)?|{'|'.join(NUMBERS)})"
_SECONDS = re.compile(rf"\b{_NUMBER}[- ]?(?:s|sec|seconds?|sekunden?)\b", re.IGNORECASE)
_COUNT = re.compile(
    rf"\b{_NUMBER} (?:\w+ )?(?:moments?|parts?|scenes?|highlights?|clips?|stellen|momente[n]?)\b",
    re.IGNORECASE,
)


def is_asked(turn: Turn) -> bool:
    """True if a video is to be made, and may be proposed; a span that is named is cut instead."""
    asked = turn.question
    if turn.toolbox.proposer is None or asked.intent.name != GENERATE or asked.beyond:
        return False
    if asked.window is not None and asked.window[1] - asked.window[0] >= INSTANT:
        return False
    of_words = bool(asked.intent.slot) and turn.of_videos and bool(_words(turn, "create"))
    return of_words or bool(_words(turn, "reel") or _words(turn, "ad"))


def propose(turn: Turn) -> Answering:
    """Propose it; nothing is made before a person says yes."""
    ad, reel = bool(_words(turn, "ad")), bool(_words(turn, "reel"))
    if ad:
        return Reply(turn.sentence("proposal_ad"), reason="cannot")
    given: dict[str, Any] = {"prompt": turn.text, "kind": "teaser" if reel else "text_to_video"}
    if seconds := seconds_in(turn.text):
        given["seconds"] = seconds
    if reel:
        given |= {"videos": list(turn.scope), "count": int(_named(_COUNT, turn.text))}
    if reel and turn.shown and _words(turn, "those"):
        given["moments"] = [place.id for place in turn.shown]
    (found,) = yield [("propose_generation", given)]
    if not turn.jobs:
        return Reply(turn.sentence("proposal_none"), reason="cannot")
    assert turn.toolbox.proposer is not None
    job = turn.toolbox.proposer.jobs.get(turn.jobs[-1])
    lead = lead_of(turn.question.wording, job, len(found))
    if job.over:
        return Reply(lead, reason="cannot")
    return Reply(lead, tuple(map(turn.write.line, found)), is_talk=not found)


def lead_of(wording: Language, job: GenerationJob, moments: int) -> str:
    """The sentence about a proposal, in a language."""
    sentences = wording.sentences
    if job.state == "refused":
        why = "; ".join(job.moderation.told(wording.code))
        return sentences["proposal_refused"].format(why=why)
    what = {"seconds": f"{job.request.seconds:g}", "n": moments, "provider": job.provider}
    if job.leaves_machine:
        price = "?" if job.price_usd is None else f"{job.price_usd:.2f}"
        return sentences["proposal_paid"].format(price=price, **what)
    kind = "reel" if moments else "pictured" if job.request.inputs else "drawn"
    return sentences[f"proposal_{kind}"].format(**what)


def seconds_in(text: str) -> float:
    """The length that a text names, as far as one can be made; 0 for none."""
    seconds = _named(_SECONDS, text)
    return min(max(seconds, SHORTEST), LONGEST) if seconds else 0.0


def _words(turn: Turn, group: str) -> set[str]:
    return set(turn.question.wording.words[group]) & set(surface_forms(turn.text))


def _named(pattern: re.Pattern[str], text: str) -> float:
    """The number that a text names; 0 for none."""
    match = pattern.search(text)
    if match is None:
        return 0.0
    word = match[1].lower()
    return float(NUMBERS[word]) if word in NUMBERS else float(word)
