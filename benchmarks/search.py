"""Speech search in long talks, beside plain BM25 and vectors alone.

    python -m benchmarks.search CUES.srt QUESTIONS.jsonl [CUES.srt QUESTIONS.jsonl ...]

A line of QUESTIONS holds "question", "kind" and "truth", spans in seconds; only those of the kind
"found" count. A cue is right where it begins in a span of the truth, 30 seconds more or less.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bm25s
import numpy as np

from agent.settings import Settings
from tools.embed import TextEmbedder, Vectors, load_embedder, passages
from tools.embed.passages import Nearness
from tools.media import Utterance
from tools.search.corpus import Corpus
from tools.search.text_ranking import search
from tools.text.tokens import stems
from tools.transcript.subtitles import read_sidecar, transcript

WITHIN, AMONG, NEIGHBOURS = 30.0, 5, 64

Methods = dict[str, Callable[[str], Sequence[Utterance]]]


def read_cues(cues: Path) -> list[Utterance]:
    """Cues of a subtitle file as utterances."""
    track = read_sidecar(cues, cues)
    if track.trouble:
        raise SystemExit(f"{cues}: {track.trouble}")
    return list(transcript("0" * 16, [track], None).utterances)


class TranscriptVectors:
    """Vectors of a transcript, as an index has them."""

    def __init__(self, spoken: list[Utterance], embedder: TextEmbedder) -> None:
        self.embedder, self._spoken = embedder, spoken
        self.rows = embedder.texts([cue.text for cue in spoken])
        windows = passages.passages(spoken) if embedder.contextual else []
        rows = embedder.texts([window.text for window in windows])
        ids = [window.id for window in windows]
        self._read = Vectors(ids, rows, embedder.name) if windows else None

    def nearness(self, question: str) -> Nearness:
        """Similarity of a question to the cues, and to the windows around them."""
        asked = self.embedder.questions([question])[0]
        around = (
            passages.read(self._read, self._spoken, asked)
            if self._read
            else passages.means(self._spoken, self.rows, asked)
        )
        reader = self.embedder.name if self._read else ""
        return Nearness((self.rows @ asked).astype(np.float64), around, reader)

    def cosines(self, question: str) -> dict[str, float]:
        """Similarity of the nearest passages, by the id of the cue in their middle."""
        near = self.nearness(question).around[passages.ABOUT]
        nearest = np.argsort(-near, kind="stable")[:NEIGHBOURS]
        return {self._spoken[i].id: float(near[i]) for i in nearest}


def search_methods(spoken: list[Utterance], embedder: TextEmbedder) -> Methods:
    """Search methods by name: each returns the cues for a question, best first."""
    vectors = TranscriptVectors(spoken, embedder)
    bm25 = bm25s.BM25()
    bm25.index([stems(cue.text) for cue in spoken], show_progress=False)
    corpus = Corpus(spoken)
    by_id = {cue.id: cue for cue in spoken}

    def keywords(question: str) -> list[Utterance]:
        words = [word for word in stems(question) if word in bm25.vocab_dict]
        scores = bm25.get_scores(words) if words else np.zeros(len(spoken))
        return [spoken[i] for i in np.argsort(-scores, kind="stable")[:AMONG]]

    def meaning(question: str) -> list[Utterance]:
        near = vectors.rows @ embedder.questions([question])[0]
        return [spoken[i] for i in np.argsort(-near, kind="stable")[:AMONG]]

    def ours(question: str) -> list[Utterance]:
        near, read = vectors.cosines(question), embedder.contextual
        hits = search(question, corpus, near, read=read, limit=AMONG)
        return [by_id[cue.id] for cue, _ in hits]

    return {"BM25 over the cues": keywords, "vectors alone": meaning, "ours": ours}


def rank(question: dict[str, Any], ranking: Sequence[Utterance]) -> int:
    """Rank of the first right cue, from 0; AMONG if none is right."""
    for number, cue in enumerate(ranking):
        if any(s - WITHIN <= cue.start <= e + WITHIN for s, e in question["truth"]):
            return number
    return AMONG


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the text model."""
    home = Settings.from_env({}).home
    parser.add_argument("--embedder", default="wordllama", help="a text model: wordllama, e5-small")
    parser.add_argument("--home", type=Path, default=home, help="where models were downloaded to")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="CUES QUESTIONS")
    parser.add_argument("--verbose", action="store_true", help="print what is not found first")
    add_model_options(parser)
    options = parser.parse_args()
    if len(options.files) % 2:
        parser.error("every file of cues needs one of questions")
    embedder = load_embedder(options.embedder, options.home)
    places: dict[str, list[int]] = {}
    print("| talk | questions | search | first | among five | ms a question |")
    print("|---|---|---|---|---|---|")

    def row(talk: str, method: str, at: list[int], took: str) -> None:
        first, among = at.count(0) / len(at), 1 - at.count(AMONG) / len(at)
        print(f"| {talk} | {len(at)} | {method} | {first:.2f} | {among:.2f} | {took} |")

    for cues, path in zip(options.files[::2], options.files[1::2], strict=True):
        every = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        questions = [line for line in every if line.get("expect", line["kind"]) == "found"]
        for method, find in search_methods(read_cues(cues), embedder).items():
            find(questions[0]["question"])  # the first one warms up
            begun = time.perf_counter()
            rankings = [find(question["question"]) for question in questions]
            took = 1000 * (time.perf_counter() - begun) / len(questions)
            at = [rank(*pair) for pair in zip(questions, rankings, strict=True)]
            places.setdefault(method, []).extend(at)
            row(cues.stem, method, at, f"{took:.1f}")
            if method == "ours" and options.verbose:
                for one, where, cited in zip(questions, at, rankings, strict=True):
                    if where:
                        print(f"  {where} {one['question']} {one['truth']}")
                        for cue in cited:
                            print(f"      {cue.start:.0f} {cue.text}")
    if len(options.files) > 2:
        for method, at in places.items():
            row("all", method, at, "")


if __name__ == "__main__":
    main()
