"""Summaries by a language model, bottom-up: scenes, then chapters, then the whole video.

Each part is written once. A claim goes up, and is stored, only with citations that hold it. What is
stored lies under the hash of evidence, prompt and model, written as soon as it is there.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agent.agent import model_name
from agent.grounding.citations import split_claims
from agent.grounding.review import Review
from agent.llm.catalog import ModelInfo
from agent.llm.limits import REPLY_TOKENS
from agent.llm.provider import ModelTimeout, as_video_error, model_errors, whole_reply
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
from tools.summary.sentences import split_sentences, telling_speech
from tools.text.expressions import claim_words, same_word, words

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from agent.llm.limits import Spending
    from tools.library import Library
    from tools.media import Evidence

SCENE_BYTES = 10_000
"""Bytes of evidence in one call: a few minutes of speech. From half of it on, a cut splits too."""
PIECE_BYTES = 1200
"""Bytes of a part's claims that the call of the next level reads, at most."""
LEAST_WORDS = 1 / 3
"""Share of a claim's content words that its evidence must contain; less is invention."""
PARALLEL_CALLS = 4
MOVEMENTS = 4
"""Movements of a chapter among its evidence, at most."""
_TITLE, _EVENT = "TITLE:", "EVENT:"


@dataclass(frozen=True)
class CostEstimate:
    """Upper bound of a summary's cost; tokens are (input, output), `cost_usd` None if unknown."""

    model: str
    calls: int
    cached: int
    tokens: tuple[int, int]
    cost_usd: float | None


@dataclass(frozen=True)
class ModelCall:
    """One call of the model: its prompt, and the evidence ids behind the labels, `e1` first."""

    level: str
    start: float
    end: float
    prompt: str
    ids: tuple[str, ...]


