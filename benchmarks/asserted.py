"""The line between asserted and shown: its fit, and its curve.

    python -m benchmarks.asserted SET.jsonl... [--tutorials DIR] [--half fitted|aside] [--fit]
        [--home FOLDER]

Each candidate of a search is an example: 1 where its passage answers. The likeliest one decides. Of
the tutorials every other video is used, in the order of their names, and each of their questions is
also asked of another video, where it mostly has no answer. Printed is, by the likelihood from which
a moment is asserted, how many of the answerable are asserted right, and of the others asserted.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.extractive.assertion import BIAS, WEIGHTS, Judge
from agent.extractive.reply import Found
from agent.extractive.search import SEARCHED
from agent.extractive.turn import Turn
from benchmarks.strangers import TALK_SLACK, hits, locate, named, read
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.toolbox import Toolbox

RIDGE, STEPS, RATE, EVERY = 1.0, 800, 0.03, 3
TUTORIAL_SLACK = 3.0
SEARCHES = ("search", "said", "screen", "when")
LINES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
Floats = NDArray[np.float64]


class Example(NamedTuple):
    """One question: the features of its candidates, which of them answer, and its group."""

    group: str
    features: Floats
    right: NDArray[np.bool_]
    answerable: bool

    def odds(self, weights: Floats) -> Floats:
        """Log odds of each candidate beside none of them; the bias comes last."""
        return self.features @ weights[:-1] + weights[-1]


def example(
    box: Toolbox, question: str, videos: Sequence[str], truth: Sequence[Sequence[float]],
    group: str, is_talk: bool, answerable: bool, slack: float | None = None,
) -> Example:  # fmt: skip
    """The candidates of one question."""
    turn = Turn(box, question, tuple(videos))
    query = turn.question.query
    found = [
        *box.search_transcript(query, list(videos), limit=SEARCHED),
        *box.search_screen_text(query, list(videos), limit=SEARCHED),
    ]
    moments, _ = Judge(turn, query).judged([Found("", one) for one in found])
    duration = turn.video.duration
    if slack is not None:  # that of talks is longer
        truth = [(low - slack + TALK_SLACK, high + slack - TALK_SLACK) for low, high in truth]
    right = np.array([hits([m.span], truth, duration, is_talk) for m in moments], bool)
    features = np.array([m.features for m in moments]).reshape(len(moments), len(WEIGHTS))
    return Example(group, features, right, answerable)


def of_sets(paths: Sequence[Path], box: Toolbox, home: Path) -> Iterator[Example]:
    """Examples of what is searched in sets of questions."""
    for question in (one for path in paths for one in read(path)):
        if question["kind"] not in SEARCHES or len(named(question)) > 1:
            continue
        name = named(question)[0]
        id, is_talk = ingest(box.library, locate(name, question["beside"], home)).id, ":" in name
        expect = question["expect"]
        if expect in ("found", "absent", "adjacent"):
            group = f"{'talks' if is_talk else 'clips'} {expect}"
            truth = question["truth"] if expect == "found" else []
            text, answerable = question["question"], expect == "found"
            yield example(box, text, [id], truth, group, is_talk, answerable)


def of_tutorials(folder: Path, half: str, box: Toolbox, home: Path) -> Iterator[Example]:
    """Examples of the questions of half of the tutorials, each asked of another one, too."""
    asked: list[dict[str, Any]] = json.loads((folder / "questions.json").read_text("utf-8"))
    videos = sorted({q["video"] for q in asked})[0 if half == "fitted" else 1 :: 2]
    ids = {v: ingest(box.library, locate(f"tutorial:{v}", folder, home)).id for v in videos}
    for number, question in enumerate(q for q in asked if q["video"] in ids):
        text, at = question["q"].split(". ", 1)[-1], videos.index(question["video"])
        span = [[question["start"], question["end"]]]
        own = [ids[question["video"]]]
        yield example(box, text, own, span, "tutorials found", True, True, TUTORIAL_SLACK)
        if number % EVERY == 0:
            other = ids[videos[(at + 1 + number) % len(videos)]]
            if other != ids[question["video"]]:
                yield example(box, text, [other], [], "tutorials other", True, False)


def fit(examples: Sequence[Example]) -> Floats:
    """Weights and bias of the conditional logit: all that are right of a question, or none."""
    every = np.vstack([e.features for e in examples])
    scale = np.maximum(every.std(axis=0), 1e-6)
    weights = np.zeros(len(scale) + 1)
    slow, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):  # Adam (Kingma and Ba 2015), over all examples
        slope = np.append(RIDGE * weights[:-1], 0.0)
        for one in examples:
            rows = np.hstack([one.features / scale, np.ones((len(one.right), 1))])
            share = chances(rows @ weights)
            wanted = np.where(one.right, share, 0.0)
            wanted = wanted / wanted.sum() if one.right.any() else wanted
            slope += rows.T @ (share - wanted)
        slope /= len(examples)
        slow, square = 0.9 * slow + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        weights -= RATE * (slow / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return np.append(weights[:-1] / scale, weights[-1])


def chances(odds: Floats) -> Floats:
    """Likelihood of each candidate, beside none of them."""
    most = max(float(odds.max(initial=0.0)), 0.0)
    exponents = np.exp(odds - most)
    return exponents / (exponents.sum() + np.exp(-most))


def curve(examples: Sequence[Example], weights: Floats) -> None:
    """Print what is asserted, group by group, from each likelihood on; and the ranking alone."""
    groups = sorted({e.group for e in examples})
    print("| asserted from | " + " | ".join(groups) + " |\n|---|" + "---|" * len(groups))
    for line in LINES:
        cells: list[str] = []
        for group in groups:
            own = [e for e in examples if e.group == group]
            told = [e for e in own if chances(e.odds(weights)).sum() >= line]
            right = sum(bool(e.right[e.odds(weights).argmax()]) for e in told)
            wrong = f"{(len(told) - right) / len(own):.2f}"
            cells.append(f"{right / len(own):.2f}, wrongly {wrong}" if own[0].answerable else wrong)
        print(f"| {line} | {' | '.join(cells)} |")
    for group in groups:
        own = [e for e in examples if e.group == group and e.answerable]
        ranked = [e.right[np.argsort(-e.odds(weights), kind="stable")] for e in own]
        if own:
            first, three, every = (np.mean([r[:n].any() for r in ranked]) for n in (1, 3, None))
            print(
                f"{group}: {len(own)}; {first:.2f} first, {three:.2f} among three, {every:.2f} all"
            )


def main() -> None:
    """Fit the line, or print the curve of the weights that are set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("sets", nargs="*", type=Path)
    parser.add_argument("--tutorials", type=Path)
    parser.add_argument("--half", choices=("fitted", "aside"), default="fitted")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = arguments.home or Path(folder)
        box = Toolbox(Library(home / "library"))
        examples = list(of_sets(arguments.sets, box, home))
        if arguments.tutorials:
            examples += of_tutorials(arguments.tutorials, arguments.half, box, home)
    weights = np.array([*WEIGHTS.values(), BIAS])
    if arguments.fit:
        weights = fit(examples)
        for name, value in zip((*WEIGHTS, "bias"), weights, strict=True):
            print(f"{name}: {value:.2f}")
    curve(examples, weights)


if __name__ == "__main__":
    main()
