"""One question: what it may use, what people see while it is answered, and how it ends."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from langchain_core.messages import AnyMessage, HumanMessage, SystemMessage

from agent.citations import Claim, Review, Scribe, labels, may_be_not_found, not_found, split
from agent.toolbelt import Toolbelt, clock
from prompts import render
from tools.coverage import told
from tools.media import Coverage, Evidence

KEY = "cuepoint"
"""Under which plain data travels beside a message's text, in additional_kwargs.

With the question a model is given `question`, `videos` (ids; empty for all), `seen`, `handles` and
`calls` (tool calls left). With its answer a model of ours gives `found`, and may give `nearest`
(labels, best first) and `remarks` (sentences about the search, which claim nothing). Every answer
of the conversation carries `found`, `claims`, `evidence` and `nearest` (handles).
"""
HISTORY = 12
"""Earlier turns that a model is shown."""
NEAREST = 3
"""Nearest misses that are shown where a model named none."""


@dataclass(frozen=True)
class Limits:
    """What one question may cost."""

    model_calls: int = 8
    tool_calls: int = 12
    seconds: float = 90.0


@dataclass
class Turn:
    """The state of one question that no checkpoint holds."""

    question: str
    videos: tuple[str, ...]
    """Ids of the videos it is about; all of them where empty."""
    coverage: tuple[Coverage, ...]
    """What there was to answer from when it was asked; what came later was not searched."""
    deadline: float
    limits: Limits = Limits()
    model_calls: int = 0
    tool_calls: int = 0
    tokens: tuple[int, int] = (0, 0)
    found: list[str] = field(default_factory=list[str])
    """Evidence that tools returned, in their order."""
    stopped: str = ""
    """Why there is no answer of the model's, as the end of a sentence."""
    cut: str = ""
    """Why its answer may be incomplete."""
    streamed: str = ""
    records: dict[str, Evidence | None] = field(default_factory=dict[str, Evidence | None])
    titles: dict[str, str] = field(default_factory=dict[str, str])
    ending: "Ending | None" = None

    @property
    def over(self) -> str:
        """The limit that leaves one last call without tools; empty while there is none."""
        if self.model_calls >= self.limits.model_calls - 1:
            return f"the limit of {self.limits.model_calls} model calls was reached"
        if self.tool_calls >= self.limits.tool_calls:
            return f"the limit of {self.limits.tool_calls} tool calls was reached"
        return ""

    @property
    def timed_out(self) -> str:
        """What is said when the time is over."""
        return f"the limit of {self.limits.seconds:g} seconds was reached"

    def learn(self, belt: Toolbelt, ids: Sequence[str]) -> None:
        """Look up evidence and titles that are not known yet; what tools returned is."""
        self.records |= belt.resolve(id for id in ids if id not in self.records)
        videos = {record.video for id in ids if (record := self.records.get(id))}
        self.titles |= belt.titles(videos - self.titles.keys())

    def review(self, seen: Sequence[str], handles: Sequence[str]) -> Review:
        """A test of claims against what this question may cite."""
        return Review(seen, handles, self.records, self.titles, self.videos)


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
            shown, claim = self._review.claim(raw)
            self._cited |= bool(claim and claim.citations)
            self._held += shown
        if not self._cited or may_be_not_found(self._text):
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
        shown += out
        if claim and (claim.citations or (found and claim.text not in remarks)):
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
    answer = "\n\n".join(part for part in (shown.strip(), "\n".join(notes)) if part)
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


def _looked_at(turn: Turn, belt: Toolbelt) -> str:
    """One sentence on what an answer of "not found" rests on."""
    titles = belt.titles(one.video for one in turn.coverage[:3])
    parts = [
        f"“{titles.get(one.video, one.video)}” ({clock(one.duration)}): {told(one)}"
        for one in turn.coverage[:3]
    ]
    if len(turn.coverage) > 3:
        parts.append(f"and {len(turn.coverage) - 3} more videos")
    return " ".join([f"Looked at {'; '.join(parts)}.", belt.passed_over(turn.videos)]).strip()


def finished(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """Questions that were answered, with their answers: a turn that broke off never happened."""
    return [
        message
        for question, answer in pairwise(messages)
        if question.type == "human" and "claims" in answer.additional_kwargs.get(KEY, {})
        for message in (question, answer)
    ]


def prompt(
    turn: Turn, belt: Toolbelt, messages: list[AnyMessage], seen: list[str], handles: list[str]
) -> list[AnyMessage]:
    """What a model is shown: the rules, earlier turns, the question with its data, this turn."""
    at = max(i for i, message in enumerate(messages) if message.type == "human")
    limits, left = turn.limits, 0 if turn.over else turn.limits.tool_calls - turn.tool_calls
    rules = render("system", model_calls=limits.model_calls, tool_calls=limits.tool_calls)
    turn.learn(belt, handles)
    asked = render(
        "question",
        videos=belt.videos(turn.videos),
        shown=belt.shown(handles, turn.records),
        calls=left,
        question=turn.question,
    )
    beside = {
        "question": turn.question,
        "videos": list(turn.videos),
        "seen": seen,
        "handles": handles,
        "calls": left,
    }
    return [
        SystemMessage(content=rules),
        *finished(messages[:at])[-2 * HISTORY :],
        HumanMessage(content=asked, additional_kwargs={KEY: beside}),
        *messages[at + 1 :],
    ]