class ModelSummarizer:
    """Summarises videos with one model, and counts its tokens.

    info says what it costs; wait is how long it may be silent, in seconds.
    """

    def __init__(
        self,
        model: BaseChatModel,
        *,
        spending: Spending | None = None,
        info: ModelInfo = ModelInfo(),  # noqa: B008 (frozen)
        wait: float | None = None,
        on_progress: Callable[[str], None] = lambda part: None,
    ) -> None:
        self.name = model_name(model)
        self.tokens = 0, 0
        self._model: Any = model.bind(max_tokens=REPLY_TOKENS)
        self._spending, self._info, self._wait = spending, info, wait
        self._on_progress = on_progress
        self._rules = render("summary")

    @property
    def cost_usd(self) -> float | None:
        """Cost so far; None if the price is unknown."""
        return self._info.price(*self.tokens) if any(self.tokens) else 0.0

    def estimate(self, library: Library, video: str, digest: Digest) -> CostEstimate:
        """Upper bound of what `summarize` would cost now; the model is not called."""
        stored: list[GeneratedSummary] = []
        missing: list[int] = []  # input tokens of each call to be made

        def look_up(call: ModelCall | None, tokens: int) -> GeneratedSummary | None:
            piece = self._stored(library, video, call) if call else None
            if piece:
                stored.append(piece)
            else:
                missing.append(tokens)
            return piece

        def above(level: str, below: Sequence[GeneratedSummary | None]) -> GeneratedSummary | None:
            known = [piece for piece in below if piece]
            call = self._above(level, known) if len(known) == len(below) else None
            empty = self._size(_rendered(f"summary_{level}", 0.0, 1e5, []))
            return look_up(call, empty + math.ceil(len(below) * PIECE_BYTES / BYTES))

        chapters: list[GeneratedSummary | None] = []
        for part, calls in zip(digest.parts, self._scenes(library, video, digest), strict=True):
            scenes = [look_up(call, self._size(call.prompt)) for call in calls]
            single = scenes[0] if scenes else _empty(part)
            chapters.append(above("chapter", scenes) if len(scenes) > 1 else single)
        if len(chapters) > 1:
            above("video", chapters)
        tokens = sum(missing), len(missing) * REPLY_TOKENS
        cost = self._info.price(*tokens) if missing else 0.0
        return CostEstimate(self.name, len(missing), len(stored), tokens, cost)

    def summarize(
        self, library: Library, video: str, digest: Digest
    ) -> tuple[GeneratedSummary, tuple[GeneratedSummary, ...]]:
        """The whole and its chapters, in order; ProviderUnavailable if a call fails.

        Parts that are stored are not written again, and those written before a failure are stored.
        """
        return asyncio.run(self._summarize(library, video, digest))

    def caption(self, library: Library, video: str, digest: Digest, style: str) -> GeneratedSummary:
        """A caption made of the chapters' claims; those not stored yet are written first."""

        async def write() -> GeneratedSummary:
            _, chapters = await self._summarize(library, video, digest)
            call = self._above("caption", chapters, style=style)
            return (await self._run(library, video, [call]))[call]

        return asyncio.run(write())

    async def _summarize(
        self, library: Library, video: str, digest: Digest
    ) -> tuple[GeneratedSummary, tuple[GeneratedSummary, ...]]:
        calls = self._scenes(library, video, digest)
        written = await self._run(library, video, [call for part in calls for call in part])
        scenes = [[written[call] for call in part] for part in calls]
        above = [self._above("chapter", part) if len(part) > 1 else None for part in scenes]
        written = await self._run(library, video, [call for call in above if call])
        chapters: list[GeneratedSummary] = []
        for part, call, pieces in zip(digest.parts, above, scenes, strict=True):
            single = pieces[0] if pieces else _empty(part)
            chapters.append(written[call] if call else single)
        if len(chapters) == 1:
            return chapters[0], tuple(chapters)
        whole = self._above("video", chapters)
        return (await self._run(library, video, [whole]))[whole], tuple(chapters)

    def _scenes(self, library: Library, video: str, digest: Digest) -> list[list[ModelCall]]:
        """The calls for each chapter's scenes; a chapter of one scene is written at once."""
        calls: list[list[ModelCall]] = []
        for part in digest.parts:
            groups = _groups(library, video, part.chapter.start, part.chapter.end)
            level = "scene" if len(groups) > 1 else "chapter"
            starts = [part.chapter.start, *(group[0].start for group in groups[1:])]
            ends = [*starts[1:], part.chapter.end]
            calls.append([])
            for start, end, group in zip(starts, ends, groups, strict=False):
                lines = [_line(number, evidence) for number, evidence in enumerate(group, 1)]
                prompt = _rendered("summary_scene", start, end, lines)
                ids = tuple(evidence.id for evidence in group)
                calls[-1].append(ModelCall(level, start, end, prompt, ids))
        return calls

    def _above(self, level: str, below: Sequence[GeneratedSummary], **values: str) -> ModelCall:
        """The call that writes a chapter from its scenes, or the whole from its chapters."""
        cited_ids = (id for piece in below for _, cited in piece.claims for id in cited)
        ids = list(dict.fromkeys(cited_ids))
        lines: list[str] = []
        for piece in below:
            size = 0
            for text, cited in piece.claims:
                marks = "".join(f"[e{ids.index(id) + 1}]" for id in cited)
                line = f"{marks} {clock(piece.start)} to {clock(piece.end)} · {fence(text)}"
                size += len(line.encode()) + 1
                if size > PIECE_BYTES:
                    break
                lines.append(line)
        start, end = below[0].start, below[-1].end
        name = "caption" if level == "caption" else f"summary_{level}"
        prompt = _rendered(name, start, end, lines, **values)
        return ModelCall(level, start, end, prompt, tuple(ids))

    def _size(self, prompt: str) -> int:
        return text_tokens(self._rules) + text_tokens(prompt) + 2 * ENVELOPE

    def _key(self, call: ModelCall) -> str:
        return generated.cache_key(call.level, self._rules, call.prompt, *call.ids, self.name)

    def _stored(self, library: Library, video: str, call: ModelCall) -> GeneratedSummary | None:
        return generated.read(library, video, self._key(call))

    async def _run(
        self, library: Library, video: str, calls: Sequence[ModelCall]
    ) -> dict[ModelCall, GeneratedSummary]:
        from langchain_core.messages import HumanMessage, SystemMessage
        from langsmith.run_helpers import tracing_context

        pieces = {call: piece for call in calls if (piece := self._stored(library, video, call))}
        new = [call for call in calls if call not in pieces]
        if new and self._spending:
            self._spending.check()
        slots = asyncio.Semaphore(PARALLEL_CALLS)
        failure: Exception | None = None

        async def write(call: ModelCall) -> None:
            nonlocal failure
            async with slots:
                if isinstance(failure, ModelTimeout):  # the next call would wait as long again
                    return
                try:
                    asked = [SystemMessage(self._rules), HumanMessage(call.prompt)]
                    reply = await whole_reply(self._model, asked, self._wait)
                except Exception as error:  # raised below, once the others' parts are stored
                    failure = error if isinstance(error, ModelTimeout) else failure or error
                    return
            self._count(reply, call)
            pieces[call] = self._verified(library, video, call, reply.text)
            if reply.text.strip():
                generated.write(library, video, self._key(call), pieces[call])
            self._on_progress(f"{call.level} {clock(call.start)}")

        with tracing_context(enabled=False):
            await asyncio.gather(*map(write, new))
        if isinstance(failure, model_errors()):
            raise as_video_error(failure) from None  # its own text may repeat the key
        if failure is not None:
            raise failure
        return pieces

    def _count(self, reply: Any, call: ModelCall) -> None:
        usage = reply.usage_metadata or {}
        given = usage.get("input_tokens", self._size(call.prompt))
        written = usage.get("output_tokens", text_tokens(reply.text))
        self.tokens = self.tokens[0] + given, self.tokens[1] + written
        if self._spending:
            self._spending.add(given + written, self._info.price(given, written))

    def _verified(
        self, library: Library, video: str, call: ModelCall, text: str
    ) -> GeneratedSummary:
        """The claims that their citations hold, and the title if they hold it too."""
        records = {id: library.evidence(id) for id in call.ids}
        review = Review(call.ids, (), records, {video: library.get(video).title}, (video,))
        title, claims, events = "", list[tuple[str, tuple[str, ...]]](), []
        for line in filter(None, map(str.strip, text.splitlines())):
            if line.startswith(_TITLE) and not title:
                title = line.removeprefix(_TITLE).strip()
                continue
            into = events if line.startswith(_EVENT) else claims
            for raw in split_claims(line.removeprefix(_EVENT).strip()):
                _, claim = review.claim(raw)
                if claim is None or claim.verdict == "unsupported":
                    continue
                ids = tuple(review.handles[handle - 1] for handle in claim.citations)
                if _shares_words(claim.text, [records[id].text for id in ids]):
                    into.append((claim.text, ids))
        cited = dict.fromkeys(id for _, ids in (*claims, *events) for id in ids)
        marks = "".join(f"[e{call.ids.index(id) + 1}]" for id in cited)
        bare = title.split("[")[0].strip(' ."')
        _, claim = review.claim(f"{bare} {marks}.")
        title = bare if bare and claim and claim.verdict == "verified" else ""
        span = call.start, call.end
        return GeneratedSummary(*span, title, tuple(claims), tuple(events), call.level, self.name)


