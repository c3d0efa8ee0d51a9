"""The questions with their truth: well formed, and how many of the open ones are answered right."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from agent.agent import open_agent
from agent.ask import Answer, NumberedEvidence
from agent.settings import Settings
from tools.library import Library
from tools.media import Coverage, Evidence, evidence_id

FOLDER = Path(__file__).parent / "questions"
WHERE = Path(__file__).parents[1] / "benchmarks" / "quality.py"  # no package that is installed
SPEC = importlib.util.spec_from_file_location("quality", WHERE)
assert SPEC and SPEC.loader
quality: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(quality)
is_right, questions = quality.is_right, quality.questions
KEYS = {"id", "conversation", "video", "question", "kind", "expect", "truth", "all", "says"}
PARTS = ("open", "later", "held")
FILES = [f"{name}_{part}" for name in ("lighthouse", "clips") for part in PARTS]
FILES += ["talk_open", "talk_held"]
SAMPLE = "samples/lighthouse.mp4"
VIDEO = "7f3a9c21d0e4b512"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def length(sample: Path) -> float:
    return float(json.loads(sample.with_suffix(".json").read_text())["duration"])


@pytest.mark.parametrize("name", FILES)
def test_every_question_is_well_formed(name: str, length: float) -> None:
    begun: set[str] = set()
    for row in rows(name):
        # Only the id is shown where something is wrong: the held questions stay unread.
        id = row["id"]
        assert set(row) - {"near"} == KEYS, id
        assert ("near" in row) <= (row["expect"] == "adjacent"), id
        assert row["expect"] in ("found", "absent", "adjacent"), id
        assert bool(row["truth"]) == (row["expect"] == "found"), id
        assert row["question"].strip() and isinstance(row["all"], bool), id
        ordered = all(0 <= start <= end for start, end in row["truth"])
        assert ordered, id
        inside = row["video"] != SAMPLE or all(end <= length for _, end in row["truth"])
        assert inside, id
        first = row["conversation"] == id
        assert first or row["conversation"] in begun, id
        begun.add(id)


def test_no_id_is_given_twice_and_no_conversation_is_in_two_parts() -> None:
    ids = [row["id"] for name in FILES for row in rows(name)]
    assert len(set(ids)) == len(ids) >= 120
    opened, later, held = (set(questions(part)) for part in PARTS)
    assert opened and later and held
    assert not (opened & later or opened & held or later & held)


def test_there_are_enough_of_every_kind() -> None:
    every = [row for name in FILES for row in rows(name)]
    expected = [row["expect"] for row in every]
    adjacent, absent = expected.count("adjacent"), expected.count("absent")
    follow_ups = sum(row["id"] != row["conversation"] for row in every)
    assert adjacent >= 20 and adjacent + absent >= 40
    assert follow_ups >= 30  # a quarter of the 120 that there are at least


def answer(*spans: tuple[float, float], found: bool = True, text: str = "said") -> Answer:
    cited = tuple(
        NumberedEvidence(
            n, Evidence(evidence_id("speech", VIDEO, a, b), VIDEO, a, b, "speech", text)
        )
        for n, (a, b) in enumerate(spans, 1)
    )
    coverage = Coverage(VIDEO, 98.0, 1, 5.0, "complete", "complete", "none")
    return Answer("q", "a", found, (), cited, (), (coverage,), "m", (0, 0), None, 0.0, "t")


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (answer((10.0, 14.0)), True),
        (answer((4.0, 15.1)), False),  # its middle lies at 9.55, but it is longer than 10 s
        (answer((9.0, 10.0)), True),  # half a second before the truth
        (answer((8.9, 9.9)), False),
        (answer((10.0, 14.0), (50.0, 51.0)), False),  # every citation counts
        (answer(found=False), False),
        (answer(), False),
    ],
)
def test_the_rule_for_a_right_citation(given: Answer, right: bool) -> None:
    row = {"expect": "found", "truth": [[10.0, 14.0]], "says": ["sai|nothing"]}
    assert quality.LONGEST == 10.0
    assert is_right(row, given) is right
    assert is_right({**row, "expect": "absent"}, given) is not given.found
    assert is_right({**row, "says": ["said", "whale"]}, given) is False


def test_all_of_it_where_all_is_asked() -> None:
    row = {"expect": "found", "truth": [[0.0, 4.0], [20.0, 24.0]], "says": [], "all": True}
    assert is_right(row, answer((0.0, 4.0), (20.0, 24.0)))
    assert not is_right(row, answer((0.0, 4.0)))
    assert is_right({**row, "all": False}, answer((0.0, 4.0)))


async def test_the_open_questions_on_the_sample(read_sample: Library) -> None:
    (video,) = read_sample.list()
    talks = {
        name: talk
        for name, talk in questions("open").items()
        if all(row["video"] == SAMPLE for row in talk)
    }
    async with open_agent(Settings(home=read_sample.home)) as agent:
        answers = await quality.answer_all(agent, talks, {SAMPLE: video.id})
    wrong = [row["id"] for row, given in answers if not is_right(row, given)]
    absent = [(row, given) for row, given in answers if row["expect"] == "absent"]
    invented = [row["id"] for row, given in absent if given.found]
    assert len(answers) == len(rows("lighthouse_open"))
    assert len(wrong) <= 0.2 * len(answers), wrong
    assert len(invented) <= 0.05 * len(absent), invented
