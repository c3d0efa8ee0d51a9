"""Passage retrieval in long talks, and the fit of its weights.

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
from agent.extractive.passages import Talks
from agent.extractive.query import understand
from agent.extractive.relevance import Relevance
from numpy.typing import NDArray

from agent.extractive.answer_type import sought
from benchmarks.search import TranscriptVectors, add_model_options, read_cues
from tools.embed import TextEmbedder, load_embedder
from tools.embed.passages import Nearness
from tools.library import Library
from tools.media import ScreenText, Utterance
from tools.search.corpus import Corpus
from tools.search.text_ranking import weigh
from tools.toolbox import Toolbox

Floats = NDArray[np.float64]
RIDGE, STEPS, RATE = 3.0, 1500, 0.2
PASSING = 0.03
"""Share of absent questions that may pass; other conditions of an answer stop most of them."""


class Transcript(Toolbox):
    """A toolbox with the transcript of one talk."""

    def __init__(self, cues: Path, embedder: TextEmbedder) -> None:
        super().__init__(Library(Path(mkdtemp(prefix="cuepoint-passages-"))))
        spoken = read_cues(cues)
        self._speech: Corpus[Utterance] = Corpus(spoken)
        self._vectors = TranscriptVectors(spoken, embedder)
        self.embedder = embedder
        self.texts: Any = self

    def corpora(self, videos: Any) -> tuple[Corpus[Utterance], Corpus[ScreenText]]:
        """Corpora of speech and of screen text, of which the latter is empty."""
        return self._speech, Corpus(list[ScreenText](), noisy=True)

    def nearness(self, cues: Any, question: str) -> Nearness:
        """Similarity of a question to all cues."""
        return self._vectors.nearness(question)

    def weights(self, corpus: Any, question: str) -> Any:
        """Score of each cue with its surroundings for a question."""
        near, read = self._vectors.cosines(question), self.embedder.contextual
        weighed = weigh(question, self._speech, near, read=read)
        return weighed.fused if weighed else np.zeros(len(self._speech.items))


@dataclass(frozen=True)
class Example:
    """A training example: the cues that answer a question, and its features."""

    talk: str
    kind: str
    right: NDArray[np.bool_]
    traits: Floats
    presence: Floats


def examples_of(cues: Path, questions: Path, embedder: TextEmbedder) -> list[Example]:
    """Training examples of a talk."""
    toolbox, examples = Transcript(cues, embedder), list[Example]()
    videos = ("0" * 16,)
    for line in questions.read_text().splitlines():
        question = json.loads(line)
        relevance = Relevance(toolbox, videos)
        words = tuple(sought(understand(question["question"], 3600.0)))
        talks = Talks(question["question"], words, relevance, videos)
        middles = np.array([(cue.start + cue.end) / 2 for cue in talks.cues])
        right = np.zeros(len(middles), bool)
        for start, end in question["truth"]:
            right |= (middles >= start) & (middles <= end)
        kind = question.get("expect", question["kind"])
        presence = np.array([*talks.presence(), 1.0])
        examples.append(Example(cues.stem, kind, right, talks.traits(), presence))
    return examples


def probabilities(example: Example, weights: Floats) -> Floats:
    """Probability of each cue."""
    scores = example.traits @ weights
    scores = np.exp(scores - scores.max())
    return scores / scores.sum()


def fit_weights(examples: list[Example]) -> Floats:
    """Fit the weights by gradient ascent on the likelihood of the cues that answer."""
    answered = [example for example in examples if example.right.any()]
    weights = np.zeros(answered[0].traits.shape[1])
    for _ in range(STEPS):
        slope = -RIDGE * weights
        for example in answered:
            likely = probabilities(example, weights)
            among = np.where(example.right, likely, 0.0)
            slope += example.traits.T @ (among / max(among.sum(), 1e-12) - likely)
        weights = weights + RATE * slope / len(answered)
    return weights


def fit_presence(examples: list[Example]) -> Floats:
    """Fit a logistic regression of found against absent that PASSING of the absent pass."""
    labelled = [example for example in examples if example.kind != "adjacent"]
    rows = np.stack([example.presence for example in labelled])
    found = np.array([example.kind == "found" for example in labelled], np.float64)
    spread = np.append(rows[:, :-1].std(axis=0), 1.0)
    weights = np.zeros(rows.shape[1])
    for _ in range(STEPS * 3):
        likely = 1 / (1 + np.exp(-(rows / spread) @ weights))
        slope = (rows / spread).T @ (found - likely) - np.append(weights[:-1], 0.0)
        weights = weights + slope / len(labelled)
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
    add_model_options(parser)
    options = parser.parse_args()
    files: list[Path] = options.files
    if len(files) % 2:
        parser.error("each CUES needs its QUESTIONS")
    embedder = load_embedder(options.embedder, options.home)
    pairs = zip(files[::2], files[1::2], strict=True)
    examples = [example for pair in pairs for example in examples_of(*pair, embedder)]
    print("| talk | questions | first cue right | found passed | absent passed | adjacent passed |")
    print("|---|---|---|---|---|---|")
    for talk in dict.fromkeys(example.talk for example in examples):
        own = [example for example in examples if example.talk == talk]
        others = [example for example in examples if example.talk != talk] or own
        weights, line = fit_weights(others), fit_presence(others)
        answered = [example for example in own if example.right.any()]
        hit = np.mean(
            [example.right[probabilities(example, weights).argmax()] for example in answered]
        )
        passed = [
            np.mean([example.presence @ line > 0 for example in own if example.kind == kind])
            for kind in ("found", "absent", "adjacent")
        ]
        shares = " | ".join(f"{share:.2f}" for share in (hit, *passed))
        print(f"| {talk} | {len(own)} | {shares} |")
    print("WEIGHTS =", tuple(round(float(x), 2) for x in fit_weights(examples)))
    print("PRESENT =", tuple(round(float(x), 2) for x in fit_presence(examples)))


if __name__ == "__main__":
    main()
