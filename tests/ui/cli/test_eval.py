"""The options of `cuepoint eval`, and its JSON, on evaluations that are made up."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from agent.evaluation import run
from agent.evaluation.ground_truth import Question
from agent.evaluation.scoring import Response, score
from ui.cli.app import main

CONTRACT = {
    "model", "seed", "cases", "accuracy", "citation_precision", "false_absent", "false_adjacent",
    "follow_up_accuracy", "first_answer_s", "cost_usd", "shown", "asserted_right",
    "asserted_wrongly", "false_sentences", "useful", "reason_right",
}  # fmt: skip
ASKED = Question("Any whales?", ("v",), "said", expect="absent")
NOTHING, GUESS = Response("No.", False, (), 0.1, reason="absent"), Response("Yes.", True, (), 0.1)

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Exit status, output and errors of `cuepoint eval` with these arguments; nothing is asked."""

    def made(settings: Any, seed: int, on_progress: Any, hand: str) -> run.Evaluation:
        many = seed + len(hand)
        asked, nothing = [ASKED] * many, [NOTHING] * many
        scores = score(asked, nothing), score(asked, [GUESS] * many)
        return run.Evaluation("extractive", asked, nothing, *scores)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["cuepoint", "eval", *arguments])
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    monkeypatch.setattr(run, "evaluate", made)
    return call


def test_the_json_has_the_fields_of_the_contract_and_the_baseline_the_same(evaluate: Ask):
    status, out, _ = evaluate("--json", "--seed", "3")
    row = json.loads(out)
    assert status == 0 and row.keys() >= CONTRACT | {"baseline", "hand"}
    assert row["baseline"].keys() >= CONTRACT
    assert (row["hand"], row["seed"], row["cases"]) == ("complaints", 3, 13)
    assert (row["reason_right"], row["baseline"]["reason_right"]) == (1.0, 0.0)
    assert (row["asserted_wrongly"], row["baseline"]["asserted_wrongly"]) == (0.0, 1.0)
    assert "hands" not in row


def test_the_hand_held_out_stands_first_whatever_the_order(evaluate: Ask):
    _, out, _ = evaluate("--hands", "pupil,complaints,guard")
    heads = [line.split("  ")[0] for line in out.splitlines() if " questions by " in line]
    assert heads == ["11 questions by complaints", "6 questions by guard", "6 questions by pupil"]
    row = json.loads(evaluate("--json", "--hands", "all")[1])
    assert list(row["hands"]) == ["complaints", "editor", "guard", "learner", "pupil"]
    assert row["hand"] == "complaints" and row["cases"] == row["hands"]["complaints"]["cases"]


def test_a_hand_that_is_none_is_refused_and_the_others_are_named(evaluate: Ask):
    status, out, err = evaluate("--hands", "guard,pirate")
    assert status == 1 and not out
    assert "pirate: hands are complaints, editor, guard, learner, pupil, or all" in err
