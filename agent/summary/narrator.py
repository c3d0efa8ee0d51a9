"""Tells a video bottom-up with a language model: scenes, then chapters, then the whole.

Each part is told once. A claim goes up, and is kept, only with citations that hold it; what is kept
lies under the hash of evidence, prompt and model, written as soon as it is there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agent.agent import model_name
from agent.grounding.citations import split
from agent.grounding.review import Review
from agent.llm.catalog import price
from agent.llm.limits import REPLY
from agent.llm.provider import explain, model_errors
from agent.llm.tokens import BYTES, ENVELOPE, text_tokens
from agent.toolbelt import fence
from prompts import render
from tools.errors import NotIndexed
from tools.evidence import reliability
from tools.media import clock
from tools.search.motion import find_actions
from tools.store.evidence import of_passage, of_span, of_words
from tools.summary import generated
from tools.summary.digest import ChapterDigest, Digest
from tools.summary.generated import GeneratedSummary
from tools.summary.sentences import split_sentences
from tools.text.expressions import content_words, same_word, words

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_core.language_models import BaseChatModel

    from agent.llm.limits import Spending
    from tools.library import Library
    from tools.media import Evidence

SCENE_BYTES = 10_000
"""Of evidence that is told at once: a few minutes of speech. From half of it on a cut parts too."""
PIECE_BYTES = 1200
"""Of what was written of one part, what the next level reads at most."""
LEAST_WORDS = 1 / 3
"""Of a claim, what stands in what it cites: of one that says something else nothing does."""
AT_ONCE = 4
MOVES = 4
_TITLE, _EVENT = "TITLE:", "EVENT:"


@dataclass(frozen=True)
class Plan:
    """What telling a video will take at most; tokens are (input, output), None is unknown."""

    model: str
    calls: int
    cached: int
    tokens: tuple[int, int]
    cost_usd: float | None


@dataclass(frozen=True)
class Told:
    """What was written: a piece for each chapter, in order, and one for the whole."""

    chapters: tuple[GeneratedSummary, ...]
    whole: GeneratedSummary


@dataclass(frozen=True)
class Task:
    """One call: what it is shown, and the evidence behind its labels, `e1` first."""

    level: str
    start: float
    end: float
    prompt: str
    ids: tuple[str, ...]


class Narrator:
    """Tells videos with one model, and counts what that took."""

    def __init__(
        self,
        model: BaseChatModel,
        *,
        spending: Spending | None = None,
        table: Path | None = None,
        on_progress: Callable[[str], None] = lambda told: None,
    ) -> None:
        self.name = model_name(model)
        self.tokens = 0, 0
        self._model: Any = model.bind(max_tokens=REPLY, stream=True)
        self._spending, self._table, self._on_progress = spending, table, on_progress
        self._rules = render("summary")

    @property
    def cost_usd(self) -> float | None:
        """What it took so far; None where the price is not known."""
        return price(self.name, *self.tokens, self._table) if any(self.tokens) else 0.0

    def plan(self, library: Library, video: str, found: Digest) -> Plan:
        """What `tell` would take now, at most; nothing is asked."""
        given = calls = cached = 0
        chapters: list[GeneratedSummary | None] = []
        for part, scenes in zip(found.parts, self._scenes(library, video, found), strict=True):
            known = [self._kept(library, video, task) for task in scenes]
            new = [task for task, one in zip(scenes, known, strict=True) if one is None]
            calls, cached = calls + len(new), cached + len(scenes) - len(new)
            given += sum(self._size(task.prompt) for task in new)
            if len(scenes) < 2:
                chapters += known or [_nothing(part)]
                continue
            whole = [one for one in known if one]
            task = self._above("chapter", whole) if len(whole) == len(scenes) else None
            one = self._kept(library, video, task) if task else None
            chapters.append(one)
            calls, cached = calls + (one is None), cached + (one is not None)
            given += 0 if one else self._most("chapter", len(scenes))
        if len(chapters) > 1:
            whole = [one for one in chapters if one]
            task = self._above("video", whole) if len(whole) == len(chapters) else None
            one = self._kept(library, video, task) if task else None
            calls, cached = calls + (one is None), cached + (one is not None)
            given += 0 if one else self._most("video", len(chapters))
        tokens = given, calls * REPLY
        cost = price(self.name, *tokens, self._table) if calls else 0.0
        return Plan(self.name, calls, cached, tokens, cost)

    def tell(self, library: Library, video: str, found: Digest) -> Told:
        """Have every part told that is not kept yet; ProviderUnavailable where that fails.

        What was told until then is kept.
        """
        scenes = self._scenes(library, video, found)
        pieces = self._told(library, video, [task for part in scenes for task in part])
        below = [[pieces[task] for task in part] for part in scenes]
        above = {at: self._above("chapter", part) for at, part in enumerate(below) if len(part) > 1}
        written = self._told(library, video, list(above.values()))
        chapters: list[GeneratedSummary] = []
        for at, (part, one) in enumerate(zip(below, found.parts, strict=True)):
            piece = written[above[at]] if at in above else part[0] if part else None
            chapters.append(piece or _nothing(one))
        if len(chapters) == 1:
            return Told(tuple(chapters), chapters[0])
        task = self._above("video", chapters)
        return Told(tuple(chapters), self._told(library, video, [task])[task])

    def caption(self, library: Library, video: str, told: Told, style: str) -> GeneratedSummary:
        """A caption from what was told of the chapters."""
        task = self._above("caption", told.chapters, style=style)
        return self._told(library, video, [task])[task]

    def _scenes(self, library: Library, video: str, found: Digest) -> list[list[Task]]:
        """For each chapter the calls that tell its scenes; a chapter of one is told at once."""
        made: list[list[Task]] = []
        for part in found.parts:
            groups = _groups(library, video, part.chapter.start, part.chapter.end)
            level = "scene" if len(groups) > 1 else "chapter"
            edges = [part.chapter.start, *(group[0].start for group in groups[1:])]
            tasks: list[Task] = []
            for start, end, group in zip(
                edges, [*edges[1:], part.chapter.end], groups, strict=False
            ):
                lines = [_line(number, one) for number, one in enumerate(group, 1)]
                prompt = _rendered("summary_scene", start, end, lines)
                tasks.append(Task(level, start, end, prompt, tuple(one.id for one in group)))
            made.append(tasks)
        return made

    def _above(self, level: str, below: Sequence[GeneratedSummary], **beside: str) -> Task:
        """The call that tells a chapter from its scenes, or the whole from its chapters."""
        ids = list(dict.fromkeys(id for one in below for _, cited in one.claims for id in cited))
        lines: list[str] = []
        for one in below:
            size = 0
            for text, cited in one.claims:
                marks = "".join(f"[e{ids.index(id) + 1}]" for id in cited)
                line = f"{marks} {clock(one.start)} to {clock(one.end)} · {fence(text)}"
                size += len(line.encode()) + 1
                if size > PIECE_BYTES:
                    break
                lines.append(line)
        start, end = below[0].start, below[-1].end
        name = "caption" if level == "caption" else f"summary_{level}"
        return Task(level, start, end, _rendered(name, start, end, lines, **beside), tuple(ids))

    def _most(self, level: str, parts: int) -> int:
        """Tokens of the call above so many parts that are not told yet."""
        empty = _rendered(f"summary_{level}", 0.0, 1e5, [])
        return self._size(empty) + math.ceil(parts * PIECE_BYTES / BYTES)

    def _size(self, prompt: str) -> int:
        return text_tokens(self._rules) + text_tokens(prompt) + 2 * ENVELOPE

    def _key(self, task: Task) -> str:
        return generated.cache_key(task.level, self._rules, task.prompt, *task.ids, self.name)

    def _kept(self, library: Library, video: str, task: Task) -> GeneratedSummary | None:
        return generated.read(library, video, self._key(task))

    def _told(
        self, library: Library, video: str, tasks: Sequence[Task]
    ) -> dict[Task, GeneratedSummary]:
        from langchain_core.messages import HumanMessage, SystemMessage
        from langsmith.run_helpers import tracing_context

        found = {task: one for task in tasks if (one := self._kept(library, video, task))}
        new = [task for task in tasks if task not in found]
        if not new:
            return found
        if self._spending:
            self._spending.check()
        shown = [[SystemMessage(self._rules), HumanMessage(task.prompt)] for task in new]
        failed: Exception | None = None
        with tracing_context(enabled=False):
            for at, reply in self._model.batch_as_completed(
                shown, {"max_concurrency": AT_ONCE}, return_exceptions=True
            ):
                if isinstance(reply, Exception):
                    failed = failed or reply
                    continue
                task = new[at]
                self._count(reply, task)
                found[task] = self._tested(library, video, task, reply.text)
                if reply.text.strip():
                    generated.write(library, video, self._key(task), found[task])
                self._on_progress(f"{task.level} {clock(task.start)}")
        if isinstance(failed, model_errors()):
            raise explain(failed) from None  # its own text may repeat the key
        if failed is not None:
            raise failed
        return found

    def _count(self, reply: Any, task: Task) -> None:
        usage = reply.usage_metadata or {}
        given = usage.get("input_tokens", self._size(task.prompt))
        written = usage.get("output_tokens", text_tokens(reply.text))
        self.tokens = self.tokens[0] + given, self.tokens[1] + written
        if self._spending:
            self._spending.add(given + written, price(self.name, given, written, self._table))

    def _tested(self, library: Library, video: str, task: Task, text: str) -> GeneratedSummary:
        """The claims that their citations hold, and the title where its words are theirs."""
        records: dict[str, Evidence | None] = {id: library.evidence(id) for id in task.ids}
        review = Review(task.ids, (), records, {video: library.get(video).title}, (video,))
        title, claims, events = "", list[tuple[str, tuple[str, ...]]](), []
        for line in filter(None, map(str.strip, text.splitlines())):
            if line.startswith(_TITLE) and not title:
                title = line.removeprefix(_TITLE).strip()
                continue
            into = events if line.startswith(_EVENT) else claims
            for raw in split(line.removeprefix(_EVENT).strip()):
                _, claim = review.claim(raw)
                if claim is None or claim.verdict == "unsupported":
                    continue
                ids = tuple(review.handles[handle - 1] for handle in claim.citations)
                if _speaks_of(claim.text, [one.text for id in ids if (one := records[id])]):
                    into.append((claim.text, ids))
        cited = dict.fromkeys(id for _, ids in (*claims, *events) for id in ids)
        marks = "".join(f"[e{task.ids.index(id) + 1}]" for id in cited)
        bare = title.split("[")[0].strip(' ."')
        _, claim = review.claim(f"{bare} {marks}.")
        holds = bool(bare and claim and claim.verdict == "verified")
        return GeneratedSummary(
            task.start,
            task.end,
            bare if holds else "",
            tuple(claims),
            tuple(events),
            task.level,
            self.name,
        )


def _speaks_of(text: str, cited: Sequence[str]) -> bool:
    """Whether enough of its words stand in what it cites: a claim that is free of it is invented.

    Less than Review asks for: of claims between the two people see that they are weak.
    """
    named = content_words(words(text))
    held = {word for one in cited for word in words(one)}
    found = sum(any(same_word(word, other) for other in held) for word in named)
    return found >= LEAST_WORDS * len(named)


def _nothing(part: ChapterDigest) -> GeneratedSummary:
    return GeneratedSummary(part.chapter.start, part.chapter.end, "", ())


def _groups(library: Library, video: str, start: float, end: float) -> list[list[Evidence]]:
    """The evidence of a chapter by time, in parts of about SCENE_BYTES that begin at a cut."""
    told = [one for one in split_sentences(library.utterances(video)) if start <= one.start < end]
    shown = [one for one in library.screen_text(video) if start <= one.start < end]
    found = [of_passage(library, one.utterances) for one in told]
    found += [of_words(library, one) for one in shown]
    with suppress(NotIndexed):
        moves = find_actions(library, video, start, end)
        found += sorted(moves, key=lambda one: -one.score)[:MOVES]
    if not told and library.get(video).width is not None:
        found.append(of_span(library, video, start, end))
    found.sort(key=lambda one: (one.start, one.end))
    cuts = [scene.start for scene in library.scenes(video)]
    groups: list[list[Evidence]] = []
    size, since = 0, start
    for one in found:
        length = len(_line(1, one).encode())
        cut = any(since < at <= one.start for at in cuts)
        if not groups or size + length > SCENE_BYTES or (cut and size > SCENE_BYTES / 2):
            groups.append([])
            size = 0
        groups[-1].append(one)
        size, since = size + length, one.start
    return groups


def _line(number: int, one: Evidence) -> str:
    kind = "movement" if one.kind == "motion" else one.kind
    kind += f" ({why})" if (why := reliability(one)) else ""
    span = f"{clock(one.start)} to {clock(one.end)}" if one.end > one.start else clock(one.start)
    return f"[e{number}] {kind} · {span} · {fence(one.text)}"


def _rendered(name: str, start: float, end: float, lines: Sequence[str], **beside: str) -> str:
    return render(name, start=clock(start), end=clock(end), evidence="\n".join(lines), **beside)
