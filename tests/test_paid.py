"""The tests never pay: no paid service is asked unless somebody says `-m live`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KEYS = {
    "OPENAI_API_KEY": "sk-canary",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "CUEPOINT_MODEL": "canary",
}
"""What a person may have exported."""


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """Another run of the tests, by a person with keys."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | KEYS,
        capture_output=True,
        text=True,
        timeout=200,
    )


def collected(*arguments: object) -> set[str]:
    """The tests that a run would start with."""
    done = run("--collect-only", *arguments)
    assert done.returncode in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED), done.stdout
    return {line for line in done.stdout.splitlines() if "::" in line}


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """The keys that a fixture sees which is made before those of a single test."""
    return KEYS.keys() & os.environ.keys()


def test_no_live_test_is_selected_whatever_keys_are_exported() -> None:
    files = [
        path for path in (ROOT / "tests").rglob("test_*.py") if "mark.live" in path.read_text()
    ]
    files.remove(Path(__file__))
    live = collected("-m", "live", *files)
    assert "tests/agent/test_live.py::test_a_real_model_answers_from_the_sample" in live
    assert not collected(*files) & live


def test_no_test_and_no_fixture_sees_a_key(seen: set[str]) -> None:
    assert not seen and not KEYS.keys() & os.environ.keys()


def test_a_person_with_keys_runs_the_tests_without_them() -> None:
    one = f"{Path(__file__).name}::{test_no_test_and_no_fixture_sees_a_key.__name__}"
    done = run("-p", "no:xdist", f"tests/{one}")
    assert done.returncode == 0, done.stdout
