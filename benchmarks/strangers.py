"""Questions that strangers typed, asked of the whole program: what is asserted, and what is shown.

    python -m benchmarks.strangers SET.jsonl... [--home FOLDER] [--each]

A set has a question a line: "video" (below CUEPOINT_MEDIA; `talk:NAME` for subtitles beside the
set; `tutorial:ID` for those of TUTORIALS) or "videos", "question", "conversation", "kind",
"expect", "truth" (spans in seconds), "says" and "facts" (alternatives between bars). Videos of
subtitles alone are made grey, of their length. Printed, for clips and talks apart:

* shown: a moment among the first three, of evidence or of what comes nearest, has its middle in the
  truth, 1 s more or less (talks 15 s), lasts at most 10 s (30 s), and the three at most a fifth of
  the video together; beside it the same for three random moments;
* asserted right, of what can be answered: found, and the first citation is such a moment, or
  the text says it where no moment is the truth;
* asserted wrongly, of what is absent, and of what is adjacent to what is there;
* useful, of questions about the whole: three of five facts that the author wrote down before;
* reason right, of what cannot be answered.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.transcript.subtitles import read_sidecar

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
CLIP_SLACK, CLIP_SECONDS, TALK_SLACK, TALK_SECONDS, SHARE = 1.0, 10.0, 15.0, 30.0, 0.2
AMONG, FACTS = 3, 3
REASONS = {
    "absent": ("absent", "unsure"), "adjacent": ("unsure", "absent"), "cannot": ("cannot",),
    "outside": ("outside",),
}  # fmt: skip
Question = dict[str, Any]
Span = tuple[float, float]


class Judged(NamedTuple):
    """One question with its answer, and what is true of it."""

    question: Question
    answer: Answer
    is_talk: bool
    is_shown: bool
    is_right: bool
    by_chance: float


def grey(path: Path, subtitles: Path) -> Path:
    """A grey video of the length of subtitles, which lie beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".srt")
    if path.exists():
        return path
    beside.write_bytes(subtitles.read_bytes())
    track = read_sidecar(beside, beside)
    seconds = max(cue.end for cue in track.cues) + 1.0
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=2)
        stream.width, stream.height, stream.time_base = 160, 90, Fraction(1, 2)
        picture = np.full((90, 160, 3), 128, np.uint8)
        for number in range(int(seconds * 2)):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def locate(name: str, beside: Path, home: Path) -> Path:
    """The file of a question's video, made where it is subtitles alone."""
    kind, _, rest = name.partition(":")
    if kind == "talk":
        return grey(home / "talks" / f"{rest}.mp4", beside / f"talk_{rest}.srt")
    if kind == "tutorial":
        folder = Path(os.environ.get("TUTORIALS", SHARED / "tutorials"))
        return grey(home / "tutorials" / f"{rest}.mp4", folder / f"{rest}.srt")
    if kind.startswith("samples/"):
        return ROOT / name
    return Path(os.environ.get("CUEPOINT_MEDIA", SHARED / "media")) / name


def read(path: Path) -> list[Question]:
    """The questions of a set, each with the folder of its set."""
    lines = path.read_text("utf-8").splitlines()
    return [json.loads(line) | {"beside": path.parent} for line in lines if line.strip()]


def named(question: Question) -> list[str]:
    """Names of the videos that a question is about."""
    return question.get("videos") or [question["video"]]


def hits(
    spans: Iterable[Span], truth: Sequence[Sequence[float]], duration: float, is_talk: bool
) -> bool:
    """True if one of the first moments is in the truth, and they are short enough."""
    first = list(spans)[:AMONG]
    slack, longest = (TALK_SLACK, TALK_SECONDS) if is_talk else (CLIP_SLACK, CLIP_SECONDS)
    if sum(end - start for start, end in first) > max(SHARE * duration, longest / 2):
        first = first[:1]
    return any(
        low - slack <= (start + end) / 2 <= high + slack and end - start <= longest
        for start, end in first
        for low, high in truth
    )


def by_chance(truth: Sequence[Sequence[float]], duration: float, is_talk: bool, seed: str) -> float:
    """How often three random moments of five seconds hit."""
    rng, tries = random.Random(seed), 50
    count = 0
    for _ in range(tries):
        starts = [rng.uniform(0, max(duration - 5.0, 0.1)) for _ in range(AMONG)]
        count += hits([(at, at + 5.0) for at in starts], truth, duration, is_talk)
    return count / tries


def says(answer: str, wanted: Sequence[str]) -> int:
    """How many of the wanted things a text says, each in one of its ways."""
    text = answer.lower()
    return sum(any(way.strip().lower() in text for way in one.split("|")) for one in wanted)


