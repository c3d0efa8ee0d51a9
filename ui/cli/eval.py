"""The command `cuepoint eval`: quality of answers on videos whose truth is known."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.cli.common import AsJson, load_settings, print_result

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
    from ui.cli.progress import EvaluationLine

    with EvaluationLine() as report:
        if cases is None:
            result = run.evaluate(load_settings(), seed, report)
        else:
            from agent.evaluation.cases import read_cases

            result = run.evaluate_cases(load_settings(), *read_cases(cases, videos), report)
    if verbose:
        sys.stderr.write(_misses(result))
    score, baseline = result.score, result.baseline
    used = seed if cases is None else None
    beside = {"model": "sixteen uniform frames", "seed": used, **baseline.json()}
    row = {"model": result.model, "seed": used, **score.json(), "baseline": beside}
    print_result(as_json, lambda: row, [_table(result.model, score, baseline)])


def _table(model: str, score: "Score", baseline: "Score") -> str:
    rows: list[tuple[str, Any, Any]] = [
        (f"{score.cases} questions", model, "baseline"),
        *((name, getattr(score, key), getattr(baseline, key)) for key, name in ROWS.items()),
        *((f"right, {kind}", at, baseline.kinds[kind]) for kind, at in score.kinds.items()),
        *((name, at, baseline.retrieval[name]) for name, at in score.retrieval.items()),
    ]
    return "\n".join(
        f"{name:<28}  {_cell(ours):>12}  {_cell(other):>12}" for name, ours, other in rows
    )


def _cell(value: Any) -> str:
    if value is None:
        return "unknown"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _misses(result: "Evaluation") -> str:
    from agent.evaluation.scoring import is_correct, is_correct_citation

    lines: list[str] = []
    for question, response in zip(result.questions, result.responses, strict=True):
        right, truth = is_correct(question, response), question.truth
        wrong = [cited for cited in response.citations if not is_correct_citation(cited, truth)]
        if right and (not wrong or question.expect != "found"):
            continue
        expected, cited = (
            ", ".join(f"{span.start:.1f}-{span.end:.1f}" for span in spans) or "none"
            for spans in (truth, response.citations)
        )
        lines.append(
            f"{'' if right else 'WRONG '}{'CITES ' if wrong else ''}{question.conversation} "
            f"{question.kind}, {question.expect}{', follow-up' if question.follows_up else ''}, "
            f"{' and '.join(question.videos)}: {question.text}\n"
            f"    truth {expected}: {' | '.join(question.accepted)}\n"
            f"    cited {cited}: {' '.join(response.text.split())}\n"
        )
    return "".join(lines)
