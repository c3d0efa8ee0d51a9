"""`cuepoint eval`: how good the answers are, on videos whose truth is known."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.cli.common import AsJson, print_json, settings

if TYPE_CHECKING:
    from agent.evaluation.run import Evaluation
    from agent.evaluation.scoring import Score

ROWS = {
    "accuracy": "answers that are right",
    "citation_precision": "citations that are right",
    "false_absent": "answered what is absent",
    "false_adjacent": "answered what is not told",
    "follow_up_accuracy": "follow-ups that are right",
    "first_answer_s": "seconds to the first words",
    "cost_usd": "cost in US dollars",
    "unresolved": "citations that lead nowhere",
}


def evaluate(
    seed: Annotated[int, typer.Option(metavar="N", help="Of the videos that are made.")] = 1,
    cases: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSON lines: questions of your own, or QVHighlights."),
    ] = None,
    videos: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the videos of QVHighlights lie.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Tell each miss.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure the answers of the configured model beside a naive baseline."""
    from agent.evaluation import run

    with Line() as line:
        if cases is None:
            done = run.evaluate(settings(), seed, line)
        else:
            from agent.evaluation.cases import read_cases

            done = run.evaluate_cases(settings(), *read_cases(cases, videos), line)
    if verbose:
        sys.stderr.write(_misses(done))
    score, baseline = done.score, done.baseline
    if as_json:
        head = {"model": done.model, "seed": seed if cases is None else None}
        beside = {"model": "sixteen uniform frames", "seed": head["seed"], **baseline.json()}
        print_json({**head, **score.json(), "baseline": beside})
    else:
        print(_table(done.model, score, baseline))


class Line:
    """Progress on standard error: one line that is written over on a terminal, else one a task."""

    def __init__(self) -> None:
        self._over = sys.stderr.isatty()
        self._task = ""

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        if self._over and self._task:
            sys.stderr.write("\r\x1b[K")

    def __call__(self, task: str, done: int, of: int) -> None:
        """Say which one of a task is being done."""
        if self._over:
            sys.stderr.write(f"\r\x1b[K{task}: {done + 1} of {of}")
        elif task != self._task:
            sys.stderr.write(f"{task}: {of}\n")
        self._task = task
        sys.stderr.flush()


def _table(model: str, score: "Score", baseline: "Score") -> str:
    def row(name: str, one: Any, other: Any) -> str:
        return f"{name:<28}  {_cell(one):>12}  {_cell(other):>12}"

    lines = [row(f"{score.cases} questions", model, "baseline")]
    lines += [
        row(words, getattr(score, key), getattr(baseline, key)) for key, words in ROWS.items()
    ]
    for kind, share in score.kinds.items():
        lines.append(row(f"right, {kind}", share, baseline.kinds[kind]))
    for name, share in score.retrieval.items():
        lines.append(row(name, share, baseline.retrieval[name]))
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return "unknown"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _misses(done: "Evaluation") -> str:
    from agent.evaluation.scoring import is_correct, is_correct_citation

    lines: list[str] = []
    for question, response in zip(done.questions, done.responses, strict=True):
        right = is_correct(question, response)
        wrong = [one for one in response.citations if not is_correct_citation(one, question.truth)]
        if right and (not wrong or question.expect != "found"):
            continue
        truth = ", ".join(f"{one.start:.1f}-{one.end:.1f}" for one in question.truth)
        cited = ", ".join(f"{one.start:.1f}-{one.end:.1f}" for one in response.citations)
        said = " ".join(response.text.split())
        lines.append(
            f"{'' if right else 'WRONG '}{'CITES ' if wrong else ''}{question.conversation} "
            f"{question.kind}, {question.expect}{', follow-up' if question.follows_up else ''}, "
            f"{' and '.join(question.videos)}: {question.text}\n"
            f"    truth {truth or 'none'}: {' | '.join(question.accepted)}\n"
            f"    cited {cited or 'none'}: {said}\n"
        )
    return "".join(lines)