def judge(question: Question, answer: Answer, ids: dict[str, str], library: Library) -> Judged:
    """Compare an answer with the truth."""
    videos = [ids[name] for name in named(question)]
    duration = library.get(videos[0]).duration
    truth, is_talk = question.get("truth") or [], ":" in named(question)[0]
    moments = answer.evidence if answer.found else answer.nearest
    spans = [(n.evidence.start, n.evidence.end) for n in moments if n.evidence.kind != "video"]
    shown = bool(truth) and hits(spans, truth, duration, is_talk)
    if question["kind"] == "whole" and question.get("facts"):
        right = answer.found and says(answer.answer, question["facts"]) >= FACTS
    elif question["expect"] == "product":
        right = says(answer.answer, question["says"]) == len(question["says"])
    elif truth:
        first = (
            spans[: len(answer.evidence)]
            if question["kind"] in ("count", "twopart", "compare")
            else spans[:1]
        )
        right = answer.found and (
            hits(first, truth, duration, is_talk) or (shown and bool(question["says"]))
        )
        right = right and says(answer.answer, question["says"]) == len(question["says"])
    else:
        right = answer.found and says(answer.answer, question["says"]) == len(question["says"])
    chance = by_chance(truth, duration, is_talk, question["id"]) if truth else 0.0
    return Judged(question, answer, is_talk, shown, right, chance)


async def asked(questions: Sequence[Question], home: Path) -> list[Judged]:
    """Every question with its judged answer, conversation by conversation."""
    library = Library(home / "library")
    paths = {name: locate(name, q["beside"], home) for q in questions for name in named(q)}
    ids = {name: ingest(library, path).id for name, path in paths.items()}
    found: list[Judged] = []
    threads: dict[str, str] = {}
    async with open_agent(Settings(home=home / "library")) as agent:
        for question in questions:
            videos = [ids[name] for name in named(question)]
            thread = threads.get(question.get("conversation") or question["id"])
            *_, answer = [
                event
                async for event in ask(agent, question["question"], videos=videos, thread=thread)
            ]
            assert isinstance(answer, Answer)
            threads[question.get("conversation") or question["id"]] = answer.thread
            found.append(judge(question, answer, ids, library))
    return found


def share(values: Iterable[bool | float]) -> str:
    """A mean with the number of values."""
    every = list(values)
    return f"{sum(every) / len(every):.2f} of {len(every)}" if every else "none"


def report(judged: Sequence[Judged]) -> None:
    """Print the figures, for clips and talks apart and together."""
    groups = {
        "clips": [j for j in judged if not j.is_talk],
        "talks": [j for j in judged if j.is_talk],
    }
    print("| what | clips | talks | all |\n|---|---|---|---|")

    def row(what: str, figure: Any) -> None:
        print(f"| {what} | {' | '.join(figure(g) for g in [*groups.values(), judged])} |")

    def expect(group: Sequence[Judged], *names: str) -> list[Judged]:
        return [j for j in group if j.question["expect"] in names]

    def timed(group: Sequence[Judged]) -> list[Judged]:
        return [j for j in expect(group, "found") if j.question.get("truth")]

    row("shown", lambda g: share(j.is_shown for j in timed(g)))
    row("three random moments", lambda g: share(j.by_chance for j in timed(g)))
    whole = lambda j: j.question["kind"] == "whole"  # noqa: E731
    row("asserted right", lambda g: share(j.is_right for j in expect(g, "found") if not whole(j)))
    row("asserted wrongly, answerable", lambda g: share(
        j.answer.found and not j.is_right for j in expect(g, "found") if not whole(j)))  # fmt: skip
    row("asserted wrongly, absent", lambda g: share(j.answer.found for j in expect(g, "absent")))
    row(
        "asserted wrongly, adjacent", lambda g: share(j.answer.found for j in expect(g, "adjacent"))
    )
    row("useful, the whole", lambda g: share(j.is_right for j in expect(g, "found") if whole(j)))
    row("reason right", lambda g: share(
        j.answer.reason in REASONS[j.question["expect"]] for j in expect(g, *REASONS)))  # fmt: skip
    row("longest, in seconds", lambda g: f"{max((j.answer.seconds for j in g), default=0):.1f}")


def each(judged: Sequence[Judged]) -> None:
    """Print every question with what came of it."""
    for one in judged:
        question, answer = one.question, one.answer
        marks = ("R" if one.is_right else "-") + ("S" if one.is_shown else "-")
        told = " / ".join(answer.answer.splitlines())[:200]
        print(f"{marks} {question['id']} {question['kind']} {question['expect']} "
              f"{answer.found} {answer.reason} | {question['question']} | {told}")  # fmt: skip


def main() -> None:
    """Ask the questions of some sets and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--home", type=Path, help="a folder that is kept")
    parser.add_argument("--each", action="store_true", help="print every question")
    arguments = parser.parse_args()
    questions = [question for path in arguments.sets for question in read(path)]
    by_kind: dict[str, list[Judged]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        judged = asyncio.run(asked(questions, arguments.home or Path(folder)))
    if arguments.each:
        each(judged)
    report(judged)
    for one in judged:
        by_kind[one.question["kind"]].append(one)
    for kind, group in sorted(by_kind.items()):
        right = share(
            j.is_right or j.answer.reason in REASONS.get(j.question["expect"], ()) for j in group
        )
        print(f"{kind}: {right}")


if __name__ == "__main__":
    main()
