"""Which passage of a long talk a question is about, and the fit of the weights that say so.

    python -m benchmarks.passages CUES.srt QUESTIONS.jsonl [CUES.srt QUESTIONS.jsonl ...]

A line of QUESTIONS holds "question", "kind" (found, absent or adjacent) and "truth", spans in
seconds. Each talk is judged by weights that are fitted to the others, where there are others; the
last lines give those that are fitted to all of them, for agent/extractive/passages.py.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.extractive.answer_type import sought
from agent.extractive.passages import Talks
from agent.extractive.query import understand
from agent.extractive.relevance import Relevance
from benchmarks.search import Meant, chosen, said
from tools.embed import TextEmbedder, load_embedder
from tools.library import Library
from tools.media import ScreenText, Utterance
from tools.search.passages import Nearness
from tools.search.text_ranking import Corpus, weigh
from tools.toolbox import Toolbox

Floats = NDArray[np.float64]
RIDGE, STEPS, RATE = 3.0, 1500, 0.2
PASSING = 0.03
"""The share of what is absent that may pass; what else an answer needs holds back most of it."""


class Transcript(Toolbox):
    """A toolbox that knows what is said in one talk."""

    def __init__(self, cues: Path, embedder: TextEmbedder) -> None:
        super().__init__(Library(Path(mkdtemp(prefix="cuepoint-passages-"))))
        spoken = said(cues)
        self._speech: Corpus[Utterance] = Corpus(spoken)
        self._meant = Meant(spoken, embedder)

    @property
    def embedder(self) -> TextEmbedder:
        """The one that is measured."""
        return self._meant.embedder

    @property
    def texts(self) -> Any:
        """Search in what is said: this."""
        return self

    def corpora(self, videos: Any) -> tuple[Corpus[Utterance], Corpus[ScreenText]]:
        """What is said, and nothing on screen."""
        return self._speech, Corpus(list[ScreenText](), noisy=True)

    def nearness(self, cues: Any, question: str) -> Nearness:
        """How near a question is to all the cues."""
        return self._meant.nearness(question)

    def weights(self, corpus: Any, question: str) -> Any:
        """How well the surroundings of each cue answer a question."""
        near = self._meant.cosines(question), self._meant.nearness(question)
        weighed = weigh(question, self._speech, *near)
        return weighed.fused if weighed else np.zeros(len(self._speech.items))


@dataclass(frozen=True)
class Asked:
    """A question, the cues that answer it, and what the talk looks like to it."""

    talk: str
    kind: str
    right: NDArray[np.bool_]
    traits: Floats
    presence: Floats


def ask(cues: Path, questions: Path, embedder: TextEmbedder) -> list[Asked]:
    """Every question of a talk."""
    toolbox, asked = Transcript(cues, embedder), list[Asked]()
    videos = ("0" * 16,)
    for line in questions.read_text().splitlines():
        question = json.loads(line)
        relevance = Relevance(toolbox, videos)
        words = tuple(sought(understand(question["question"], 3600.0)))
        talks = Talks(question["question"], words, relevance, videos)
        middles = np.array([(one.start + one.end) / 2 for one in talks.cues])
        right = np.zeros(len(middles), bool)
        for start, end in question["truth"]:
            right |= (middles >= start) & (middles <= end)
        kind = question.get("expect", question["kind"])
        presence = np.array([*talks.presence(), 1.0])
        asked.append(Asked(cues.stem, kind, right, talks.traits(), presence))
    return asked


def chances(one: Asked, weights: Floats) -> Floats:
    """How likely each cue is."""
    scores = one.traits @ weights
    scores = np.exp(scores - scores.max())
    return scores / scores.sum()


def fit_weights(asked: list[Asked]) -> Floats:
    """Weights under which the cues that answer are likeliest, by gradient ascent."""
    answered = [one for one in asked if one.right.any()]
    weights = np.zeros(answered[0].traits.shape[1])
    for _ in range(STEPS):
        slope = -RIDGE * weights
        for one in answered:
            likely = chances(one, weights)
            among = np.where(one.right, likely, 0.0)
            slope += one.traits.T @ (among / max(among.sum(), 1e-12) - likely)
        weights = weights + RATE * slope / len(answered)
    return weights


def fit_presence(asked: list[Asked]) -> Floats:
    """A logistic regression of found against absent, moved to where hardly an absent one passes."""
    judged = [one for one in asked if one.kind != "adjacent"]
    rows = np.stack([one.presence for one in judged])
    found = np.array([one.kind == "found" for one in judged], np.float64)
    spread = np.append(rows[:, :-1].std(axis=0), 1.0)
    weights = np.zeros(rows.shape[1])
    for _ in range(STEPS * 3):
        likely = 1 / (1 + np.exp(-(rows / spread) @ weights))
        slope = (rows / spread).T @ (found - likely) - np.append(weights[:-1], 0.0)
        weights = weights + slope / len(judged)
    weights = weights / spread
    absent = np.sort(rows[found == 0] @ weights)[::-1]
    weights[-1] -= absent[int(PASSING * len(absent))] + 1e-6
    return weights


def main() -> None:
    """Parse the options and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="CUES QUESTIONS")
    chosen(parser)
    options = parser.parse_args()
    files: list[Path] = options.files
    if len(files) % 2:
        parser.error("each CUES needs its QUESTIONS")
    embedder = load_embedder(options.embedder, options.home)
    pairs = zip(files[::2], files[1::2], strict=True)
    asked = [one for pair in pairs for one in ask(*pair, embedder)]
    print("| talk | questions | first cue right | found passed | absent passed | adjacent passed |")
    print("|---|---|---|---|---|---|")
    for talk in dict.fromkeys(one.talk for one in asked):
        own = [one for one in asked if one.talk == talk]
        others = [one for one in asked if one.talk != talk] or own
        weights, line = fit_weights(others), fit_presence(others)
        answered = [one for one in own if one.right.any()]
        hit = np.mean([one.right[chances(one, weights).argmax()] for one in answered])
        passed = [
            np.mean([one.presence @ line > 0 for one in own if one.kind == kind])
            for kind in ("found", "absent", "adjacent")
        ]
        shares = " | ".join(f"{share:.2f}" for share in (hit, *passed))
        print(f"| {talk} | {len(own)} | {shares} |")
    print("WEIGHTS =", tuple(round(float(x), 2) for x in fit_weights(asked)))
    print("PRESENT =", tuple(round(float(x), 2) for x in fit_presence(asked)))


if __name__ == "__main__":
    main()
