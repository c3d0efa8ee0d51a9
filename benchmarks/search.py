"""How well speech is found in long talks, beside plain BM25 and vectors alone.

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
from tools.embed import TextEmbedder, Vectors, load_embedder
from tools.media import Utterance
from tools.search import passages
from tools.search.passages import Nearness
from tools.search.text_ranking import Corpus, search
from tools.text.tokens import stems
from tools.transcript.subtitles import read_sidecar, transcript

WITHIN, AMONG = 30.0, 5

Ways = dict[str, Callable[[str], Sequence[Utterance]]]


def said(cues: Path) -> list[Utterance]:
    """The cues of a subtitle file as a library holds them."""
    track = read_sidecar(cues, cues)
    if track.trouble:
        raise SystemExit(f"{cues}: {track.trouble}")
    return list(transcript("0" * 16, [track], None).utterances)


class Meant:
    """The vectors of what is said, as an index holds them."""

    def __init__(self, spoken: list[Utterance], embedder: TextEmbedder) -> None:
        self.embedder, self._spoken = embedder, spoken
        self.rows = embedder.texts([one.text for one in spoken])
        told = passages.passages(spoken) if embedder.contextual else []
        rows = embedder.texts([one.text for one in told])
        self._read = Vectors([one.id for one in told], rows, embedder.name) if told else None

    def nearness(self, question: str) -> Nearness:
        """How near a question is to the cues, and to what is said around them."""
        asked = self.embedder.questions([question])[0]
        around = (
            passages.read(self._read, self._spoken, asked)
            if self._read
            else passages.means(self._spoken, self.rows, asked)
        )
        reader = self.embedder.name if self._read else ""
        return Nearness((self.rows @ asked).astype(np.float64), around, reader)

    def cosines(self, question: str) -> dict[str, float]:
        """How near each cue itself is, by its id."""
        near = self.rows @ self.embedder.questions([question])[0]
        return {one.id: float(value) for one, value in zip(self._spoken, near, strict=True)}


def ways(spoken: list[Utterance], embedder: TextEmbedder) -> Ways:
    """The ways to search: each gives the cues for a question, best first."""
    meant = Meant(spoken, embedder)
    bm25 = bm25s.BM25()
    bm25.index([stems(one.text) for one in spoken], show_progress=False)
    corpus = Corpus(spoken)
    by_id = {one.id: one for one in spoken}

    def keywords(question: str) -> list[Utterance]:
        words = [word for word in stems(question) if word in bm25.vocab_dict]
        scores = bm25.get_scores(words) if words else np.zeros(len(spoken))
        return [spoken[i] for i in np.argsort(-scores, kind="stable")[:AMONG]]

    def meaning(question: str) -> list[Utterance]:
        near = meant.rows @ embedder.questions([question])[0]
        return [spoken[i] for i in np.argsort(-near, kind="stable")[:AMONG]]

    def ours(question: str) -> list[Utterance]:
        near = meant.cosines(question), meant.nearness(question)
        return [by_id[hit.id] for hit in search(question, corpus, *near, limit=AMONG)]

    return {"BM25 over the cues": keywords, "vectors alone": meaning, "ours": ours}


def place(question: dict[str, Any], found: Sequence[Utterance]) -> int:
    """Where the first right cue stands, from 0; AMONG where none is right."""
    for number, one in enumerate(found):
        if any(s - WITHIN <= one.start <= e + WITHIN for s, e in question["truth"]):
            return number
    return AMONG


def chosen(parser: argparse.ArgumentParser) -> None:
    """The options that say which text model is measured."""
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
    chosen(parser)
    options = parser.parse_args()
    if len(options.files) % 2:
        parser.error("every file of cues needs one of questions")
    embedder = load_embedder(options.embedder, options.home)
    places: dict[str, list[int]] = {}
    print("| talk | questions | search | first | among five | ms a question |")
    print("|---|---|---|---|---|---|")

    def row(talk: str, way: str, at: list[int], took: str) -> None:
        first, among = at.count(0) / len(at), 1 - at.count(AMONG) / len(at)
        print(f"| {talk} | {len(at)} | {way} | {first:.2f} | {among:.2f} | {took} |")

    for cues, path in zip(options.files[::2], options.files[1::2], strict=True):
        every = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        questions = [one for one in every if one.get("expect", one["kind"]) == "found"]
        for way, find in ways(said(cues), embedder).items():
            find(questions[0]["question"])  # the first one warms up
            begun = time.perf_counter()
            found = [find(one["question"]) for one in questions]
            took = 1000 * (time.perf_counter() - begun) / len(questions)
            at = [place(*pair) for pair in zip(questions, found, strict=True)]
            places.setdefault(way, []).extend(at)
            row(cues.stem, way, at, f"{took:.1f}")
            if way == "ours" and options.verbose:
                for one, where, cited in zip(questions, at, found, strict=True):
                    if where:
                        print(f"  {where} {one['question']} {one['truth']}")
                        for cue in cited:
                            print(f"      {cue.start:.0f} {cue.text}")
    if len(options.files) > 2:
        for way, at in places.items():
            row("all", way, at, "")


if __name__ == "__main__":
    main()
