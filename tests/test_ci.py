"""Continuous integration: what can run there is not skipped."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / ".ci" / "run"
FOLDER = "SKIPPED [41] tests/conftest.py:1: no folder of real videos (CUEPOINT_MEDIA)"
WEIGHTS = "SKIPPED [1] tests/test_x.py:1: no weights of a picture model (CUEPOINT_MODELS)"
BROWSER = "SKIPPED [9] tests/test_x.py:1: no Chromium (CUEPOINT_CHROMIUM)"


@pytest.mark.parametrize(
    ("said", "shared", "models", "status"),
    [
        ("2143 passed", True, "", 0),
        (BROWSER, False, "", 1),
        (FOLDER, True, "", 1),
        (FOLDER, False, "", 0),
        (WEIGHTS, True, "", 0),
        (WEIGHTS, True, "models", 1),
    ],
)
def test_what_is_skipped_though_it_could_run_is_an_error(
    said: str, shared: bool, models: str, status: int, tmp_path: Path
) -> None:
    place, tools = tmp_path / "checkout" / ".ci", tmp_path / "bin"
    place.mkdir(parents=True)
    tools.mkdir()
    shutil.copy(RUN, place)
    if shared:
        (tmp_path / "shared" / "media").mkdir(parents=True)
    for name, prints in (("make", said), ("chromium", "")):
        (tools / name).write_text(f"#!/bin/sh\necho '{prints}'\n")
        (tools / name).chmod(0o755)
    environment = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "CUEPOINT_MODELS": models}
    done = subprocess.run(
        [place / "run"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stdout
