"""Search in real tutorials, with questions that people typed, and the fit of its weights.

    python -m benchmarks.tutorials DIR [--fit] [--half fitted|aside]

DIR holds subtitles (`<video>.srt`) and questions.json: a list of objects with "video", "title",
"q", and "start" and "end" of the span that answers, in seconds. Weights are fitted on every other
video in the order of their names, from the first; the others are kept aside. Printed are:

* first, among five: a hit is right where the middle of its cue lies in the span, 3 s more or less;
* shown: one of the first three is right, and lasts at most 30 s or one and a half times the span;
* all videos in one library: the right one among the first three and eight candidates, and among
  the first three that the merged hits of eight candidates name; the first merged hit is right.
"""

import argparse
import hashlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import bm25s
import numpy as np
from numpy.typing import NDArray

from tools.embed import load_embedder
from tools.embed.passages import ABOUT, WIDTHS, around, mean_vectors
from tools.media import Utterance
from tools.search.corpus import Corpus
from tools.search.text_ranking import search, traits
from tools.search.video_ranking import question_pairs, question_stems, video_scores, video_traits
from tools.store.embeddings import LONG_SECONDS
from tools.text.tokens import stem, stems, surface_forms
from tools.transcript.subtitles import read_sidecar, transcript

SLACK, SHOWN_SECONDS, SHOWN_SHARE = 3.0, 30.0, 1.5
AMONG, SHOWN, CANDIDATES, NEIGHBOURS = 5, 3, 8, 64
RIDGE, STEPS, LONGEST = 2.0, 14, 1.5

Floats = NDArray[np.float64]
Question = dict[str, Any]
EMBEDDER = load_embedder("wordllama")


class Tutorial:
    """One video as an index has it."""

    def __init__(self, path: Path) -> None:
        track = read_sidecar(path, path)
        self.id = hashlib.sha256(path.stem.encode()).hexdigest()[:16]
        self.cues: list[Utterance] = list(transcript(self.id, [track], None).utterances)
        self.corpus = Corpus(self.cues)
        rows = EMBEDDER.texts([cue.text for cue in self.cues])
        self.passages = mean_vectors(self.cues, rows, around(self.cues, WIDTHS[ABOUT]))
        starts = [cue.start for cue in self.cues]
        chosen = [0]
        for place, start in enumerate(starts):
            if start - starts[chosen[-1]] >= LONG_SECONDS / 2:
                chosen.append(place)
        self.coarse = mean_vectors(self.cues, rows, around(self.cues, LONG_SECONDS)[chosen])
        forms = [[stem(word) for word in surface_forms(cue.text)] for cue in self.cues]
        self.counts = Counter(word for cue in self.cues for word in stems(cue.text))
        self.pairs = Counter(pair for text in forms for pair in pairwise(text))
        self.bm25 = bm25s.BM25()
        self.bm25.index([stems(cue.text) for cue in self.cues], show_progress=False)

    def cosines(self, question: str) -> dict[str, float]:
        """Cosines of the nearest passages, by the id of the cue in their middle."""
        near = self.passages @ EMBEDDER.questions([question])[0]
        nearest = np.argsort(-near, kind="stable")[:NEIGHBOURS]
        return {self.cues[i].id: float(near[i]) for i in nearest}

    def keywords(self, question: str) -> list[Utterance]:
        """Cues by BM25, best first."""
        words = [word for word in stems(question) if word in self.bm25.vocab_dict]
        scores = self.bm25.get_scores(words) if words else np.zeros(len(self.cues))
        return [self.cues[i] for i in np.argsort(-scores, kind="stable")[:AMONG]]

    def ours(self, question: str) -> list[tuple[Utterance, float]]:
        """Cues by our ranking with their scores, best first."""
        return search(question, self.corpus, self.cosines(question), limit=AMONG)


def is_right(cue: Utterance, question: Question) -> bool:
    """True if the middle of a cue lies in the span that answers, or SLACK beside it."""
    middle = (cue.start + cue.end) / 2
    return question["start"] - SLACK <= middle <= question["end"] + SLACK


