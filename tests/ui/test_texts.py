"""Texts of the browser: every language says all of it, by the same names."""

import re

import pytest

from ui.texts import LANGUAGES, preferred, text, texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_its_values(language: str) -> None:
    ours, english = texts(language), texts("en")
    assert ours.keys() == english.keys()
    for key, written in english.items():
        names = set(re.findall(r"\{(\w+)\}", written))
        assert ours[key].strip() and set(re.findall(r"\{(\w+)\}", ours[key])) == names, key


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
