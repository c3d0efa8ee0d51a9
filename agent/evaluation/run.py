"""Asks every question of a library made for it, and takes what is measured."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.agent import Agent, open_agent
from agent.ask import Answer, Token, ask
from agent.evaluation.baseline import guess
from agent.evaluation.filming import write
from agent.evaluation.questions import questions
from agent.evaluation.scoring import Reply, Score, score
from agent.evaluation.screenplay import films
from agent.evaluation.truth import Question, Span
from agent.settings import Settings
from tools.errors import VideoError
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Evidence

Tell = Callable[[str, int, int], None]
"""What is being done, how many of it are done, of how many."""


@dataclass(frozen=True)
class Run:
    """What was asked and answered, by the model and by the baseline."""

    model: str
    questions: list[Question]
    replies: list[Reply]
    guesses: list[Reply]

    @property
    def score(self) -> Score:
        """The figures of the model."""
        return score(self.questions, self.replies)

    @property
    def baseline(self) -> Score:
        """The figures of the baseline."""
        return score(self.questions, self.guesses)


def evaluate(settings: Settings, seed: int, tell: Tell) -> Run:
    """Make the videos of a seed, index them and ask; everything made is deleted afterwards."""
    with TemporaryDirectory(prefix="cuepoint-eval-") as folder:
        made = films(seed)
        files: dict[str, Path] = {}
        for number, film in enumerate(made):
            tell("making videos", number, len(made))
            files[film.name] = write(film, Path(folder))
        return evaluate_cases(settings, questions(made, seed), files, tell)


def evaluate_cases(
    settings: Settings, asked: Sequence[Question], files: Mapping[str, Path], tell: Tell
) -> Run:
    """Index these files in a library of their own, and ask."""
    with _own_library(settings) as own:
        library = Library(own.home, own.owner)
        ids: dict[str, str] = {}
        for number, (name, path) in enumerate(files.items()):
            tell("indexing", number, len(files))
            ids[name] = ingest(library, path, providers=own.providers).id
        return asyncio.run(_ask_all(own, asked, ids, tell))


@contextmanager
def _own_library(settings: Settings) -> Iterator[Settings]:
    """The same settings with an empty library that is deleted afterwards, and the same models."""
    with TemporaryDirectory(prefix="cuepoint-eval-") as folder:
        models = settings.home / "models"
        if models.is_dir():
            (Path(folder) / "models").symlink_to(models.absolute())
        yield replace(settings, home=Path(folder))


async def _ask_all(
    settings: Settings, asked: Sequence[Question], ids: Mapping[str, str], tell: Tell
) -> Run:
    replies: list[Reply] = []
    guesses: list[Reply] = []
    names = {id: name for name, id in ids.items()}
    async with open_agent(settings) as agent:
        for number, question in enumerate(asked):
            tell("asking", number, len(asked))
            replies.append(await _reply(agent, question, ids, names))
            guesses.append(await asyncio.to_thread(guess, agent.library, question, ids))
        return Run(agent.model_name, list(asked), replies, guesses)


async def _reply(
    agent: Agent, question: Question, ids: Mapping[str, str], names: Mapping[str, str]
) -> Reply:
    begun = time.monotonic()
    first: float | None = None
    thread = f"eval {question.conversation}" if question.conversation else None
    videos = [ids[name] for name in question.videos]
    async for event in ask(agent, question.text, videos=videos, thread=thread):
        if isinstance(event, Token | Answer) and first is None:
            first = time.monotonic() - begun
        if isinstance(event, Answer):
            cited = [one.evidence for one in event.evidence]
            spans = tuple(Span(names[one.video], one.start, one.end) for one in cited)
            free = not any(event.tokens)  # what no language model wrote costs nothing
            return Reply(
                text=event.answer,
                found=event.found,
                citations=spans,
                first=first or 0.0,
                cost=0.0 if free else event.cost_usd,
                unresolved=await asyncio.to_thread(_unresolved, agent.library, event),
                window=await asyncio.to_thread(_window, agent, question, videos, cited, names),
            )
    raise RuntimeError("the agent ended without an answer")


def _unresolved(library: Library, answer: Answer) -> int:
    """Citations that stand for nothing: a number without evidence, evidence that is not there."""
    known = {one.handle for one in answer.evidence}
    cited = {int(number) for number in re.findall(r"\[(\d+)\]", answer.answer)}
    lost = len(cited - known) if answer.found else 0
    for one in answer.evidence:
        try:
            evidence = library.evidence(one.evidence.id)
            if evidence.image:
                library.picture(evidence.image)
        except VideoError:
            lost += 1
    return lost


def _window(
    agent: Agent,
    question: Question,
    videos: Sequence[str],
    cited: Sequence[Evidence],
    names: Mapping[str, str],
) -> Span | None:
    """For moment retrieval: what is cited first, else found first; of an instant its scene."""
    if question.kind != "retrieval":
        return None
    best = cited or agent.toolbox.search(question.text, videos, limit=1)
    if not best:
        return None
    one = best[0]
    if one.end <= one.start:
        one = (*agent.toolbox.find_scenes(one.video, one.start, one.start + 1e-3), one)[0]
    return Span(names[one.video], one.start, one.end)