def is_shown(cues: Sequence[Utterance], question: Question) -> bool:
    """True if one of the first three cues is right and short enough to be looked at."""
    span = question["end"] - question["start"]
    most = max(SHOWN_SECONDS, SHOWN_SHARE * span)
    return any(is_right(cue, question) and cue.end - cue.start <= most for cue in cues[:SHOWN])


class Library:
    """All tutorials in one library, as its catalog counts them."""

    def __init__(self, tutorials: Sequence[Tutorial]) -> None:
        self.tutorials = {one.id: one for one in tutorials}
        self._owners = [one.id for one in tutorials for _ in one.coarse]
        self._coarse = np.concatenate([one.coarse for one in tutorials])

    def evidence(self, question: str) -> tuple[Any, Any, list[tuple[str, float]]]:
        """What `video_traits` takes: counts of stems and of pairs, and the nearest passages."""
        every = self.tutorials.values()
        counts = {
            word: {one.id: one.counts[word] for one in every if one.counts[word]}
            for word in question_stems(question)
        }
        pairs = {
            pair: {one.id: one.pairs[pair] for one in every if one.pairs[pair]}
            for pair in question_pairs(question)
        }
        near = self._coarse @ EMBEDDER.questions([question])[0]
        nearest = np.argsort(-near, kind="stable")[:NEIGHBOURS]
        return counts, pairs, [(self._owners[i], float(near[i])) for i in nearest]

    def candidates(self, question: str) -> list[str]:
        """Videos that a question may be about, likeliest first."""
        found = video_traits(question, *self.evidence(question), len(self.tutorials))
        scores = video_scores(found)
        return sorted(self.tutorials, key=lambda video: (-scores.get(video, 0.0), video))

    def merged(self, question: str, videos: Sequence[str]) -> list[Utterance]:
        """Hits of some videos by score."""
        hits = [hit for video in videos for hit in self.tutorials[video].ours(question)]
        return [cue for cue, _ in sorted(hits, key=lambda hit: -hit[1])]


class Row(NamedTuple):
    """A line of the table, as a list of what is right for each question."""

    first: list[bool]
    among: list[bool]
    shown: list[bool]


def measured(
    find: Callable[[Tutorial, str], list[Utterance]],
    tutorials: dict[str, Tutorial],
    questions: Sequence[Question],
) -> tuple[Row, float]:
    """What is right where each question is asked of its own video, and milliseconds a question."""
    row, begun = Row([], [], []), time.perf_counter()
    for question in questions:
        cues = find(tutorials[question["video"]], question["q"])
        right = [is_right(cue, question) for cue in cues]
        row.first.append(right[:1] == [True])
        row.among.append(any(right[:AMONG]))
        row.shown.append(is_shown(cues, question))
    return row, 1000 * (time.perf_counter() - begun) / len(questions)


def print_table(half: str, tutorials: dict[str, Tutorial], questions: Sequence[Question]) -> None:
    """Print the lines of one half, asked of the own video and of the library of all videos."""
    methods: dict[str, Callable[[Tutorial, str], list[Utterance]]] = {
        "BM25 over the cues": lambda one, question: one.keywords(question),
        "ours": lambda one, question: [cue for cue, _ in one.ours(question)],
    }
    for method, find in methods.items():
        row, took = measured(find, tutorials, questions)
        figures = " | ".join(f"{np.mean(column):.3f}" for column in row)
        print(f"| {half} | {len(questions)} | {method} | {figures} | {took:.1f} |")
    library, got = Library(list(tutorials.values())), defaultdict[str, list[bool]](list)
    for question in questions:
        own = tutorials[question["video"]].id
        found = library.candidates(question["q"])
        merged = library.merged(question["q"], found[:CANDIDATES])
        named = list(dict.fromkeys(cue.video for cue in merged))
        got["among three candidates"].append(own in found[:3])
        got["among eight candidates"].append(own in found[:CANDIDATES])
        got["first video named"].append(own in named[:1])
        got["among three named"].append(own in named[:3])
        best = [cue for cue in merged[:1] if cue.video == own and is_right(cue, question)]
        got["first merged hit right"].append(bool(best))
    told = ", ".join(f"{name} {np.mean(column):.3f}" for name, column in got.items())
    print(f"\n{half}, {len(tutorials)} videos in one library: {told}\n")


