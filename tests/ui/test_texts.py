"""Texts of the browser: every language says all of it, by the same names."""

import re
from pathlib import Path

import pytest

from ui.render import KIND_NAMES, STAGE_NAMES
from ui.texts import LANGUAGES, preferred, text, texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_its_values(language: str) -> None:
    ours, english = texts(language), texts("en")
    assert ours.keys() == english.keys()
    for key, written in english.items():
        names = set(re.findall(r"\{(\w+)\}", written))
        assert ours[key].strip() and set(re.findall(r"\{(\w+)\}", ours[key])) == names, key


ROOT = Path(__file__).parents[2]
USED = re.compile(r"""(?<![\w.])(?:t|say|words|cueText|text)\(\s*(?:language,\s*)?f?["']([\w.]+)""")


def _used() -> dict[str, Path]:
    """Keys that the sources ask for, of those written in part their beginning, and where."""
    files = [*(ROOT / "ui").rglob("*.py"), *(ROOT / "public").rglob("*.js*")]
    found = {key: path for path in files for key in USED.findall(path.read_text("utf-8"))}
    return {key: path for key, path in found.items() if "." in key}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_is_asked_for_is_there(language: str) -> None:
    known, used = texts(language), _used()
    assert {"timeline.of", "player.play", "tasks.queued", "scope.took"} <= used.keys()
    for key, path in used.items():
        there = key in known or f"{key}.other" in known
        part = key.endswith((".", "_")) and any(one.startswith(key) for one in known)
        assert there or part, f"{key} of {path.name}"


def test_kinds_and_stages_are_called_the_same_at_every_door() -> None:
    assert {key: text("en", f"stage.{key}") for key in STAGE_NAMES} == STAGE_NAMES
    assert {key: text("en", f"kind.{key}") for key in KIND_NAMES} == KIND_NAMES


def test_a_number_has_a_form_and_a_value_is_not_read_again() -> None:
    assert text("en", "scope.all", n=12) == "all 12 videos"
    assert text("en", "scope.all", n=1) == "the one video"
    assert text("en", "scope.took", name="{n}", n=2) == "About {n}, one of 2 videos:"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de"), ("de", "de"), ("en-GB", "en"), ("fr, de;q=0.5", "de"),
        ("fr-FR", "en"), ("", "en"), (None, "en"), ("*", "en"), ("../de", "en"), ("DE-at", "de"),
    ],
)  # fmt: skip
def test_the_first_language_that_there_is_is_taken(header: str | None, language: str) -> None:
    assert preferred(header) == language
