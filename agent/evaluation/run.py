"""Evaluation run: index the videos in a temporary library, ask every question, measure."""

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
from agent.evaluation.baseline import baseline_response
from agent.evaluation.film_generator import generate_films
from agent.evaluation.film_writer import write_film
from agent.evaluation.ground_truth import Question, VideoSpan
from agent.evaluation.hand import HELD_OUT
from agent.evaluation.question_set import question_set
from agent.evaluation.scoring import Response, Score, false_sentences, score
from agent.settings import Settings
from tools.errors import VideoError
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Evidence

OnProgress = Callable[[str, int, int], None]
"""Called with the name of a task, the number of its steps that are done, and of all."""


@dataclass(frozen=True)
class Evaluation:
    """Questions with the responses of the model, its metrics, and those of the baseline."""

    model: str
    questions: Sequence[Question]
    responses: Sequence[Response]
    score: Score
    baseline: Score


def evaluate(
    settings: Settings, seed: int, on_progress: OnProgress, hand: str = HELD_OUT
) -> Evaluation:
    """Evaluate on the films of a seed and a hand, which are deleted afterwards."""
    with TemporaryDirectory(prefix="cuepoint-eval-") as folder:
        films = generate_films(seed, hand)
        files: dict[str, Path] = {}
        for number, film in enumerate(films):
            on_progress("making videos", number, len(films))
            files[film.name] = write_film(film, Path(folder))
        return evaluate_cases(settings, question_set(films, seed), files, on_progress)


def evaluate_cases(
    settings: Settings,
    questions: Sequence[Question],
    files: Mapping[str, Path],
    on_progress: OnProgress,
) -> Evaluation:
    """Index these files in a temporary library, and ask the questions."""
    with _temporary_library(settings) as own:
        library = Library(own.home, own.owner)
        ids: dict[str, str] = {}
        for number, (name, path) in enumerate(files.items()):
            on_progress("indexing", number, len(files))
            ids[name] = ingest(library, path, providers=own.providers).id
        return asyncio.run(_ask_all(own, questions, ids, on_progress))


@contextmanager
def _temporary_library(settings: Settings) -> Iterator[Settings]:
    """Settings with the same models and an empty library, which is deleted afterwards."""
    with TemporaryDirectory(prefix="cuepoint-eval-") as folder:
        models = settings.home / "models"
        if models.is_dir():
            (Path(folder) / "models").symlink_to(models.absolute())
        yield replace(settings, home=Path(folder))


async def _ask_all(
    settings: Settings,
    questions: Sequence[Question],
    ids: Mapping[str, str],
    on_progress: OnProgress,
) -> Evaluation:
    responses: list[Response] = []
    baseline: list[Response] = []
    async with open_agent(settings) as agent:
        for number, question in enumerate(questions):
            on_progress("asking", number, len(questions))
            responses.append(await _response(agent, question, ids))
            baseline.append(
                await asyncio.to_thread(baseline_response, agent.library, question, ids)
            )
        scores = score(questions, responses), score(questions, baseline)
        return Evaluation(agent.model_name, questions, responses, *scores)


async def _response(agent: Agent, question: Question, ids: Mapping[str, str]) -> Response:
    begun = time.monotonic()
    first: float | None = None
    names = {id: name for name, id in ids.items()}
    thread = f"eval {question.conversation}" if question.conversation else None
    videos = [ids[name] for name in question.videos]
    async for event in ask(agent, question.text, videos=videos, thread=thread):
        if isinstance(event, Token | Answer) and first is None:
            first = time.monotonic() - begun
        if isinstance(event, Answer):
            cited = [citation.evidence for citation in event.evidence]
            window = None
            if question.kind == "retrieval":
                window = await asyncio.to_thread(_window, agent, question, videos, cited)
            free = not any(event.tokens)  # without a language model it costs nothing
            return Response(
                text=event.answer,
                found=event.found,
                citations=tuple(_span(evidence, names) for evidence in cited),
                first=first or 0.0,
                cost=0.0 if free else event.cost_usd,
                unresolved=await asyncio.to_thread(_unresolved, agent.library, event),
                window=_span(window, names) if window else None,
                nearest=tuple(_span(near.evidence, names) for near in event.nearest),
                reason=getattr(event, "reason", None),
                false_sentences=await asyncio.to_thread(_false, agent.library, event, videos),
            )
    raise RuntimeError("the agent ended without an answer")


def _span(evidence: Evidence, names: Mapping[str, str]) -> VideoSpan:
    return VideoSpan(names[evidence.video], evidence.start, evidence.end)


def _unresolved(library: Library, answer: Answer) -> int:
    """Number of citations without evidence, and of evidence that is not in the library."""
    known = {citation.handle for citation in answer.evidence}
    cited = {int(number) for number in re.findall(r"\[(\d+)\]", answer.answer)}
    lost = len(cited - known) if answer.found else 0
    for citation in answer.evidence:
        try:
            evidence = library.evidence(citation.evidence.id)
            if evidence.image:
                library.picture(evidence.image)
        except VideoError:
            lost += 1
    return lost


def _false(library: Library, answer: Answer, videos: Sequence[str]) -> int:
    """Number of false sentences about what is said and written in these videos."""
    texts = [
        part.text for id in videos for part in (*library.utterances(id), *library.screen_text(id))
    ]
    cited = [citation.evidence.text for citation in (*answer.evidence, *answer.nearest)]
    known = [*texts, *cited, answer.question, *(library.get(id).title for id in videos)]
    return false_sentences(answer.answer, "\n".join(texts), "\n".join(known))


def _window(
    agent: Agent, question: Question, videos: Sequence[str], cited: Sequence[Evidence]
) -> Evidence | None:
    """The first cited evidence, else the first found; the scene around it if it is an instant."""
    best = cited or agent.toolbox.search(question.text, videos, limit=1)
    if not best or best[0].end > best[0].start:
        return best[0] if best else None
    scenes = agent.toolbox.find_scenes(best[0].video, best[0].start, best[0].start + 1e-3)
    return (*scenes, best[0])[0]
