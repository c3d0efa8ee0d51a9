"""One question: what it may use, what people see while it is answered, and how it ends."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from langchain_core.messages import AnyMessage, HumanMessage, SystemMessage

from agent.grounding.citations import (
    Claim,
    Review,
    Scribe,
    harmless,
    labels,
    may_be_not_found,
    not_found,
    split,
)
from agent.grounding.evidence import Measures
from agent.llm.images import Pictures
from agent.llm.limits import Limits, Meter
from agent.llm.provider import broke_off, refuses_pictures
from agent.llm.tokens import tokens
from agent.toolbelt import Toolbelt, fence
from prompts import render
from tools.media import Coverage, Evidence, clock
from tools.store.coverage import told

KEY = "cuepoint"
FAULTS = {"faults": True}
"""Under which plain data travels beside a message's text, in additional_kwargs.

With the question a model is given `question`, `videos` (ids; empty for all), `seen`, `handles` and
`calls` (tool calls left). With its answer a model of ours gives `found`, and may give `nearest`
(labels, best first) and `remarks` (sentences about the search, which claim nothing). Every answer
of the conversation carries `found`, `claims`, `evidence` and `nearest` (handles).
"""
HISTORY = 12
"""Earlier turns that a model is shown as they were; of those before them a line each."""
DIGEST, DIGEST_LENGTH = 40, 160
"""How many such lines, and their characters."""
UNSUPPORTED, NO_EVIDENCE = "(unsupported)", "it cites no evidence that holds it"
NEAREST = 3
"""Nearest misses that are shown where a model named none."""


@dataclass
class Turn:
    """The state of one question that no checkpoint holds."""

    question: str
    videos: tuple[str, ...]
    """Ids of the videos it is about; all of them where empty."""
    coverage: tuple[Coverage, ...]
    """What there was to answer from when it was asked; what came later was not searched."""
    deadline: float
    limits: Limits = Limits()  # noqa: RUF009 (frozen)
    meter: Meter | None = None
    """Of a language model; the extractive one costs nothing."""
    pictures: Pictures | None = None
    """What a model that sees is shown."""
    measured: Measures | None = None
    """By what a language model's statements about pictures are tested."""
    model_calls: int = 0
    tool_calls: int = 0
    found: list[str] = field(default_factory=list[str])
    """Evidence that tools returned, in their order."""
    stopped: str = ""
    """Why there is no answer of the model's, as the end of a sentence."""
    cut: str = ""
    """Why its answer may be incomplete."""
    key: str = ""
    """Under which the answer is kept, for who asks the same again."""
    retried: bool = False
    draft: str = ""
    """An answer whose faults the model was told of; what it says next goes before it."""
    streamed: str = ""
    quiet: bool = False
    """Nothing more is streamed: what was, is no beginning of the answer to come."""
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
        return self.meter.short(2 * self.meter.last) if self.meter and self.meter.last else ""

    @property
    def tokens(self) -> tuple[int, int]:
        """Given to a language model, and written by it."""
        return self.meter.tokens if self.meter else (0, 0)

    @property
    def settled(self) -> bool:
        """Whether all is indexed: an answer from less is not kept for who asks again."""
        return all(share >= 1 for one in self.coverage for share in one.ready.values())

    @property
    def may_repair(self) -> bool:
        """Whether a language model may be told of its faults: once, while there is room for it."""
        stopped = self.stopped or self.cut or self.draft or self.over
        return self.meter is not None and not stopped

    def again(self, error: Exception) -> bool:
        """Whether a call that failed is made once more: in words alone, or after a broken line."""
        if self.retried or self.over:
            return False
        self.retried = True
        self.quiet |= bool(self.streamed)
        if self.pictures and self.pictures.shown and refuses_pictures(error):
            self.pictures.refused()
            self.pictures = None
            return True
        return broke_off(error)

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
        return Review(seen, handles, self.records, self.titles, self.videos, self.measured)


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


def asked_at(messages: Sequence[AnyMessage]) -> int:
    """Where the question of this turn stands; what a model was told of its faults is none."""
    return max(
        place
        for place, message in enumerate(messages)
        if message.type == "human" and "faults" not in message.additional_kwargs.get(KEY, {})
    )


def prompt(
    turn: Turn,
    belt: Toolbelt,
    messages: list[AnyMessage],
    seen: list[str],
    handles: list[str],
) -> tuple[list[AnyMessage], int]:
    """What a model is shown: the rules, earlier turns, the question with its data, this turn.

    With it the tokens that it takes. Where there is no room for all, pictures get smaller and
    fewer, then earlier turns are left out.
    """
    at = asked_at(messages)
    limits, left = turn.limits, 0 if turn.over else turn.limits.tool_calls - turn.tool_calls
    rules = render("system", model_calls=limits.model_calls, tool_calls=limits.tool_calls)
    turn.learn(belt, handles)
    before = finished(messages[:at])
    earlier, before = before[: -2 * HISTORY], before[-2 * HISTORY :]
    asked = render(
        "question",
        videos=belt.videos(turn.videos),
        shown=belt.shown(handles, turn.records),
        earlier="\n".join(digest(earlier)) or "(none)",
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
    head = SystemMessage(content=rules)
    question = HumanMessage(content=asked, additional_kwargs={KEY: beside})
    now = messages[at + 1 :]
    if turn.meter is None:
        return [head, *before, question, *now], 0
    taken = belt.tokens + tokens([head, question, *now])
    while before and taken + tokens(before) > turn.meter.room:
        before = before[2:]
    taken += tokens(before)
    if turn.pictures:
        now, shown = turn.pictures.beside(now, seen, turn.records, turn.meter.room - taken)
        taken += shown
    return [head, *before, question, *now], taken


def digest(earlier: Sequence[AnyMessage]) -> list[str]:
    """Turns as a line each, the latest last: what was asked, and how the answer began."""
    lines: list[str] = []
    for question, answer in zip(earlier[::2], earlier[1::2], strict=True):
        asked, said = (" ".join(m.text.split())[:DIGEST_LENGTH] for m in (question, answer))
        lines.append(f"{fence(asked)} · {fence(said)}")
    return lines[-DIGEST:]
