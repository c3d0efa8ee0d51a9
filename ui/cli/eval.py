"""The command `cuepoint eval`: quality of answers on videos whose truth is known."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.errors import RefusedRequest
from ui.cli.common import AsJson, load_settings, print_result

if TYPE_CHECKING:
    from agent.evaluation.run import Evaluation

ROWS = {
    "accuracy": "answers that are right",
    "citation_precision": "citations that are right",
    "false_absent": "answered what is absent",
    "false_adjacent": "answered what is not told",
    "follow_up_accuracy": "follow-ups that are right",
    "first_answer_s": "seconds to the first words",
    "cost_usd": "cost in US dollars",
    "unresolved": "citations that lead nowhere",
    "shown": "moments shown among three",
    "asserted_right": "asserted with a right moment",
    "asserted_wrongly": "asserted without an answer",
    "false_sentences": "sentences that are false",
    "useful": "useful about the whole",
    "reason_right": "reasons that are right",
}


def evaluate(
    seed: Annotated[int, typer.Option(metavar="N", help="Of the videos that are made.")] = 1,
    hands: Annotated[
        str, typer.Option(metavar="NAME,...", help="Who made them and asks: complaints, or all.")
    ] = "complaints",
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

    names = _hands(hands)
    settings = load_settings()
    with EvaluationLine() as report:
        if cases is None:
            results = {name: run.evaluate(settings, seed, report, name) for name in names}
        else:
            from agent.evaluation.cases import read_cases

            results = {"": run.evaluate_cases(settings, *read_cases(cases, videos), report)}
    if verbose:
        sys.stderr.write("".join(map(_misses, results.values())))
    rows = {name: _row(result, None if cases else seed) for name, result in results.items()}
    shown, *others = rows.values()
    row = {**shown, "hand": names[0] if cases is None else None}
    if others:
        row["hands"] = rows
    print_result(as_json, lambda: row, [_table(*item) for item in results.items()])


def _hands(names: str) -> list[str]:
    """The hands that are named, the one held out first; RefusedRequest tells those there are."""
    from agent.evaluation.hand import HANDS

    chosen = set(HANDS if names == "all" else names.split(","))
    if unknown := chosen - set(HANDS):
        raise RefusedRequest(f"{', '.join(sorted(unknown))}: hands are {', '.join(HANDS)}, or all")
    return [name for name in HANDS if name in chosen]


def _row(result: "Evaluation", seed: int | None) -> dict[str, Any]:
    baseline = {"model": "sixteen uniform frames", "seed": seed, **result.baseline}
    return {"model": result.model, "seed": seed, **result.score, "baseline": baseline}


def _table(hand: str, result: "Evaluation") -> str:
    score, baseline = result.score, result.baseline
    rows: list[tuple[str, Any, Any]] = [
        (f"{score['cases']} questions {hand and f'by {hand}'}".strip(), result.model, "baseline"),
        *((name, score[key], baseline[key]) for key, name in ROWS.items()),
        *((f"right, {kind}", at, baseline["kinds"][kind]) for kind, at in score["kinds"].items()),
        *((name, at, baseline[name]) for name, at in score.items() if name.startswith("R1@")),
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
