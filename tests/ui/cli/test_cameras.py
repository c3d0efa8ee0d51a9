"""`cuepoint camera`: a folder as one camera, its gaps, its scope and its report."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import write_video

NAMES = ("cam_2026-11-19_14-00-10", "cam_2026-11-19_14-00-00", "cam_2026-11-19_14-00-05")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recordings of 5 s, of which the last begins when the second ends, and a broken file."""
    made = tmp_path / "films"
    made.mkdir()
    for n, name in enumerate((*NAMES, "cam_2026-11-19_14-02-00")):
        grey = np.full((90, 160, 3), 60 + 30 * n, np.uint8)
        write_video(made / f"{name}.mp4", lambda _, grey=grey: grey, 5.0, fps=4)
    (made / "broken.mp4").write_bytes(b"no film")
    return made


def test_a_folder_is_one_camera_in_order_and_its_gaps_are_told(
    folder: Path, cuepoint: Callable[..., Any], tmp_path: Path
) -> None:
    status, out, said = cuepoint("camera", "add", "Gate", folder)
    assert status == 1 and "broken.mp4" in said  # the others are there
    lines = out.splitlines()
    assert lines[0] == "Gate" and len(lines) == 6
    assert [name in line for name, line in zip(sorted(NAMES), lines[1:], strict=False)] == [
        True
    ] * 3
    assert lines[5] == "  not covered: 2026-11-19 14:00:15 to 2026-11-19 14:02:00"
    (camera,) = json.loads(cuepoint("camera", "list", "--json")[1])
    shown = json.loads(cuepoint("camera", "show", "gate", "--json")[1])
    assert [one["video"] for one in shown["recordings"]] == camera["videos"]
    assert len(shown["gaps"]) == 1 and shown["recordings"][0]["clock"] == "name"
    (folder / "broken.mp4").unlink()
    status, out, _ = cuepoint("camera", "add", "gate", folder)  # again, and what is new is added
    assert status == 0 and out.splitlines() == lines
    status, _, said = cuepoint("camera", "add", "GATE", tmp_path)
    assert status == 1 and said.count("\n") <= 2 and "there is a camera 'Gate' already" in said
    found = cuepoint("search", "movement", "--kind", "object", "--camera", "gate", "--json")
    assert found[0] == 0 and json.loads(found[1]) == []
    assert cuepoint("ask", "How many cars pass?", "--camera", "Gate")[0] == 0
    status, _, said = cuepoint("ask", "How many cars pass?", "--camera", "yard")
    assert status == 1 and "there is no camera 'yard'; there are: Gate" in said
    times = ("--from", "2026-11-19T14:00", "--to", "2026-11-19T14:01")
    page = tmp_path / "report.html"
    assert cuepoint("camera", "report", *times, "-o", page)[1] == f"{page}\n"
    text = page.read_text("utf-8")
    assert text.count("<tr>") == 4 and "not covered" in text
    status, _, said = cuepoint("camera", "report", *times, "-o", page)
    assert status == 1 and "is there already" in said
    assert cuepoint("camera", "report", "--from", "two", "--to", "four")[0] == 2
    assert cuepoint("camera", "remove", "gate", "--json")[0] == 0
    assert cuepoint("camera", "list")[1] == "there is no camera\n"
    assert len(json.loads(cuepoint("library", "list", "--json")[1])) == 4


def test_a_folder_without_videos_makes_no_camera(
    cuepoint: Callable[..., Any], tmp_path: Path
) -> None:
    status, _, said = cuepoint("camera", "add", "Gate", tmp_path)
    assert status == 1 and "no video" in said
    assert json.loads(cuepoint("camera", "list", "--json")[1]) == []
