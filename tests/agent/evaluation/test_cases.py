"""Questions of one's own and those of QVHighlights: read, refused by line, asked."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.evaluation.cases import read_cases
from agent.evaluation.ground_truth import VideoSpan
from tools.errors import RefusedRequest

OWN: dict[str, Any] = {
    "video": "v.mp4",
    "question": "How much is the kettle?",
    "truth": [[1, 3]],
    "answer": ["12"],
}
HIGHLIGHT: dict[str, Any] = {
    "qid": 7, "query": "The kettle is red", "duration": 10, "vid": "v",
    "relevant_windows": [[0, 3]], "relevant_clip_ids": [0, 1], "saliency_scores": [[1, 2, 3]],
}  # fmt: skip


@pytest.fixture
def cases(tmp_path: Path) -> Callable[..., Path]:
    """A file with these lines beside an empty v.mp4."""
    (tmp_path / "v.mp4").touch()

    def write(*lines: Any) -> Path:
        text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
        (tmp_path / "cases.jsonl").write_text(text)
        return tmp_path / "cases.jsonl"

    return write


def test_lines_of_ones_own_are_read(cases: Callable[..., Path], tmp_path: Path):
    talk = OWN | {"conversation": "a", "kind": "said"}
    lines = [talk, talk | {"truth": []}, "", OWN | {"truth": [], "kind": "adjacent"}]
    asked, files = read_cases(cases(*lines))
    assert files == {"v.mp4": tmp_path / "v.mp4"}
    assert asked[0].truth == (VideoSpan("v.mp4", 1.0, 3.0),) and asked[0].accepted == ("12",)
    assert [one.expect for one in asked] == ["found", "absent", "adjacent"]
    assert [one.follows_up for one in asked] == [False, True, False]
    assert asked[0].conversation == asked[1].conversation != asked[2].conversation


def test_a_line_without_a_truth_says_why_there_is_none_and_one_about_the_whole_its_facts(
    cases: Callable[..., Path],
):
    kinds = ("outside", "cannot", "found", "mine")
    lines = [OWN | {"truth": [], "kind": kind} for kind in kinds]
    facts = [["ferry"], ["kettle", "12", "twelve"]]
    asked, _ = read_cases(cases(*lines, OWN | {"kind": "whole", "facts": facts}))
    assert [one.expect for one in asked] == ["outside", "cannot", "absent", "absent", "found"]
    assert asked[-1].facts == (("ferry",), ("kettle", "12", "twelve"))


def test_lines_of_qvhighlights_are_read_with_videos_elsewhere(
    cases: Callable[..., Path], tmp_path: Path
):
    folder = tmp_path / "videos"
    folder.mkdir()
    (tmp_path / "v.mp4").rename(folder / "v.mp4")
    asked, files = read_cases(cases(HIGHLIGHT), folder)
    assert files == {"v": folder / "v.mp4"}
    assert asked[0].kind == "retrieval" and asked[0].truth == (VideoSpan("v", 0.0, 3.0),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Invalid JSON"),
        ("[1]", "object"),
        ({"video": "v.mp4"}, "question: Field required"),
        (OWN | {"truth": [[1]]}, "truth.0.1: Field required"),
        (OWN | {"truth": [[3, 1]]}, "is not a start and an end"),
        (OWN | {"answer": "12"}, "answer: Input should be a valid"),
        (OWN | {"video": "gone.mp4"}, "there is no video"),
        (HIGHLIGHT | {"relevant_windows": []}, "relevant_windows: List should have at least 1"),
    ],
)
def test_a_bad_line_is_named_in_one_line(cases: Callable[..., Path], line: Any, said: str):
    with pytest.raises(RefusedRequest) as error:
        read_cases(cases(OWN, line))
    assert "cases.jsonl:2: " in str(error.value) and said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_without_questions_or_that_is_not_there_is_refused(
    cases: Callable[..., Path], tmp_path: Path
):
    for file in (cases(""), tmp_path / "gone.jsonl"):
        with pytest.raises(RefusedRequest):
            read_cases(file)


def test_the_command_asks_them_and_prints_one_json_value(
    cases: Callable[..., Path], cuepoint: Any, shots: Path, tmp_path: Path
):
    shutil.copy(shots, tmp_path / "v.mp4")
    (tmp_path / "v.srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,500\nThe kettle costs 12 euros.\n"
    )
    absent = OWN | {"question": "What is said about a whale?", "truth": [], "answer": []}
    status, out, err = cuepoint("eval", "--cases", cases(OWN, absent), "--json", "--verbose")
    assert status == 0, err
    got = json.loads(out)
    keys = {"model", "seed", "cases", "accuracy", "citation_precision", "false_absent"}
    keys |= {"false_adjacent", "follow_up_accuracy", "first_answer_s", "cost_usd"}
    assert keys <= got.keys() and keys <= got["baseline"].keys()
    assert (got["model"], got["seed"], got["cases"]) == ("extractive", None, 2)
    assert (got["accuracy"], got["citation_precision"], got["unresolved"]) == (1.0, 1.0, 0)
    assert got["false_adjacent"] is None and got["baseline"]["accuracy"] == 0.5
    assert "asking: 2\n" in err and "WRONG" not in err


def test_the_command_scores_moment_retrieval_and_tells_misses(
    cases: Callable[..., Path], cuepoint: Any, shots: Path, tmp_path: Path
):
    shutil.copy(shots, tmp_path / "v.mp4")
    lost = HIGHLIGHT | {"query": "A whale jumps"}
    status, out, err = cuepoint(
        "eval", "--cases", cases(HIGHLIGHT | {"query": "When is it mostly red?"}, lost), "--verbose"
    )
    assert status == 0, err
    assert "R1@0.5" in out and "baseline" in out
    assert "A whale jumps" in err


def test_a_bad_file_ends_with_status_1_and_one_line(cases: Callable[..., Path], cuepoint: Any):
    status, out, err = cuepoint("eval", "--cases", cases("{"), "--json")
    assert (status, out) == (1, "") and err.startswith("cuepoint: ") and err.count("\n") == 1
