"""Requests for a video with pictures that a person sent along: a proposal instead of a search."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from agent.agent import Agent
from agent.extractive.intents import GENERATE
from agent.extractive.making import lead_of, seconds_in
from agent.extractive.question import Question, understand
from agent.grounding.citations import split_claims
from agent.grounding.review import CheckedAnswer
from agent.pictures.image_question import keep_turn
from agent.turn import Turn
from tools.errors import ProviderUnavailable
from tools.generate.proposal import TEXT, Draft
from tools.generate.request import SIZES
from tools.text.tokens import surface_forms

_HEAD = re.compile(r"\s*:\s+|\s*\n\s*|(?<=[.!?])\s+")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\s*\n\s*")


def asks_to_make(text: str) -> bool:
    """True if a text that comes with a picture asks for a video of it, not for what it shows."""
    asked = _asked(text)
    forms = surface_forms(asked.text)
    words = asked.wording.words
    named = set(forms) & words["create"]
    if not asked.text.endswith("?"):
        named |= set(forms) & words["ad"]
    return bool(named) and (asked.intent.name == GENERATE or forms[0] in words["create"])


async def propose_with_pictures(
    agent: Agent, turn: Turn, key: str, pictures: Sequence[Path]
) -> CheckedAnswer:
    """Propose a video that shows these pictures, and say what is asked for in the rest."""
    proposer = agent.toolbox.proposer
    if proposer is None:
        raise ProviderUnavailable("nothing is made in this library")
    draft = draft_of(turn.question, pictures)
    job = await asyncio.to_thread(proposer.propose, draft)
    turn.jobs.append(job)
    text = lead_of(_asked(turn.question).wording, job, 0)
    told = {"found": False, "reason": "cannot" if job.over else None, "nearest": []}
    told["remarks"] = [claim.strip() for claim in split_claims(text)]
    return await keep_turn(agent, turn, key, [], text, told, GENERATE)


def draft_of(text: str, pictures: Sequence[Path]) -> Draft:
    """A draft of what is asked for: its first sentence says what, the rest is the script."""
    asked = _asked(text)
    _, _, rest = _cut(text)
    script = tuple(one for part in _SENTENCE.split(rest) if (one := part.strip()))
    is_ad = bool(set(surface_forms(asked.text)) & asked.wording.words["ad"])
    return Draft(
        text[:TEXT],
        "ad" if is_ad else None,
        seconds_in(asked.text) or None,
        tuple(aspect for aspect in SIZES if re.search(rf"(?<!\d){aspect}(?!\d)", asked.text)),
        pictures=tuple(pictures),
        script=script,
        language=asked.language,
    )


def _asked(text: str) -> Question:
    return understand(_cut(text)[0], 0.0)


def _cut(text: str) -> tuple[str, str, str]:
    """A request, the mark behind it, and the words to say."""
    found = _HEAD.search(text.strip())
    if found is None:
        return text.strip(), "", ""
    return text.strip()[: found.start()], found[0], text.strip()[found.end() :]
