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

from tools.embed import Vectors, load_embedder
from tools.media import Utterance
from tools.search import Corpus, search
from tools.stemming import stems
from tools.subtitles import read_sidecar, transcript

WITHIN, AMONG = 30.0, 5

Ways = dict[str, Callable[[str], Sequence[Utterance]]]


def said(cues: Path) -> list[Utterance]:
    """The cues of a subtitle file as a library holds them."""
    track = read_sidecar(cues, cues)
    if track.trouble:
        raise SystemExit(f"{cues}: {track.trouble}")
    return list(transcript("0" * 16, [track], None).utterances)


def ways(spoken: list[Utterance]) -> Ways:
    """The ways to search: each gives the cues for a question, best first."""
    embedder = load_embedder()
    vectors = embedder.texts([one.text for one in spoken])
    bm25 = bm25s.BM25()
    bm25.index([stems(one.text) for one in spoken], show_progress=False)
    corpus = Corpus(spoken, [Vectors([one.id for one in spoken], vectors, embedder.name)])
    by_id = {one.id: one for one in spoken}

    def keywords(question: str) -> list[Utterance]:
        words = [word for word in stems(question) if word in bm25.vocab_dict]
        scores = bm25.get_scores(words) if words else np.zeros(len(spoken))
        return [spoken[i] for i in np.argsort(-scores, kind="stable")[:AMONG]]

    def meaning(question: str) -> list[Utterance]:
        near = vectors @ embedder.texts([question])[0]
        return [spoken[i] for i in np.argsort(-near, kind="stable")[:AMONG]]

    def ours(question: str) -> list[Utterance]:
        near = vectors @ embedder.texts([question])[0]
        cosines = {one.id: float(value) for one, value in zip(spoken, near, strict=True)}
        return [by_id[hit.id] for hit in search(question, corpus, cosines, limit=AMONG)]

    return {"BM25 over the cues": keywords, "vectors alone": meaning, "ours": ours}


def place(question: dict[str, Any], found: Sequence[Utterance]) -> int:
    """Where the first right cue stands, from 0; AMONG where none is right."""
    for number, one in enumerate(found):
        if any(s - WITHIN <= one.start <= e + WITHIN for s, e in question["truth"]):
            return number
    return AMONG


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="CUES QUESTIONS")
    parser.add_argument("--verbose", action="store_true", help="print what is not found first")
    options = parser.parse_args()
    if len(options.files) % 2:
        parser.error("every file of cues needs one of questions")
    places: dict[str, list[int]] = {}
    print("| talk | questions | search | first | among five | ms a question |")
    print("|---|---|---|---|---|---|")

    def row(talk: str, way: str, at: list[int], took: str) -> None:
        first, among = at.count(0) / len(at), 1 - at.count(AMONG) / len(at)
        print(f"| {talk} | {len(at)} | {way} | {first:.2f} | {among:.2f} | {took} |")

    for cues, path in zip(options.files[::2], options.files[1::2], strict=True):
        every = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        questions = [one for one in every if one.get("expect", one["kind"]) == "found"]
        for way, find in ways(said(cues)).items():
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