def fit(traits: Floats, right: NDArray[np.bool_], group: NDArray[np.int64]) -> Floats:
    """Weights of a conditional logit with a ridge penalty, by Newton's method.

    `traits` has a row for each choice, `group` its question (0, 1, ...); a question may have
    several right choices, of which one must be chosen.
    """
    spread = np.maximum(traits.std(axis=0), 1e-9)
    rows, weights = traits / spread, np.zeros(traits.shape[1])
    count = int(group.max()) + 1
    kept = np.bincount(group, right, count) > 0
    for _ in range(STEPS):
        odds = rows @ weights
        top = np.full(count, -np.inf)
        np.maximum.at(top, group, odds)
        likely = np.exp(odds - top[group]) * kept[group]
        wanted = likely * right
        likely /= np.maximum(np.bincount(group, likely, count), 1e-300)[group]
        wanted /= np.maximum(np.bincount(group, wanted, count), 1e-300)[group]
        slope = rows.T @ (wanted - likely) - RIDGE * weights
        means = np.stack([np.bincount(group, likely * row, count) for row in rows.T])
        curve = (rows * likely[:, None]).T @ rows - means @ means.T + RIDGE * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        weights = weights + step * min(1.0, LONGEST / max(float(np.linalg.norm(step)), 1e-9))
    return weights / spread


def print_fit(tutorials: dict[str, Tutorial], questions: Sequence[Question]) -> None:
    """Print the weights that a half gives: of cues in their video, in all videos, of videos."""
    inside: list[tuple[Floats, NDArray[np.bool_]]] = []
    across: list[tuple[Floats, NDArray[np.bool_]]] = []
    videos: list[tuple[Floats, NDArray[np.bool_]]] = []
    library = Library(list(tutorials.values()))
    for question in questions:
        traits_of = video_traits(question["q"], *library.evidence(question["q"]), len(tutorials))
        rows = np.array([traits_of.get(video, (0.0, 0.0, 0.0)) for video in library.tutorials])
        videos.append((rows, np.array([name == question["video"] for name in tutorials])))
        found: list[Floats] = []
        right: list[bool] = []
        for name, one in tutorials.items():
            told = traits(question["q"], one.corpus, one.cosines(question["q"]))
            if told is None:
                continue
            own = [name == question["video"] and is_right(cue, question) for cue in one.cues]
            near = np.clip(told.near, 0, 1)
            found.append(np.stack([told.share, told.paired, near], axis=1))
            right += own
            if name == question["video"]:
                rows = np.stack([told.words, told.pairs, told.near, told.length], axis=1)
                inside.append((rows, np.array(own)))
        if found:
            across.append((np.concatenate(found), np.array(right)))

    def fitted(choices: list[tuple[Floats, NDArray[np.bool_]]]) -> Floats:
        group = np.repeat(np.arange(len(choices)), [len(right) for _, right in choices])
        return fit(
            np.concatenate([rows for rows, _ in choices]),
            np.concatenate([right for _, right in choices]),
            group,
        )

    print("video_ranking.WORDS, PAIRS, NEAR:", fitted(videos).round(2))
    print("text_ranking.ODDS:", fitted(inside).round(2))
    shares = fitted(across)
    print("text_ranking.SHARES:", (shares / shares.sum()).round(2))


def main() -> None:
    """Parse the options and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--fit", action="store_true", help="print weights fitted to one half")
    parser.add_argument("--half", choices=("fitted", "aside"), action="append")
    options = parser.parse_args()
    questions = json.loads((options.folder / "questions.json").read_text(encoding="utf-8"))
    names = sorted({question["video"] for question in questions})
    tutorials = {name: Tutorial(options.folder / f"{name}.srt") for name in names}
    halves = {"fitted": set(names[::2]), "aside": set(names[1::2])}
    if options.fit:
        ours = {name: tutorials[name] for name in names[::2]}
        print_fit(ours, [one for one in questions if one["video"] in ours])
        return
    print("| half | questions | method | first | among five | shown | ms a question |")
    print("|---|---|---|---|---|---|---|")
    for half in options.half or halves:
        print_table(half, tutorials, [one for one in questions if one["video"] in halves[half]])


if __name__ == "__main__":
    main()
