"""Ask the questions of tests/questions and count what is right: `python -m benchmarks.quality`.

A citation is right when its middle lies in the truth, half a second more or less, and it is no
longer than ten seconds or twice the truth. Every citation counts. Questions about what is absent,
and about facts that no video states, are right when the answer is "not found". Counted apart are
short videos and the hour-long talk that benchmarks/talk.py makes, without a voice, as its times
differ.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.agent import Agent, open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tools.ingest.pipeline import ingest
from tools.library import Library

ROOT = Path(__file__).parents[1]
SLACK = 0.5
LONGEST = 10.0
TALK = "talk.mp4"


def questions(half: str) -> dict[str, list[dict[str, Any]]]:
    """Questions of one half by conversation, in their order."""
    conversations: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted((ROOT / "tests" / "questions").glob(f"*_{half}.jsonl")):
        for line in path.read_text().splitlines():
            question = json.loads(line)
            conversations[question["conversation"]].append(question)
    return conversations


def locate(name: str, home: Path) -> Path | None:
    """Path of a question's video: the sample, the talk, or one of the real videos."""
    if name == TALK:
        from benchmarks.talk import make

        made = home / "talk" / name
        return made if made.exists() else make(made.parent)
    if name.startswith("samples/"):
        return ROOT / name
    folder = Path(os.environ.get("CUEPOINT_MEDIA", ROOT.parent / "shared" / "media"))
    return folder / name if (folder / name).exists() else None


def is_right(question: dict[str, Any], answer: Answer) -> bool:
    """True if an answer is right: the rule at the top of this file."""
    if question["expect"] != "found":
        return not answer.found
    truth: list[list[float]] = question["truth"]
    if not answer.found or not answer.evidence:
        return False
    hit: set[int] = set()
    for cited in answer.evidence:
        start, end = cited.evidence.start, cited.evidence.end
        middle, length = (start + end) / 2, end - start
        fitting = {
            n
            for n, (start, end) in enumerate(truth)
            if start - SLACK <= middle <= end + SLACK
            and length <= max(LONGEST, 2 * (end - start)) + 1e-6
        }
        if not fitting:
            return False
        hit |= fitting
    if question.get("all") and len(hit) < len(truth):
        return False
    text = " ".join([answer.answer, *(c.evidence.text for c in answer.evidence)]).casefold()
    return all(
        any(part.strip() in text for part in word.casefold().split("|"))
        for word in question.get("says", ())
    )


def comes_near(question: dict[str, Any], answer: Answer) -> bool:
    """True if the evidence, or a nearest moment, overlaps the span about the subject asked for."""
    shown = [cited.evidence for cited in (*answer.evidence, *answer.nearest)]
    return any(
        evidence.start <= end + SLACK and evidence.end >= start - SLACK
        for evidence in shown
        for start, end in question["near"]
    )


async def answer_all(
    agent: Agent, talks: dict[str, list[dict[str, Any]]], ids: dict[str, str]
) -> list[tuple[dict[str, Any], Answer]]:
    """Ask every question in the thread of its conversation."""
    answers: list[tuple[dict[str, Any], Answer]] = []
    for name, talk in talks.items():
        for question in talk:
            if question["video"] not in ids:
                continue
            async for event in ask(
                agent, question["question"], videos=[ids[question["video"]]], thread=name
            ):
                if isinstance(event, Answer):
                    answers.append((question, event))
    return answers


def table(answers: list[tuple[dict[str, Any], Answer]]) -> str:
    """Table of right answers, by expectation and by first question or follow-up."""
    rows: dict[str, list[bool]] = defaultdict(list)
    for question, answer in answers:
        right = is_right(question, answer)
        first = question["id"] == question["conversation"]
        expected = question["expect"]
        rows["all"].append(right)
        rows[expected].append(right)
        if "near" in question:
            rows["its moment is near"].append(comes_near(question, answer))
        if expected == "found":
            rows["found, first" if first else "found, follow-up"].append(right)
    order = ("all", "found", "found, first", "found, follow-up", "absent", "adjacent")
    order += ("its moment is near",)
    lines = [f"{'questions':<18} right   of  share"]
    for name in order:
        got = rows[name]
        if got:
            lines.append(f"{name:<18} {sum(got):>5} {len(got):>4}  {sum(got) / len(got):.2f}")
    return "\n".join(lines)


async def run(half: str, home: Path, only: list[str] | None, verbose: bool) -> None:
    """Index what is missing, ask, print."""
    talks = {
        name: talk
        for name, talk in questions(half).items()
        if only is None or talk[0]["video"] in only
    }
    library = Library(home)
    ids: dict[str, str] = {}
    for name in dict.fromkeys(q["video"] for talk in talks.values() for q in talk):
        path = locate(name, home)
        if path is None:
            print(f"left out, not there: {name}")
        else:
            ids[name] = ingest(library, path).id
    settings = replace(Settings.from_env({}), home=home)
    async with open_agent(settings) as agent:
        answers = await answer_all(agent, talks, ids)
    for question, answer in answers:
        if verbose and not is_right(question, answer):
            print(f"\n{question['id']} {question['video']} [{question['expect']}]")
            print(f"  Q {question['question']}\n  truth {question['truth']} {question['says']}")
            print(f"  A found={answer.found} {answer.answer[:300]!r}")
            for c in answer.evidence:
                print(f"    {c.evidence.kind} {c.evidence.start:.2f}-{c.evidence.end:.2f}")
    for kind, long in (("short videos", False), ("the talk", True)):
        if some := [(q, answer) for q, answer in answers if (q["video"] == TALK) is long]:
            print(f"\nhalf: {half}, {kind}\n{table(some)}")


def main() -> None:
    """Parse the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("open", "later", "held"), action="append")
    parser.add_argument("--video", action="append", help="only the questions about this one")
    parser.add_argument("--home", type=Path, help="a library to keep between runs")
    parser.add_argument("--verbose", action="store_true", help="print what is not right")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="cuepoint-quality-"))
    for half in options.half or ("open", "later", "held"):
        asyncio.run(run(half, home, options.video, options.verbose))


if __name__ == "__main__":
    main()