def _empty(part: ChapterDigest) -> GeneratedSummary:
    """A chapter without evidence, which takes no call."""
    return GeneratedSummary(part.chapter.start, part.chapter.end, "", ())


def _shares_words(text: str, cited: Sequence[str]) -> bool:
    """True if a claim has enough words in common with its evidence.

    Less than Review asks for: people see that a claim between the two is weak.
    """
    named = claim_words(words(text))
    known = {word for source in cited for word in words(source)}
    matching = sum(any(same_word(word, other) for other in known) for word in named)
    return matching >= LEAST_WORDS * len(named)


def _groups(library: Library, video: str, start: float, end: float) -> list[list[Evidence]]:
    """The evidence of a chapter by time, in groups of about SCENE_BYTES that begin at a cut."""
    spoken = [s for s in split_sentences(telling_speech(library, video)) if start <= s.start < end]
    evidence = [of_passage(library, sentence.utterances) for sentence in spoken]
    evidence += [
        of_words(library, text) for text in library.screen_text(video) if start <= text.start < end
    ]
    with suppress(NotIndexed):
        movements = find_actions(library, video, start, end)
        evidence += sorted(movements, key=lambda movement: -movement.score)[:MOVEMENTS]
    if not spoken and library.get(video).width is not None:
        evidence.append(of_span(library, video, start, end))
    evidence.sort(key=lambda record: (record.start, record.end))
    cuts = [scene.start for scene in library.scenes(video)]
    groups: list[list[Evidence]] = []
    size, since = 0, start
    for record in evidence:
        length = len(_line(1, record).encode())
        cut = any(since < at <= record.start for at in cuts)
        if not groups or size + length > SCENE_BYTES or (cut and size > SCENE_BYTES / 2):
            groups.append([])
            size = 0
        groups[-1].append(record)
        size, since = size + length, record.start
    return groups


def _line(number: int, evidence: Evidence) -> str:
    kind = "movement" if evidence.kind == "motion" else evidence.kind
    kind += f" ({why})" if (why := reliability(evidence)) else ""
    span = clock(evidence.start)
    if evidence.end > evidence.start:
        span += f" to {clock(evidence.end)}"
    return f"[e{number}] {kind} · {span} · {fence(evidence.text)}"


def _rendered(name: str, start: float, end: float, lines: Sequence[str], **values: str) -> str:
    return render(name, start=clock(start), end=clock(end), evidence="\n".join(lines), **values)
